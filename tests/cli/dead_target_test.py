"""A target outside that is down: a file lies where its directory should be."""
import json
import signal
import time
import unittest

import leat
from workplace import Workplace

SHOP = """\
pipeline: shop
streams:
  amounts:
    sql: SELECT id FROM orders
    into: [{table: amounts}, {hdfs: dead}, {hdfs: alive, max_wait: 1s}]
"""
OTHER = """\
pipeline: other
streams:
  copies:
    sql: SELECT id FROM orders
    into: {table: copies}
"""


class DeadTarget(unittest.TestCase):
    def setUp(self):
        self.place = Workplace(pipeline=SHOP)
        self.addCleanup(self.place.close)
        (self.place.path / "other.yaml").write_text(OTHER)
        self.dead = self.place.data / "hdfs" / "dead"
        self.dead.parent.mkdir(parents=True)
        self.dead.write_text("")
        self.produce(1)

    def produce(self, *ids):
        leat.must(self.place.leat("topic", "produce", "orders",
                                  input="".join(json.dumps({"id": each}) + "\n" for each in ids)))

    def count(self, table):
        return self.place.leat("sql", "--format", "csv", f"SELECT count(*) FROM {table}").stdout.split()[-1:]

    def wait_for(self, table, number):
        for _ in range(600):
            if self.count(table) == [str(number)]:
                return
            time.sleep(0.1)
        self.assertEqual(self.count(table), [str(number)])

    def files(self, name):
        return [file for file in (self.place.data / "hdfs" / name).glob("*.parquet")]

    def test_it_holds_back_neither_tables_nor_other_targets_nor_other_pipelines(self):
        process = self.place.popen("run", "shop.yaml", "other.yaml")
        try:
            leat.wait_until((self.place.data / "leat.sock").exists)
            self.wait_for("amounts", 1)
            for each in (2, 3, 4):
                self.produce(each)
                self.wait_for("amounts", each)
                self.wait_for("copies", each)
            leat.wait_until(lambda: self.files("alive"))
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            output, _ = process.communicate(timeout=leat.TIMEOUT_SECONDS)
            self.assertLess(time.monotonic() - began, 20, "it does not wait for the target")
        finally:
            process.kill()
            process.communicate()
        self.assertIn("hdfs:dead", output)
        self.assertIn("trying again in", output)
        self.dead.unlink()
        result = self.place.leat("run", "shop.yaml", "--once")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        rows = self.place.leat("sql", "--format", "csv", "--files",
                               f"SELECT id FROM read_parquet('{self.dead}/*.parquet') ORDER BY id")
        self.assertEqual(rows.stdout.split(), ["id", "1", "2", "3", "4"])

    def test_once_ends_with_1_and_the_next_one_goes_on(self):
        result = self.place.leat("run", "shop.yaml", "--once")
        self.assertEqual(result.returncode, leat.FAILED, result.stdout + result.stderr)
        self.assertIn("hdfs:dead", result.stderr)
        self.assertEqual(self.count("amounts"), ["1"])
        self.dead.unlink()
        result = self.place.leat("run", "shop.yaml", "--once")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("resumed", result.stdout + result.stderr)
        self.assertEqual(len(self.files("dead")), 1)
        self.assertEqual(self.count("amounts"), ["1"])


if __name__ == "__main__":
    unittest.main()
