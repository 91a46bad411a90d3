"""Names and paths that a pipeline may not have: `validate` says so, and nothing is written anywhere else."""
import leat
from workplace import InWorkplace

STREAM = """\
pipeline: {pipeline}
tasks:
  load: {{file: {{path: orders.ndjson}}, into: {{topic: names}}}}
streams:
  {stream}: {{sql: "SELECT id FROM names", into: {into}}}
"""


class Names(InWorkplace):
    def write(self, pipeline="p", stream="s", into="{table: t}", more=""):
        (self.place.path / "names.yaml").write_text(STREAM.format(pipeline=pipeline, stream=stream, into=into) + more)

    def refused(self, said, **file):
        self.write(**file)
        with self.subTest(**file):
            for command in (("validate",), ("run", "--once")):
                result = self.leat(*command, "names.yaml", code=leat.USER_ERROR)
                self.assertIn(said, result.stderr)

    def accepted(self, **file):
        self.write(**file)
        with self.subTest(**file):
            self.leat("validate", "names.yaml")
            result = self.place.leat("run", "--once", "--data", "other", "names.yaml")
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_names_of_pipelines(self):
        for name in ("memory", "System", "TEMP", "main", "information_schema", "pg_catalog", "__leat"):
            self.refused("the pipeline name", pipeline=name)
        self.accepted(pipeline="memory_shop")

    def test_names_of_tables(self):
        for name in ("__leat.store", "__LEAT.outbox", "__leat_x", "information_schema.t", "temp.t", "system.t", "memory.t",
                     "pg_catalog.t"):
            self.refused("the table name", into=f"{{table: {name}}}")
        self.accepted(pipeline="tables", into="{table: leat.store}")

    def test_one_table_of_two_streams(self):
        for other in ("tab", "main.tab", "MAIN.Tab", "Tab"):
            self.refused("is written by the stream", into="{table: tab}",
                         more=f'  other: {{sql: "SELECT id FROM names", into: {{table: {other}}}}}\n')
        self.refused("is given twice", into="[{table: tab}, {table: main.tab}]")

    def test_paths_of_hdfs(self):
        for path in ("../../x", "a/../../../x", "/..", ".", "./x", "a/_pending", '"hdfs://namenode:9000/x"', '"file:///tmp/x"', "/", '"a*"',
                     "x" * 256):
            self.refused("the hdfs path", into=f"{{hdfs: {path}}}")
        self.accepted(pipeline="paths", into="{hdfs: /a/b}")

    def test_a_secret_in_a_query_is_not_told(self):
        (self.place.path / "secret.yaml").write_text("""\
pipeline: secretive
tasks:
  load: {file: {path: orders.ndjson}, into: {topic: secret_names}}
streams:
  s: {sql: "SELECT id, '${secret:WORD}'::INT AS n FROM secret_names", into: {table: t}}
""")
        said = ""
        for command in (("validate", "secret.yaml"), ("run", "--once", "secret.yaml"), ("dlq", "list"), ("dlq", "list", "--json")):
            result = self.place.leat(*command, WORD="hunter2")
            said += result.stdout + result.stderr
        self.assertNotIn("hunter2", said)
        self.assertIn("***", said)

    def test_a_link_out_of_the_data_directory(self):
        self.write(pipeline="links", into="{hdfs: link/x}")
        outside = self.place.path / "outside"
        outside.mkdir()
        (self.place.data / "hdfs").mkdir(exist_ok=True)
        (self.place.data / "hdfs" / "link").symlink_to(outside)
        result = self.place.leat("run", "--once", "names.yaml")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("a link leads to", result.stderr)
        self.assertEqual(list(outside.iterdir()), [])

    def test_names_that_are_too_long_for_files(self):
        self.refused("which may have 255 bytes", pipeline="p" * 100, stream="s" * 100, into="{hdfs: x}")
        self.accepted(pipeline="p" * 80, stream="s" * 80, into="{hdfs: x}")
        self.accepted(pipeline="p" * 100, stream="s" * 100)
