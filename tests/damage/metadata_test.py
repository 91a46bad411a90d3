"""Damage in meta.db. A run that was interrupted goes on, so that nothing is fetched twice."""
import sqlite3
import unittest

from damaged import DamageTest


class Metadata(DamageTest):
    def setUp(self):
        self.start("killed")
        self.meta = self.data / "meta.db"

    def settle(self):
        """All of it into the one file."""
        connection = sqlite3.connect(self.meta)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()

    def check_resumed(self):
        result = self.check_run()
        self.assertIn("meta.db has lost the run", result.stderr)
        self.assertIn("shop (resumed)", result.stderr)
        self.assertIn("reconciled: fetched 200, produced 200", result.stderr)
        self.assertNotIn("has lost", self.run_once().stderr)

    def test_a_damaged_file(self):
        self.settle()
        size = self.meta.stat().st_size
        for damage in (lambda: self.meta.write_bytes(b"x" * size),
                       lambda: self.zero(self.meta, 4096, size),
                       lambda: self.cut(self.meta, size // 2)):
            with self.subTest():
                self.setUp()
                self.settle()
                damage()
                self.refused("meta.db", "leat repair")
                damage = self.one_damage(self.meta)
                self.assertIn("leat runs", damage["loss"])
                self.check_resumed()

    def test_a_deleted_file(self):
        for file in self.data.glob("meta.db*"):
            file.unlink()
        self.check_resumed()

    def test_an_emptied_file(self):
        self.settle()
        self.cut(self.meta, 0)
        self.check_resumed()

    def test_a_deleted_write_ahead_log(self):
        for suffix in ("-wal", "-shm"):
            (self.data / f"meta.db{suffix}").unlink()
        self.check_resumed()

    def set_version(self, version):
        connection = sqlite3.connect(self.meta)
        connection.execute("UPDATE format SET version = ?", (version,))
        connection.commit()
        connection.close()

    def test_a_newer_format(self):
        self.set_version(9)
        self.refused("meta.db has format version 9", "a newer Leat wrote it", code=2)
        self.refused("a newer Leat wrote it", code=2, command=("repair", "--yes"))

    def test_an_older_format(self):
        self.set_version(1)
        self.refused("meta.db has format version 1", "--data DIR", code=2)
        self.refused("an older Leat wrote", code=2, command=("repair", "--yes"))


if __name__ == "__main__":
    unittest.main()
