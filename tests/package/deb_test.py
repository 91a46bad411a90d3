#!/usr/bin/env python3
"""The Debian package, installed by apt on a minimal system made by debootstrap, runs a pipeline there.

  tests/package/deb_test.py

Needs root, debootstrap and the network; skipped otherwise. Takes some minutes.
"""
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
from counted import run_and_count

BUILD = leat.ROOT / "build" / "release"
RELEASE = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
PATIENCE_SECONDS = 1800
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/srv", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

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


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE_SECONDS, **more)


def mirror(release):
    """Where the machine's own apt has this release from."""
    listed = run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(IDENTIFIER) $(SITE)")
    for line in listed.stdout.splitlines():
        *what, site = line.split()
        if what == [release, "main", "Packages"]:
            return site
    return None


def obstacle():
    """Why it cannot be tried here, or None."""
    if os.geteuid() != 0:
        return "only root can make a system with debootstrap"
    if shutil.which("debootstrap") is None:
        return "there is no debootstrap (apt-get install debootstrap)"
    if mirror(RELEASE) is None:
        return f"apt names no mirror of {RELEASE or 'this system'}"
    return None


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        why_not = obstacle()
        if why_not:
            print(f"SKIPPED: {why_not}", flush=True)
            raise unittest.SkipTest(why_not)
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="leat-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.base = cls.work / "base"
        leat.must(run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.work))
        package = next(cls.work.glob("*.deb"))
        leat.must(run("debootstrap", "--variant=minbase", RELEASE, cls.base, mirror(RELEASE)))
        # How the machine reaches its mirror: name service, and apt's own settings of transports.
        for file in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{file}", cls.base / "etc" / file)
        settings = leat.must(run("apt-config", "dump")).stdout.splitlines()
        (cls.base / "etc" / "apt" / "apt.conf.d" / "90machine").write_text(
            "".join(line + "\n" for line in settings if line.lower().startswith(("acquire::http", "acquire::retries"))))
        shutil.copy(package, cls.base / "srv" / "leat.deb")
        cls.installed = cls.there("apt-get", "install", "-y", "/srv/leat.deb")

    @classmethod
    def there(cls, *command, **variables):
        """A command in the new system, in its /srv, with a /proc that is gone when the command ends."""
        inside = ["chroot", cls.base, "env", "-C", "/srv", "-i",
                  *(f"{name}={value}" for name, value in {**CLEAN, **variables}.items()), *command]
        return run("unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec "$@"', cls.base, *inside)

    def good(self, *command, code=leat.OK):
        result = self.there(*command)
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
