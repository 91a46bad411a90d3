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
        self.refused("data is not a directory", "--data", code=2, command=("run", "shop.yaml", "--once"))

    def replace(self, path, by):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if by == "folder":
            path.mkdir()
        elif by == "file":
            path.write_text("mine")
        elif by == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(path.name if by == "circle" else self.path / "nothing")

    def test_something_else_in_the_place_of_a_file(self):
        """It is set aside, and the repair goes on behind it."""
        for name in ("log/topics", "log/log-start-offset-checkpoint", "log/recovery-point-offset-checkpoint",
                     "meta.db", "log/orders-0", "pipelines/shop.duckdb", "pipelines/other.duckdb",
                     "log/orders-0/00000000000000009999.log"):
            for by in ("folder", "pipe", "link", "circle"):
                path_is_folder = name == "log/orders-0"
                if path_is_folder and by == "folder":
                    by = "file"
                with self.subTest(name=name, by=by):
                    self.start("closed", READER)
                    path = self.data / name
                    self.replace(path, by)
                    damages = self.damages()
                    self.assertIn(str(path), [each["file"] for each in damages], damages)
                    self.repair()
                    aside = list(path.parent.glob(path.name + ".damaged-*"))
                    self.assertEqual(len([each for each in aside if os.path.lexists(each)]), 1)
                    if name not in ("log/orders-0", "pipelines/shop.duckdb"):
                        self.check_run()

    def test_what_is_not_leats_is_in_nobodys_way(self):
        self.start("closed", READER)
        (self.data / "log/foreign-0/00000000000000000000.log").mkdir(parents=True)
        for name in ("log/foreign-1", "log/notes", "pipelines/notes", "notes"):
            self.replace(self.data / name, "link")
        os.mkfifo(self.data / "pipelines/pipe")
        self.assertIn("nothing is damaged", self.leat("repair").stdout)
        self.check_run()

    def test_nothing_is_damaged(self):
        for name in ("closed", "killed", "unread"):
            with self.subTest(name=name):
                self.start(name)
                self.assertEqual(self.leat("repair").stdout, "nothing is damaged\n")
                self.assertEqual(self.leat("repair", "--yes").stdout, "nothing is damaged\n")


if __name__ == "__main__":
    unittest.main()
