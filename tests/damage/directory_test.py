"""The data directory itself: read-only, in use, not one at all."""
import os
import shutil
import subprocess
import sys
import time
import unittest

import leat
from damaged import READER, DamageTest

NOBODY = 65534


class Directory(DamageTest):
    def test_a_read_only_directory_is_refused_by_name(self):
        self.start("closed")
        for file in [self.data, *self.data.rglob("*")]:
            file.chmod(0o555 if file.is_dir() else 0o444)
        self.path.chmod(0o755)
        self.addCleanup(lambda: [file.chmod(0o755) for file in [self.data, *self.data.rglob("*")]])
        user = None
        if os.geteuid() == 0:
            # Root may write everywhere: the program runs as somebody else, if that one can run it.
            user = NOBODY
            probe = subprocess.run([leat.PROGRAM, "version"], user=user, capture_output=True)
            if probe.returncode != 0:
                sys.stderr.write("SKIPPED: as root, and `nobody` cannot run the program\n")
                self.skipTest("as root, and `nobody` cannot run the program")
        for command in (["run", "shop.yaml", "--once"], ["sql", "SELECT 1"], ["repair"]):
            result = subprocess.run([leat.PROGRAM, *command, "--data", self.data], user=user, cwd=self.path,
                                    capture_output=True, text=True, env=leat.environment())
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("Permission denied", result.stderr)
            self.assertIn(str(self.data), result.stderr)

    def test_a_directory_in_use(self):
        self.start("closed", READER)
        process = subprocess.Popen([leat.PROGRAM, "run", "shop.yaml", "--data", self.data], cwd=self.path,
                                   stderr=subprocess.DEVNULL, env=leat.environment())
        try:
            for _ in range(400):
                if (self.data / "leat.sock").exists():
                    break
                time.sleep(0.025)
            for command in (("run", "shop.yaml", "--once"), ("repair",), ("repair", "--yes")):
                self.refused(f"is in use by the process {process.pid}", code=2, command=command)
        finally:
            process.terminate()
            process.wait()
        self.check_run()

    def test_no_directory(self):
        self.start("closed")
        shutil.rmtree(self.data)
        self.refused("no data directory at", "--data", code=2, command=("repair",))
        self.data.write_text("a file")
        self.refused("data", command=("run", "shop.yaml", "--once"))

    def test_nothing_is_damaged(self):
        for name in ("closed", "killed", "unread"):
            with self.subTest(name=name):
                self.start(name)
                self.assertEqual(self.leat("repair").stdout, "nothing is damaged\n")
                self.assertEqual(self.leat("repair", "--yes").stdout, "nothing is damaged\n")


if __name__ == "__main__":
    unittest.main()
