"""What somebody may do who may ask: `leat sql` reads tables and topics, and nothing else, in bounded memory."""
import os
import pathlib
import pty
import stat
import subprocess
import time

import leat
from workplace import InWorkplace, Workplace

# Statements that do more than read: none of them is run, by no way of writing it.
WRITES = [
    "COPY amounts TO '{out}'", "EXPLAIN ANALYZE COPY amounts TO '{out}'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '{database}'",
    "explain /**/ analyze copy amounts to '{out}'", "EXPLAIN (ANALYZE) COPY amounts TO '{out}'",
    "EXPLAIN ANALYZE SET GLOBAL memory_limit = '1MB'", "SET threads = 3", "RESET threads", "PRAGMA memory_limit = '1MB'",
    "INSTALL httpfs", "LOAD httpfs", "LOAD '{out}'", "ATTACH '{out}' AS x", "DETACH shop", "EXPORT DATABASE '{out}'",
    "CREATE TABLE x AS SELECT 1", "CREATE TEMP TABLE x AS SELECT 1", "CREATE MACRO m() AS 1", "DROP TABLE amounts",
    "DELETE FROM amounts", "UPDATE amounts SET id = 9", "CALL force_checkpoint()", "CHECKPOINT", "USE shop",
    "SELECT 1; DROP TABLE amounts", "PREPARE p AS SELECT 1", "BEGIN", "VACUUM",
]
FURTHER = [
    "SELECT current_setting('memory_limit')", "FROM duckdb_settings()", "FROM duckdb_secrets()",
    "FROM query('SELECT 1')", "FROM query_table('amounts')", "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT sleep_ms(100000)", "SELECT pg_sleep(1000)", "SELECT write_log('x')", "FROM enable_logging()", "FROM __leat_rows_1()",
]
FILES = [
    "FROM read_text('{file}')", "FROM read_blob('{file}')", "FROM read_csv('{file}')", "FROM glob('{folder}/*')",
    "FROM '{folder}/orders.ndjson'", "DESCRIBE '{folder}/orders.ndjson'", "FROM sniff_csv('{file}')", "FROM '{database}'",
    "SELECT (SELECT content FROM read_text('{file}'))", "EXPLAIN ANALYZE FROM read_text('{file}')", "FROM read_json('{file}')",
]


