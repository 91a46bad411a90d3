"""leat topic: list, describe, consume, produce."""
import json
import subprocess
import time
import unittest

import leat
from workplace import InWorkplace, Workplace


class Topics(InWorkplace):
    def test_list(self):
        self.assertIn("orders", self.leat("topic", "list").stdout)

    def test_list_as_json(self):
        self.assertIn("orders", json.dumps(json.loads(self.leat("topic", "list", "--json").stdout)))

    def test_describe(self):
        out = self.leat("topic", "describe", "orders").stdout
        for text in ("orders", "partition", "offset"):
            self.assertIn(text, out.lower())

    def test_describe_shows_declared_types_as_they_were_declared(self):
        (self.place.path / "declared.yaml").write_text(
            "pipeline: declared\nstreams:\n  s:\n    sql: SELECT n FROM readings\n    into: {table: readings}\n"
            "topics:\n  readings:\n    schema: {n: BIGINT, at: TIMESTAMPTZ, list: [UUID]}\n")
        self.leat("run", "declared.yaml", "--once")
        schema = json.loads(self.leat("topic", "describe", "readings", "--json").stdout)["schema"]
        self.assertEqual([(field["name"], field["type"]) for field in schema],
                         [("n", "BIGINT"), ("at", "TIMESTAMPTZ"), ("list", "UUID[]")])

    def test_describe_and_validate_show_what_a_stream_has_bound(self):
        (self.place.path / "bound.yaml").write_text(
            "pipeline: bound\nstreams:\n  s:\n    sql: SELECT id, n + 1 AS n FROM counts\n    into: {table: counts}\n")
        for record in ('{"id": 1, "n": 1, "other": true}', '{"id": 2, "n": "2"}'):
            self.leat("topic", "produce", "counts", input=record + "\n")
        self.leat("run", "bound.yaml", "--once", code=leat.DEAD_LETTERS)
        out = self.leat("topic", "describe", "counts").stdout
        self.assertIn("bound by bound.s", out)
        described = json.loads(self.leat("topic", "describe", "counts", "--json").stdout)
        self.assertEqual(described["streams"], [{"stream": "bound.s", "types": [
            {"name": "id", "type": "BIGINT"}, {"name": "n", "type": "BIGINT"}]}])
        self.assertIn("stream s has bound of counts: id BIGINT, n BIGINT", self.leat("validate", "bound.yaml").stdout)
        # It runs again, whatever the topic holds.
        self.assertNotIn("error", self.place.leat("run", "bound.yaml", "--once").stderr)

    def test_describe_as_json(self):
        json.loads(self.leat("topic", "describe", "orders", "--json").stdout)

    def test_consume_from_the_beginning(self):
        out = self.leat("topic", "consume", "orders", "--from", "beginning", "--count", "2").stdout
        self.assertIn('{"id":1,"customer":"Ada","amount":"10.50"}', out)
        self.assertIn("Bob", out)
        self.assertNotIn("Eve", out)

    def test_consume_from_an_offset(self):
        out = self.leat("topic", "consume", "orders", "--from", "3").stdout
        self.assertNotIn("Ada", out)
        self.assertIn("Jürgen", out)

    def test_consume_gives_the_exact_bytes(self):
        out = self.leat("topic", "consume", "orders", "--from", "beginning").stdout
        self.assertEqual(len(out.splitlines()), 5)

    def test_consume_as_json_has_the_place_of_each_record(self):
        lines = self.leat("topic", "consume", "orders", "--json", "--count", "1").stdout.splitlines()
        record = json.loads(lines[0])
        self.assertEqual((record["partition"], record["offset"], record["key"]), (0, 0, "1"))
        self.assertEqual(record["value"]["customer"], "Ada")

    def test_a_misspelt_topic(self):
        for command in ("describe", "consume"):
            result = self.leat("topic", command, "ordres", code=leat.USER_ERROR)
            self.assertIn("orders", result.stderr)


