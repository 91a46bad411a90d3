"""leat validate: good files, and every mistake with its place and remedy."""
import json
import os
import pathlib
import unittest

import leat
from workplace import InWorkplace

EXAMPLES = leat.ROOT / "examples"


class Validate(InWorkplace):
    def test_a_good_file(self):
        self.leat("validate", "shop.yaml")

    def test_the_examples_are_good(self):
        for example in sorted(EXAMPLES.glob("*.yaml")):
            with self.subTest(example=example.name):
                result = leat.leat("validate", example, cwd=EXAMPLES)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_several_files_are_all_looked_at(self):
        (self.place.path / "bad.yaml").write_text("pipeline: bad\nstreems: {}\n")
        result = self.leat("validate", "shop.yaml", "bad.yaml", code=leat.USER_ERROR)
        self.assertIn("bad.yaml:2:1", result.stderr)
        self.assertIn("streams", result.stderr)

    def test_files_whose_streams_feed_each_other(self):
        for name, reads, writes in (("there", "payments", "invoices"), ("back", "invoices", "payments")):
            (self.place.path / f"{name}.yaml").write_text(
                f"pipeline: {name}\nstreams:\n  s: {{sql: SELECT id FROM {reads}, into: {{topic: {writes}}}}}\n")
            self.leat("validate", f"{name}.yaml")
        result = self.leat("validate", "there.yaml", "back.yaml", code=leat.USER_ERROR)
        self.assertIn("there.yaml:3:3: error: streams feed each other in a circle: there.s → topic invoices → back.s → "
                      "topic payments → there.s", result.stderr)
        self.assertIn("back.yaml", result.stdout)

    def test_the_line_itself_is_shown(self):
        (self.place.path / "typo.yaml").write_text(self.place.pipeline.read_text().replace("sql:", "sgl:"))
        result = self.leat("validate", "typo.yaml", code=leat.USER_ERROR)
        self.assertIn("sgl: SELECT id", result.stderr)
        self.assertIn("did you mean `sql`?", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_mistakes_as_json(self):
        (self.place.path / "bad.yaml").write_text("pipeline: bad\nstreems: {}\n")
        result = self.leat("validate", "shop.yaml", "bad.yaml", "--json", code=leat.USER_ERROR)
        self.assertEqual(result.stderr, "")
        good, bad = json.loads(result.stdout)
        self.assertEqual((good["file"], good["valid"], good["pipeline"], good["mistakes"]), ("shop.yaml", True, "shop", []))
        self.assertFalse(bad["valid"])
        mistake = bad["mistakes"][0]
        self.assertEqual((mistake["line"], mistake["column"]), (2, 1))
        self.assertIn("did you mean `streams`?", mistake["message"])

    def test_what_a_source_cannot_do_is_known_without_asking(self):
        for source, place, said in (
                ('http: {url: "htp://a/"}', "4:17", "did you mean http://?"),
                ('http: {url: "127.0.0.1:8777/x"}', "4:17", "must begin with http:// or https://"),
                ('http: {url: "http://a:99999/"}', "4:17", "its port is no number from 1 to 65535"),
                ('http: {url: "http://a/b c"}', "4:17", "write %20 for it"),
                ('http: {url: "s3://bucket/x"}', "4:17", "is not a scheme that can be fetched"),
                ('http: {url: "http://a/", rate_limit: 0/s}', "4:42", "such as 5/s, 100/m or 1000/h"),
                ('http: {url: "http://a/", ca_file: none.pem}', "4:39", "none.pem"),
                ('file: {path: "kafka://b/t"}', "4:18", "names files of this machine"),
                ('file: {path: "orders.txt"}', "4:18", "does not say how it is written")):
            (self.place.path / "bad.yaml").write_text(
                f"pipeline: bad\ntasks:\n  t:\n    {source}\n    into: {{topic: t}}\n")
            result = self.leat("validate", "bad.yaml", code=leat.USER_ERROR)
            self.assertIn(f"bad.yaml:{place}: error: ", result.stderr)
            self.assertIn(said, result.stderr)

    def test_a_file_that_is_not_there_yet_is_told(self):
        (self.place.path / "later.yaml").write_text(
            "pipeline: later\ntasks:\n  t:\n    file: {path: later-*.csv}\n    into: {topic: t}\n")
        result = self.leat("validate", "later.yaml")
        self.assertIn("warning: task t: no file matches later-*.csv now", result.stderr)

    def test_pipes_are_neither_secrets_nor_sources(self):
        os.mkfifo(self.place.path / "pipe.csv")
        secrets = self.place.path / "pipes"
        secrets.mkdir()
        os.mkfifo(secrets / "KEY")
        for source in ('file: {path: pipe.csv}', 'http: {url: "http://a/", auth: {bearer: "${secret:KEY}"}}',
                       'http: {url: "http://a/", ca_file: pipe.csv}'):
            (self.place.path / "pipe.yaml").write_text(
                f"pipeline: p\ntasks:\n  t:\n    {source}\n    into: {{topic: t}}\n")
            result = self.leat("validate", "pipe.yaml", code=leat.USER_ERROR, LEAT_SECRETS=secrets)
            self.assertIn("is a named pipe, not a file", result.stderr)

    def test_no_message_shows_a_secret(self):
        (self.place.path / "secret.yaml").write_text(
            "pipeline: secret\ntasks:\n  t: {file: {path: orders.ndjson}, into: {topic: t}}\n"
            "streams:\n  s: {sql: \"SELECT ${secret:KEY}(id) AS x FROM t\", into: {table: x}}\n")
        for more in ([], ["--json"]):
            result = self.leat("validate", "secret.yaml", *more, code=leat.USER_ERROR, KEY="open_sesame")
            self.assertNotIn("open_sesame", result.stdout + result.stderr)
            self.assertIn("***", result.stdout + result.stderr)

    def test_yaml_that_does_not_parse(self):
        (self.place.path / "broken.yaml").write_text("pipeline: [unclosed\n")
        self.assertIn("broken.yaml:", self.leat("validate", "broken.yaml", code=leat.USER_ERROR).stderr)

    def test_a_timetable_that_is_not_built_yet_is_refused_by_name(self):
        (self.place.path / "catchup.yaml").write_text(
            'schedule: {cron: "0 3 * * *", catchup: true}\n' + self.place.pipeline.read_text())
        self.assertIn("catchup", self.leat("validate", "catchup.yaml", code=leat.USER_ERROR).stderr)

    def test_a_table_key_that_is_not_the_record_key(self):
        text = self.place.pipeline.read_text().replace("SELECT id,", "SELECT id, lower(customer) AS who,")
        (self.place.path / "who.yaml").write_text(
            text.replace("{table: amounts, key: id}", "{table: amounts, key: who}") + "topics:\n  orders: {partitions: 3}\n")
        result = self.leat("validate", "who.yaml")
        self.assertIn("is not the record key (id) of orders", result.stderr)
        self.assertEqual(self.leat("validate", "shop.yaml").stderr, "")

    def test_a_misspelt_topic(self):
        (self.place.path / "topic.yaml").write_text(self.place.pipeline.read_text().replace("FROM orders", "FROM ordres"))
        result = self.leat("validate", "topic.yaml", code=leat.USER_ERROR)
        self.assertIn("did you mean `orders`?", result.stderr)

    def test_mistakes_of_yaml_and_sql_come_together(self):
        text = self.place.pipeline.read_text().replace("key: id}\nstreams", "kye: id}\nstreams")
        (self.place.path / "both.yaml").write_text(text.replace("FROM orders", "FROM orders ORDER BY id") + "colour: red\n")
        for command in (["validate", "both.yaml"], ["run", "both.yaml", "--once"],
                        ["run", "both.yaml", "--once", "--data", "not-made"]):
            with self.subTest(command=command):
                result = self.leat(*command, code=leat.USER_ERROR)
                places = [line for line in result.stderr.splitlines() if line.startswith("both.yaml:")]
                self.assertEqual([place.split(":")[1] for place in places], ["5", "8", "10"], result.stderr)
                self.assertIn("did you mean `key`?", places[0])
                self.assertIn("ORDER BY", places[1])
                self.assertIn("colour", places[2])
        self.assertFalse((self.place.path / "not-made").exists())

    def test_mistakes_of_sql_leave_no_data_directory(self):
        (self.place.path / "sql.yaml").write_text(self.place.pipeline.read_text().replace("FROM orders", "FROM orders LIMIT 1"))
        self.assertIn("LIMIT", self.leat("run", "sql.yaml", "--once", "--data", "none", code=leat.USER_ERROR).stderr)
        self.assertFalse((self.place.path / "none").exists())
