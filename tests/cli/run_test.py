"""leat run: summaries, exit codes, resuming, signals."""
import json
import signal
import subprocess
import time
import unittest

import leat
from workplace import InWorkplace, Workplace

GOOD_ORDERS = '{"id":1,"customer":"Ada","amount":"10.50"}\n'


class RunOnce(InWorkplace):
    def test_a_bad_record_gives_exit_code_3_and_a_summary_that_adds_up(self):
        self.assertEqual(self.run_result.returncode, leat.DEAD_LETTERS, self.run_result.stderr)
        said = self.run_result.stdout + self.run_result.stderr
        for word in ("shop", "fetched", "produced", "read", "written", "filtered", "dead"):
            self.assertIn(word, said)

    def test_in_a_pipe_there_are_no_escapes(self):
        self.assertNotIn("\x1b", self.run_result.stdout + self.run_result.stderr)
        self.assertNotIn("\r", self.run_result.stdout + self.run_result.stderr)


class PipelineNamedAsASchema(unittest.TestCase):
    def test_both_write_their_tables(self):
        place = Workplace()
        self.addCleanup(place.close)
        for name, table in (("sales", "orders"), ("etl", "sales.orders")):
            (place.path / f"{name}.yaml").write_text(
                f"pipeline: {name}\nstreams:\n  s:\n    sql: SELECT id FROM t\n    into: {{table: {table}, key: id}}\n"
                "topics:\n  t: {}\n")
        for n in (1, 2):
            self.assertEqual(place.leat("topic", "produce", "t", input=f'{{"id":{n}}}\n').returncode, 0)
            result = place.leat("run", "sales.yaml", "etl.yaml", "--once")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for table in ("etl.sales.orders", "sales.main.orders"):
            self.assertEqual(place.leat("sql", "--format", "csv", f"SELECT count(*) FROM {table}").stdout.split(), ["count_star()", "2"])
        said = place.leat("sql", "SELECT * FROM sales.orders")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("write etl.sales.orders or sales.main.orders", said.stderr)


class StartsOverWhatIsThere(unittest.TestCase):
    """What a topic holds makes no pipeline invalid: what a stream cannot be bound with is a dead letter, then and after a
    start."""

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def write(self, name, sql):
        (self.place.path / name).write_text(
            f"pipeline: {name.split('.')[0]}\nstreams:\n  s:\n    sql: {sql}\n    into: {{table: {name.split('.')[0]}_out}}\n"
            "topics:\n  t: {}\n")

    def produce(self, record):
        self.assertEqual(self.place.leat("topic", "produce", "t", input=record + "\n").returncode, 0)

    def test_a_record_of_another_shape_is_a_letter_before_and_after_a_start(self):
        for i, (sql, odd, good) in enumerate((
                ("SELECT id, unnest(a) AS x FROM t", 5, [1]), ("SELECT id, a.b AS x FROM t", 5, {"b": 1}),
                ("SELECT id, len(a) AS x FROM t", 5, [7]), ("SELECT id, a[1].b AS x FROM t", 5, [{"b": 1}]),
                ("SELECT id, a.b AS x FROM t", "text", {"b": 1}), ("SELECT id, item AS x FROM t, unnest(a) AS u(item)", 5, None),
                ("SELECT amuont AS id, 1 AS x FROM t", 5, None))):
            with self.subTest(sql=sql):
                self.place.close()
                self.setUp()
                self.write("odd.yaml", sql)
                self.write("good.yaml", "SELECT id FROM t")
                self.place.leat("run", "odd.yaml", "good.yaml", "--once")
                self.produce(json.dumps({"id": 1, "a": odd, "amount": 1}))
                code = 0 if "amuont" in sql else leat.DEAD_LETTERS
                result = self.place.leat("run", "odd.yaml", "good.yaml", "--once")
                self.assertEqual(result.returncode, code, result.stderr)
                self.produce(json.dumps({"id": 2, "a": good if good is not None else odd, "amount": 1}))
                self.assertEqual(self.place.leat("validate", "odd.yaml").returncode, 0)
                result = self.place.leat("run", "odd.yaml", "good.yaml", "--once")
                self.assertNotEqual(result.returncode, leat.USER_ERROR, result.stderr)
                self.assertNotEqual(self.place.leat("dlq", "redrive", "odd.yaml").returncode, leat.USER_ERROR)
                rows = self.place.leat("sql", "--format", "csv", "SELECT id FROM good_out ORDER BY id").stdout
                self.assertEqual(rows.split(), ["id", "1", "2"])
                if good is not None:
                    self.assertIn("1", self.place.leat("sql", "--format", "csv", "SELECT x FROM odd_out WHERE id = 2").stdout.split())

    def test_a_record_with_many_new_fields_widens_the_table_within_the_default_memory(self):
        self.write("wide.yaml", "SELECT * FROM t")
        for record in ({"id": 1}, {"id": 2, **{f"f{i}": i for i in range(1, 2001)}}, {"id": 3, "f7": 1, "f1999": 1}):
            self.produce(json.dumps(record))
            result = self.place.leat("run", "wide.yaml", "--once", LEAT_EPOCH_RECORDS="1")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            told = [line for line in (result.stdout + result.stderr).splitlines() if "left out" in line]
            if record["id"] == 2:
                self.assertLess(len(told), 30)
                self.assertIn("values of further fields of t were left out 381 times", told[-1])
        rows = self.place.leat("sql", "--format", "csv", "SELECT id, f7, f999 FROM wide_out ORDER BY id").stdout
        self.assertEqual(rows.split()[1:], ["1,,", "2,7,999", "3,1,"])

    def test_a_stream_that_never_ran_starts_over_records_that_it_cannot_be_bound_with(self):
        self.place.leat("run", "shop.yaml", "--once")
        (self.place.path / "late.yaml").write_text(
            "pipeline: late\nstreams:\n  s: {sql: 'SELECT unnest(id) AS x FROM orders', into: {table: x}}\n")
        result = self.place.leat("run", "late.yaml", "--once")
        self.assertEqual(result.returncode, leat.DEAD_LETTERS, result.stderr)
        self.assertIn("the query cannot be bound with the records that orders has", result.stderr)


