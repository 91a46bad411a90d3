#!/usr/bin/env python3
"""The Debian package, installed by apt on a minimal system made by debootstrap, runs a pipeline there.

  tests/package/deb_test.py

Needs root, debootstrap and the network; skipped otherwise. Takes some minutes.
"""
import pathlib
import shutil
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
from counted import run_and_count
from minimal_debian import MinimalDebian, obstacle, run

BUILD = leat.ROOT / "build" / "release"

PIPELINE = """\
pipeline: shop
tasks:
  load_orders:
    file: {path: orders.csv}
    into: {topic: orders, key: id}
streams:
  paid:
    sql: SELECT id, customer, amount::DECIMAL(10,2) AS amount, paid_at::TIMESTAMPTZ AS paid_at FROM orders
    into:
      - {table: paid, key: id}
      - {hdfs: paid}
"""
ORDERS = """\
id,customer,amount,paid_at
1,Ada,10.50,2024-05-01T10:00:00+02:00
2,Jürgen,20.00,2024-05-01T10:01:00Z
3,Eve,a lot,2024-05-01T10:02:00Z
"""


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why_not = obstacle()
        if why_not:
            print(f"SKIPPED: {why_not}", flush=True)
            raise unittest.SkipTest(why_not)
        cls.system = MinimalDebian("package")
        cls.addClassCleanup(cls.system.remove)
        cls.base = cls.system.root
        leat.must(run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.system.folder))
        shutil.copy(next(cls.system.folder.glob("*.deb")), cls.base / "srv" / "leat.deb")
        # debootstrap has no list of packages of the machine's sources.
        leat.must(cls.system.run("apt-get", "update"))
        cls.installed = cls.system.run("apt-get", "install", "-y", "/srv/leat.deb")

    def good(self, *command, code=leat.OK):
        result = self.system.run(*command)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def setUp(self):
        self.assertEqual(self.installed.returncode, 0, self.installed.stdout[-4000:] + self.installed.stderr[-4000:])

    def test_it_depends_on_nothing_that_is_missing(self):
        self.assertIn(self.good("leat", "version").split()[-1], leat.must(leat.leat("version")).stdout)
        self.assertNotIn("not found", self.good("ldd", "/usr/bin/leat"))
        self.assertEqual(self.good("dpkg", "--audit"), "")

    def test_a_pipeline_runs(self):
        (self.base / "srv" / "shop.yaml").write_text(PIPELINE)
        (self.base / "srv" / "orders.csv").write_text(ORDERS)
        self.good("leat", "run", "shop.yaml", "--once", code=leat.DEAD_LETTERS)
        self.assertEqual(self.good("leat", "sql", "--format", "csv", "SELECT * FROM paid ORDER BY id").splitlines(),
                         ["id,customer,amount,paid_at", "1,Ada,10.50,2024-05-01 08:00:00+00", "2,Jürgen,20.00,2024-05-01 10:01:00+00"])
        self.assertIn("a lot", self.good("leat", "dlq", "list"))
        self.assertEqual(len(list((self.base / "srv" / "leat-data" / "hdfs" / "paid").glob("*.parquet"))), 1)
        self.assertIn("nothing is damaged", self.good("leat", "repair"))

    def test_what_it_reads_at_run_time_comes_with_it(self):
        """Time zones, and the authorities that https trusts."""
        self.assertTrue((self.base / "usr" / "share" / "zoneinfo" / "Europe" / "Berlin").exists())
        self.assertGreater((self.base / "etc" / "ssl" / "certs" / "ca-certificates.crt").stat().st_size, 0)

    def test_it_can_be_removed_and_installed_again(self):
        self.good("apt-get", "purge", "-y", "leat")
        self.assertFalse((self.base / "usr" / "bin" / "leat").exists())
        self.assertFalse((self.base / "usr" / "lib" / "leat").exists())
        self.good("apt-get", "install", "-y", "/srv/leat.deb")
        self.good("leat", "version")


if __name__ == "__main__":
    run_and_count()