class Produce(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)

    def test_lines_become_records(self):
        result = self.place.leat("topic", "produce", "events", "--key", "id", input='{"id":"a"}\n{"id":"b"}\n')
        self.assertEqual(result.returncode, 0, result.stderr)
        out = self.place.leat("topic", "consume", "events", "--from", "beginning").stdout
        self.assertEqual(out, '{"id":"a"}\n{"id":"b"}\n')
        keys = self.place.leat("sql", "--format", "csv", "SELECT _key FROM topic('events') ORDER BY _offset").stdout
        self.assertEqual(keys.split(), ["_key", "a", "b"])

    def test_a_record_that_is_larger_than_the_topic_takes_stops_none_after_it(self):
        large = json.dumps({"id": 2, "text": "x" * (17 << 20)})
        result = self.place.leat("topic", "produce", "events", input=f'{{"id":1}}\n{large}\n{{"id":3}}\n')
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertRegex(result.stderr, "line 2: the record is larger than the [0-9]+ bytes that the topic takes; "
                                        "the 2 other records are in events")

    def test_a_data_directory_that_is_none_is_the_users_mistake(self):
        (self.place.path / "file").write_text("x")
        for command in (["run", "shop.yaml", "--once"], ["topic", "list"], ["repair"], ["sql", "SELECT 1"]):
            result = self.place.leat(*command, "--data", "file")
            self.assertEqual(result.returncode, leat.USER_ERROR, result.stderr)
            self.assertIn("file is not a directory: name the data directory with --data", result.stderr)

    def test_topic_of_null(self):
        self.place.leat("topic", "produce", "events", input="{}\n")
        result = self.place.leat("sql", "SELECT * FROM topic(NULL)")
        self.assertIn("topic() takes the name of a topic, not NULL", result.stderr)

    def test_a_line_that_is_not_json_is_named(self):
        result = self.place.leat("topic", "produce", "events", input='{"id":1}\nnot json\n')
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("2", result.stderr)

    def test_lines_are_there_while_more_are_to_come(self):
        """Also after a pause that ends the upload; and lines are counted over it."""
        process = self.place.start()
        self.addCleanup(process.kill)
        producer = subprocess.Popen([str(leat.PROGRAM), "topic", "produce", "events", "--data", str(self.place.data)],
                                    stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def consumed():
            return self.place.leat("topic", "consume", "events").stdout

        for number, pause in ((1, 0), (2, 6)):
            time.sleep(pause)
            producer.stdin.write(f'{{"id":{number}}}\n')
            producer.stdin.flush()
            leat.wait_until(lambda: f'{{"id":{number}}}\n' in consumed())
        producer.stdin.write("not json\n")
        producer.stdin.close()
        self.assertNotEqual(producer.wait(timeout=60), 0)
        self.assertIn("line 3", producer.stderr.read())
        producer.stderr.close()
        self.assertEqual(consumed(), '{"id":1}\n{"id":2}\n')
        process.terminate()
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, output)

    def test_tombstones_through_the_envelope(self):
        result = self.place.leat("topic", "produce", "events", "--envelope", input='{"key":"a","value":null}\n')
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_partitions_are_added_with_a_warning_and_never_taken_away(self):
        """A stream that has read the topic reads the new ones, too."""
        def pipeline(partitions):
            (self.place.path / "grows.yaml").write_text(
                "pipeline: grows\ntopics:\n  grown: {key: id" +
                (f", partitions: {partitions}" if partitions else "") +
                "}\nstreams:\n  all:\n    sql: SELECT id FROM grown\n    into: {table: grown_ids, key: id}\n")
            return self.place.leat("run", "grows.yaml", "--once")

        def produce(first):
            lines = "".join(f'{{"id":{number}}}\n' for number in range(first, first + 40))
            result = self.place.leat("topic", "produce", "grown", "--key", "id", input=lines)
            self.assertEqual(result.returncode, 0, result.stderr)

        self.assertNotIn("partitions", pipeline(2).stderr)
        produce(0)
        self.assertEqual(pipeline(2).returncode, 0)
        grown = pipeline(8)
        self.assertEqual(grown.returncode, 0, grown.stderr)
        self.assertIn("topic grown: its 2 partitions become 8", grown.stderr)
        produce(40)
        for partitions in (8, None):
            again = pipeline(partitions)
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertNotIn("become", again.stderr)
        rows = self.place.leat("sql", "--format", "csv", "SELECT count(*) AS n FROM grown_ids").stdout
        self.assertEqual(rows.split(), ["n", "80"])
        described = json.loads(self.place.leat("topic", "describe", "grown", "--json").stdout)
        self.assertEqual(len([each for each in described["partitions"] if each["end"] > 0]), 8)
        fewer = pipeline(4)
        self.assertNotEqual(fewer.returncode, 0)
        self.assertIn("topic `grown` has 8 partitions; their number can grow, not shrink to 4", fewer.stderr)

    def test_an_invalid_name(self):
        result = self.place.leat("topic", "produce", "no/such", input="{}\n")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("no/such", result.stderr)
