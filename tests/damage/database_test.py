"""Damage in a pipeline's DuckDB file and its write-ahead log."""
import json
import re
import unittest

import leat
from damaged import READER, DamageTest


class WriteAheadLog(DamageTest):
    """Of a killed process. What is cut off is read again from the topics."""

    def setUp(self):
        self.start("killed")

    def test_a_flipped_bit(self):
        # In texts, each of another entry: a length that is damaged may pass for a torn end.
        texts = [found.start() for found in re.finditer(b"write_time", self.wal.read_bytes())]
        self.assertGreater(len(texts), 5)
        for at in (texts[0], texts[len(texts) // 2], texts[-1]):
            with self.subTest(at=at):
                self.setUp()
                self.flip(self.wal, at)
                text = self.refused("shop.duckdb is damaged", "leat repair")
                position = int(re.search(r"byte position (\d+)", text)[1])
                damage = self.one_damage(self.wal)
                self.assertIn(f"cuts it at byte {position}", damage["repair"])
                self.assertEqual(len(damage["kept"]), 1)
                self.check_run()

    def test_a_damaged_head(self):
        """DuckDB names no position: all of the write-ahead log goes."""
        self.flip(self.wal, 2)
        self.refused("shop.duckdb is damaged", "leat repair")
        damage = self.one_damage(self.wal)
        self.assertIn("sets all of it aside", damage["repair"])
        self.check_run()

    def test_a_zeroed_end(self):
        size = self.wal.stat().st_size
        self.zero(self.wal, size // 2, size)
        self.refused("shop.duckdb is damaged", "leat repair")
        self.one_damage(self.wal)
        self.check_run()

    def test_a_truncated_one_is_no_damage(self):
        """A torn end is what a crash leaves: DuckDB passes over it, and the streams read it again."""
        for size in (self.wal.stat().st_size // 2, 100, 0):
            with self.subTest(size=size):
                self.setUp()
                self.cut(self.wal, size)
                self.check_run()

    def test_a_deleted_one(self):
        self.wal.unlink()
        self.check_run()

    def test_the_log_and_the_database_at_once(self):
        self.flip(self.wal, self.wal.read_bytes().index(b"write_time"))
        topics = self.data / "log/topics"
        topics.unlink()
        self.assertEqual(len(self.damages()), 2)
        self.repair()
        self.check_run()


class Database(DamageTest):
    """A file that cannot be read is set aside, and its tables are made anew from the topics."""

    def setUp(self):
        self.start("closed", READER)

    def check_damage(self):
        damage = self.one_damage(self.database)
        self.assertIn("retention has removed", damage["loss"])
        self.assertFalse(self.database.exists())
        self.check_run()

    def test_a_damaged_head(self):
        for at in (9, 4100):
            with self.subTest(at=at):
                self.setUp()
                self.flip(self.database, at)
                self.flip(self.database, at + 4096)
                self.refused("shop.duckdb is damaged", "leat repair")
                self.check_damage()

    def test_a_truncated_file(self):
        size = self.database.stat().st_size
        for left in (size // 2, 5000, 0):
            with self.subTest(left=left):
                self.setUp()
                self.cut(self.database, left)
                self.refused("shop.duckdb", "leat repair")
                self.check_damage()

    def test_a_flipped_bit_in_a_table(self):
        """Found when the block is read: by the check at once."""
        found = 0
        for at in range(12288 + 5000, self.database.stat().st_size, 262144):
            with self.subTest(at=at):
                self.setUp()
                self.flip(self.database, at)
                if self.leat_repair_finds_nothing():
                    self.check_run()  # the block is free
                    continue
                found += 1
                self.check_damage()
        self.assertGreater(found, 1)

    def leat_repair_finds_nothing(self):
        report = json.loads(leat.leat("repair", "--json", "--data", self.data).stdout)
        return report["damages"] == []

    def test_a_damaged_database_leaves_the_others_readable(self):
        (self.path / "other.yaml").write_text(READER.replace("pipeline: shop", "pipeline: other")
                                              .replace("amounts", "sums").replace("copies", "twins"))
        self.leat("run", "other.yaml", "--once")
        self.cut(self.database, 5000)
        result = self.leat("sql", "--format", "csv", "SELECT count(*) AS n FROM twins")
        self.assertEqual(result.stdout, "n\n200\n")
        self.assertIn("shop.duckdb", result.stderr)

    def test_a_foreign_file(self):
        foreign = self.data / "pipelines/notes.duckdb"
        foreign.write_text("not a database\n" * 500)
        self.check_run()
        damage = self.one_damage(foreign)
        self.assertEqual(len(damage["kept"]), 1)

    def test_a_deleted_file(self):
        self.database.unlink()
        self.check_run()


if __name__ == "__main__":
    unittest.main()
