#!/usr/bin/env python3
"""The first commands of the README on a system on which nothing is installed: a minimal Debian, a clone of HEAD.

  tests/fresh/fresh_test.py

Needs root, debootstrap and the network; skipped otherwise. The machine's ccache is shared, so that what the machine has
compiled is not compiled again.
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
from counted import run_and_count
from minimal_debian import MinimalDebian, obstacle

CLONE = "/srv/leat"


def ccache_folder():
    asked = subprocess.run(["ccache", "--get-config", "cache_dir"], capture_output=True, text=True)
    return pathlib.Path(asked.stdout.strip()) if asked.returncode == 0 else None


class Fresh(unittest.TestCase):
    """In the order of their names: the second goes on from the first."""

    @classmethod
    def setUpClass(cls):
        why_not = obstacle()
        if why_not is None and not (leat.ROOT / ".git").exists():
            why_not = "this is no git checkout that could be cloned"
        if why_not:
            print(f"SKIPPED: {why_not}", flush=True)
            raise unittest.SkipTest(why_not)
        cls.system = MinimalDebian("fresh")
        cls.addClassCleanup(cls.system.remove)
        leat.must(subprocess.run(["git", "clone", "--quiet", "--single-branch", "--no-hardlinks", leat.ROOT,
                                  f"{cls.system.root}{CLONE}"], capture_output=True, text=True))
        cls.variables = {"LEAT_PROGRESS_SECONDS": "1"}
        cls.binds = {}
        cache = ccache_folder()
        if cache is not None and cache.is_dir():
            cls.binds = {"/srv/ccache": cache}
            cls.variables["CCACHE_DIR"] = "/srv/ccache"
            # ccache keeps apart what was compiled in another language.
            cls.variables |= {name: os.environ.get(name) for name in ("LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES")}

    def there(self, *command):
        result = self.system.tell(*command, at=CLONE, binds=self.binds, **self.variables)
        self.assertEqual(result.returncode, leat.OK, result.stdout[-6000:])
        return result.stdout

    def test_1_run_gives_rows(self):
        said = self.there("./run")
        self.assertRegex(said, r"(?m)^  build +release: leat \d+/\d+$")  # how far it is, where no terminal is
        self.assertIn("reconciled: ", said)
        rows = said.split("The first rows of spark_streams.created_users:")[1].split("Try next:")[0]
        self.assertIn("(5 rows)", rows)
        counted = self.there("build/release/leat", "sql", "--format", "csv",
                             "SELECT count(*) AS n FROM spark_streams.created_users")
        written = int(re.search(r"cassandra:spark_streams\.created_users +(\d+)", said)[1])
        self.assertEqual(counted.split(), ["n", str(written)])
        self.assertGreater(written, 0)

    def test_2_the_tests_find_what_they_need(self):
        said = self.there("./test", "structure")
        self.assertIn("0 failed, 0 skipped", said.splitlines()[-1])
        missing = self.there("scripts/install-dependencies", "test", "--print")
        self.assertEqual(missing, "")
        self.there("cmake", "--preset", "dev")  # with GoogleTest


if __name__ == "__main__":
    run_and_count()