class SqlSafety(InWorkplace):
    def setUp(self):
        self.places = {"out": self.place.path / "out", "file": self.place.path / "orders.ndjson",
                       "folder": self.place.path, "database": self.place.data / "pipelines" / "shop.duckdb"}

    def refused(self, statements, said):
        for statement in statements:
            with self.subTest(statement):
                result = self.leat("sql", statement.format(**self.places), code=leat.USER_ERROR)
                self.assertIn(said, result.stderr)
                self.assertEqual(result.stdout, "")
        self.assertFalse(self.places["out"].exists())
        self.assertIn("4", self.leat("sql", "--format", "csv", "SELECT count(*) FROM amounts").stdout)

    def test_statements_that_do_more_than_read(self):
        self.refused(WRITES, "")

    def test_functions_that_reach_further(self):
        self.refused(FURTHER, "")

    def test_files(self):
        self.refused(FILES, "--files")

    def test_files_with_the_flag(self):
        out = self.leat("sql", "--files", "--format", "csv",
                        f"SELECT count(*) FROM read_json('{self.places['file']}')").stdout
        self.assertEqual(out.split()[-1], "5")
        out = self.leat("sql", "--files", "--format", "csv", f"SELECT count(*) FROM '{self.places['file']}'").stdout
        self.assertEqual(out.split()[-1], "5")
        self.leat("sql", "--files", f"COPY amounts TO '{self.places['out']}'", code=leat.USER_ERROR)
        self.assertFalse(self.places["out"].exists())

    def test_what_reads_is_allowed(self):
        for statement in ("FROM amounts", "DESCRIBE amounts", "SHOW TABLES", "SHOW ALL TABLES", "SUMMARIZE amounts",
                          "EXPLAIN FROM amounts", "EXPLAIN ANALYZE FROM amounts", "WITH x AS (FROM amounts) FROM x",
                          "VALUES (1)", "FROM topic('orders')", "SELECT * FROM duckdb_tables()",
                          "SELECT list_transform([1, 2], x -> x + 1), now(), md5('x')"):
            with self.subTest(statement):
                self.leat("sql", statement)

    def test_a_value_that_is_too_long(self):
        self.assertIn("too long", self.leat("sql", "SELECT repeat('x', 100000000)", code=leat.USER_ERROR).stderr)

    def test_the_data_directory_is_its_owners(self):
        place = Workplace()
        self.addCleanup(place.close)
        old = os.umask(0o022)
        try:
            place.leat("run", "shop.yaml", "--once")
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE(place.data.stat().st_mode), 0o700)
        for path in place.data.rglob("*"):
            with self.subTest(path):
                self.assertEqual(stat.S_IMODE(path.lstat().st_mode) & 0o077, 0)

    def test_files_of_an_older_version_become_private(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.leat("run", "shop.yaml", "--once")
        (place.data / "pipelines").chmod(0o755)
        (place.data / "log").chmod(0o755)
        (place.data / "meta.db").chmod(0o644)
        place.leat("sql", "SELECT 1")
        for name in ("pipelines", "log", "meta.db"):
            self.assertEqual(stat.S_IMODE((place.data / name).stat().st_mode) & 0o077, 0)

    def test_terminal_escapes(self):
        evil = "SELECT chr(27) || ']0;owned' || chr(7) || chr(155) || 'x' AS a"
        self.assertIn("\x1b]0;owned\x07", self.leat("sql", "--format", "csv", evil).stdout)  # a pipe gets what is there
        for form in ("csv", "table", "json", "ndjson"):
            with self.subTest(form):
                shown = self.on_a_terminal("sql", "--format", form, evil)
                self.assertIn(b"owned", shown)
                self.assertNotIn(b"\x1b]0", shown)
                self.assertNotIn(b"\x07", shown)
                self.assertNotIn(b"\xc2\x9b", shown)

    def test_terminal_escapes_in_messages(self):
        for arguments in (("sql", "SELECT 1 FROM \"\x1b]0;owned\x07\""), ("topic", "describe", "\x1b]0;owned\x07"),
                          ("validate", "\x1b]0;owned\x07.yaml"), ("dlq", "show", "\x1b]0;owned\x07"), ("\x1b]0;owned\x07",)):
            with self.subTest(arguments):
                result = self.place.leat(*arguments)
                self.assertNotEqual(result.returncode, 0)
                self.assertNotIn("\x1b]0", result.stderr)

    def test_terminal_escapes_in_records(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.leat("topic", "produce", "t", input='{"a": "\x1b]0;owned\x07"}\nx\x1b[2Jx\n')
        shown = self.on_a_terminal("topic", "consume", "t", "--count", "1", place=place)
        self.assertNotIn(b"\x1b", shown)

    def on_a_terminal(self, *arguments, place=None):
        place = place or self.place
        master, slave = pty.openpty()
        process = subprocess.Popen([str(leat.PROGRAM), *arguments], cwd=place.path, stdout=slave, stderr=slave,
                                   env=leat.environment(DIR=place.path, TERM="xterm", NO_COLOR="1"))
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        process.wait()
        os.close(master)
        return shown


class BesideARunningProcess(InWorkplace):
    def setUp(self):
        self.process = self.place.start()
        self.addCleanup(self.stop)

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=60)

    def most_memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) << 10

    def test_it_is_not_harmed(self):
        database = self.place.data / "pipelines" / "shop.duckdb"
        size = database.stat().st_size
        for statement in WRITES + FURTHER + FILES:
            with self.subTest(statement):
                places = {"out": self.place.path / "out", "file": "/etc/hostname", "folder": "/etc", "database": database}
                self.leat("sql", statement.format(**places), code=leat.USER_ERROR)
        self.assertEqual(database.stat().st_size, size)
        self.assertFalse((self.place.path / "out").exists())
        self.assertIn("stop it first", self.leat("sql", "--files", "SELECT 1", code=leat.USER_ERROR).stderr)
        self.assertIsNone(self.process.poll())

    def test_a_query_does_not_take_all_memory(self):
        for statement in ("SELECT repeat('x', 50000000) FROM range(40)", "SELECT repeat('x', 50000000) || i FROM range(4000) t(i)",
                          "SELECT sum(length(repeat('x', 50000000) || i)) FROM range(4000) t(i)",
                          "SELECT list(repeat('x', 1000000) || i) FROM range(20000) t(i)",
                          "WITH RECURSIVE r AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM r) SELECT max(length(s)) FROM r"):
            with self.subTest(statement):
                result = self.place.leat("sql", "--format", "csv", statement)
                self.assertEqual(result.returncode, leat.USER_ERROR, result.stderr)
        self.assertIsNone(self.process.poll())
        self.assertLess(self.most_memory(), 2_300_000_000)
        self.assertIn("4", self.leat("sql", "--format", "csv", "SELECT count(*) FROM amounts").stdout)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_a_query_ends_with_its_client(self):
        client = subprocess.Popen(
            [str(leat.PROGRAM), "sql", "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7"],
            cwd=self.place.path, env=leat.environment(DIR=self.place.path))
        begin = self.cpu_seconds()
        leat.wait_until(lambda: self.cpu_seconds() > begin + 0.5)
        client.kill()
        client.wait()
        time.sleep(1)
        begin = self.cpu_seconds()
        time.sleep(2)
        self.assertLess(self.cpu_seconds() - begin, 1)

    def test_a_large_result_takes_little(self):
        before = self.most_memory()
        out = self.leat("sql", "--format", "csv", "SELECT i, repeat('x', 300) AS x FROM range(500000) t(i)").stdout
        self.assertEqual(out.count("\n"), 500001)
        self.assertLess(self.most_memory() - before, 200_000_000)


class InternalTopics(InWorkplace):
    TOPICS = ("__leat_cursors", "__leat_schemas", "__leat_dead_letters", "__transaction_state", "__leat_task.shop.load_orders")

    def test_nothing_is_produced_into_them(self):
        for topic in self.TOPICS:
            with self.subTest(topic):
                result = self.place.leat("topic", "produce", topic, "--key", "a", input='{"a": 1}\n')
                self.assertEqual(result.returncode, leat.USER_ERROR)
                self.assertIn("internal", result.stderr)
        self.leat("topic", "list")
        self.leat("run", "shop.yaml", "--once", code=leat.DEAD_LETTERS)