class RunAnew(unittest.TestCase):
    def setUp(self):
        self.place = Workplace(orders=GOOD_ORDERS)
        self.addCleanup(self.place.close)

    def run_once(self, *flags, code=0, **env):
        result = self.place.leat("run", "shop.yaml", "--once", *flags, **env)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_all_reconciled_is_exit_code_0(self):
        self.run_once()

    def test_json_summary(self):
        counts = leat.summary_counts(self.run_once("--json"))
        self.assertEqual([counts[name] for name in ("fetched", "produced", "read", "written", "filtered", "dead_lettered")],
                         [1, 1, 1, 1, 0, 0])

    def test_a_second_run_fetches_again_and_updates_by_key(self):
        self.run_once()
        self.run_once()
        self.assertIn("1", self.place.leat("sql", "--format", "csv", "SELECT count(*) FROM amounts").stdout)

    def test_a_missing_file_is_the_users_mistake(self):
        result = self.place.leat("run", "nowhere.yaml", "--once")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("nowhere.yaml", result.stderr)

    def test_a_source_that_is_not_there_fails(self):
        (self.place.path / "orders.ndjson").unlink()
        result = self.place.leat("run", "shop.yaml", "--once")
        self.assertIn(result.returncode, (leat.FAILED, leat.USER_ERROR))
        self.assertIn("orders.ndjson", result.stdout + result.stderr)

    def with_open_files(self, limit):
        command = f"ulimit {limit}; exec {leat.PROGRAM} run shop.yaml --once"
        return subprocess.run(["sh", "-c", command], cwd=self.place.path, env=leat.environment(DIR=self.place.path),
                              capture_output=True, text=True)

    def test_too_few_open_files_say_how_to_allow_more(self):
        result = self.with_open_files("-n 16")
        self.assertEqual(result.returncode, leat.FAILED, result.stderr)
        self.assertRegex(result.stderr, "Too many open files.*; this process may have 16: raise that with `ulimit -n`")

    def test_only_the_hard_limit_of_open_files_counts(self):
        self.assertEqual(self.with_open_files("-S -n 16").returncode, 0)

    def test_set_wins_over_the_environment(self):
        elsewhere = self.place.path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "orders.ndjson").write_text(GOOD_ORDERS * 2)
        self.run_once("--set", f"DIR={elsewhere}")

    def test_a_changed_file_is_told_about_while_a_run_is_open(self):
        killed = self.place.leat("run", "shop.yaml", "--once", LEAT_CRASH_AFTER_EPOCH=1)
        self.assertEqual(killed.returncode, leat.KILLED)
        text = self.place.pipeline.read_text()
        self.place.pipeline.write_text(text.replace("AS amount FROM", "AS amount, 1 AS one FROM"))
        refused = self.place.leat("run", "shop.yaml", "--once")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("--fresh", refused.stderr)
        self.place.pipeline.write_text(text)
        self.run_once()

    def test_a_killed_run_is_resumed(self):
        orders = "".join(f'{{"id":{number},"customer":"x","amount":"1"}}\n' for number in range(10))
        (self.place.path / "orders.ndjson").write_text(orders)
        killed = self.place.leat("run", "shop.yaml", "--once", LEAT_CRASH_AFTER_EPOCH=1, LEAT_EPOCH_RECORDS=3)
        self.assertEqual(killed.returncode, leat.KILLED)
        self.run_once()
        rows = self.place.leat("sql", "--format", "csv", "SELECT count(*) FROM topic('orders')").stdout
        self.assertEqual(rows.split(), ["count_star()", "10"])

    def test_two_processes_do_not_share_a_data_directory(self):
        self.place.pipeline.write_text('schedule: "@daily"\n' + self.place.pipeline.read_text())
        first = self.place.start()
        try:
            second = self.place.leat("run", "shop.yaml", "--once")
            self.assertNotEqual(second.returncode, 0)
            self.assertIn(str(first.pid), second.stderr)
        finally:
            first.kill()
            first.communicate()

    def test_a_running_pipeline_stops_on_a_signal_and_answers_queries_until_then(self):
        self.place.pipeline.write_text('schedule: "@hourly"\n' + self.place.pipeline.read_text())
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                process = self.place.start()
                try:
                    for _ in range(200):
                        rows = self.place.leat("sql", "--format", "csv", "SELECT customer FROM amounts")
                        if "Ada" in rows.stdout:
                            break
                        time.sleep(0.05)
                    self.assertIn("Ada", rows.stdout, rows.stderr)
                    self.assertIsNone(process.poll())
                    process.send_signal(number)
                    output, _ = process.communicate(timeout=5)
                    self.assertEqual(process.returncode, 0, output)
                finally:
                    process.kill()
                    process.communicate()

    def test_a_second_signal_stops_at_once_and_nothing_is_lost(self):
        self.place.pipeline.write_text('schedule: "@hourly"\n' + self.place.pipeline.read_text())
        process = self.place.start()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=leat.TIMEOUT_SECONDS)
        self.assertIn(process.returncode, (0, 128 + signal.SIGINT, 128 + signal.SIGTERM))
        self.place.leat("run", "shop.yaml", "--once")
        self.assertEqual(self.place.leat("sql", "--format", "csv", "SELECT count(*) FROM amounts").stdout.split()[1], "1")

    def test_an_idle_stream_makes_its_files_visible_in_time(self):
        self.place.pipeline.write_text('schedule: "@hourly"\n' + self.place.pipeline.read_text().replace(
            "{table: amounts, key: id}", "{hdfs: amounts, max_wait: 1s}"))
        process = self.place.start()
        try:
            visible = []
            for _ in range(600):
                visible = list((self.place.data / "hdfs" / "amounts").glob("*.parquet"))
                if visible:
                    break
                time.sleep(0.1)
            self.assertEqual(len(visible), 1)
            self.assertIsNone(process.poll())
        finally:
            process.kill()
            process.communicate()

    def test_the_numbers_shown_are_of_this_run(self):
        for _ in range(2):
            result = self.place.leat("run", "shop.yaml", "--once")
            self.assertIn("stream amounts: done, 1 record, lag 0", result.stderr)

    def test_flags_that_take_a_value_of_a_form(self):
        for flags, text in ((["--connect", "x=nonsense"], "error: --connect x: the connection `x` needs a URL"),
                            (["--connect", "x"], "error: --connect takes NAME=URL, not `x`"),
                            (["--set", "x"], "error: --set takes NAME=VALUE, not `x`")):
            with self.subTest(flags=flags):
                result = self.place.leat("run", "shop.yaml", "--once", *flags)
                self.assertEqual(result.returncode, leat.USER_ERROR)
                self.assertIn(text, result.stderr)


if __name__ == "__main__":
    unittest.main()
