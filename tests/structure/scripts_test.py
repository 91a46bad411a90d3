"""What the scripts promise to whoever waits for them: how far it is, and that nothing is done twice."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from counted import run_and_count


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-scripts-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def program(self, file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/usr/bin/env bash\n" + text)
        file.chmod(0o755)

    def run_there(self, *command, **variables):
        return subprocess.run(list(map(str, command)), cwd=self.path, capture_output=True, text=True, timeout=60,
                              env={**os.environ, **variables})


class Stages(InFolder):
    def stage(self, command):
        self.program(self.path / "try", f"""
            set -euo pipefail
            . '{ROOT}/scripts/stages.sh'
            LEAT_LOGS='{self.path}'
            stage build name 'release: leat' bash -c '{command}' || echo "ended with $?"
        """)
        return self.run_there("./try", LEAT_PROGRESS_SECONDS="0.2").stdout

    def test_how_far_it_is_is_said_without_a_terminal(self):
        said = self.stage('for i in 1 2 3; do echo "[$i/266] Building"; sleep 1; done')
        for number in (1, 2, 3):
            self.assertIn(f"  build     release: leat {number}/266\n", said)
        self.assertRegex(said, r"release: leat \(\d+ s\)\n$")

    def test_what_is_quick_says_one_line(self):
        self.assertRegex(self.stage("echo '[1/2] Building'"), r"^  build     release: leat \(0 s\)\n$")

    def test_a_failure_is_told_by_its_code(self):
        said = self.stage("exit 3")
        self.assertIn("release: leat: FAILED", said)
        self.assertIn("ended with 3", said)


class Tidy(InFolder):
    """With a clang-tidy that writes down what it is asked."""

    def setUp(self):
        super().setUp()
        self.asked = self.path / "asked"
        self.program(self.path / "bin/clang-tidy-19", f"""
            case $1 in --version) echo 'version 19'; exit ;; esac
            for file; do :; done
            basename "$file" >>'{self.asked}'
            ! grep -q WRONG "$file"
        """)
        self.checkouts = [self.path / name for name in ("one", "two")]
        for root in self.checkouts:
            for name in ("scripts/tidy", "scripts/fetch-duckdb", ".clang-tidy", "packaging/debian-packages.txt"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
            (root / "src").mkdir()
            (root / "src/a.h").write_text("// a\n")
            (root / "src/a.cc").write_text('#include "a.h"\n')
            (root / "src/b.cc").write_text("// b\n")
            self.compile_with(root, "-O2")

    def compile_with(self, root, flag):
        (root / "build").mkdir(exist_ok=True)
        (root / "build/compile_commands.json").write_text(json.dumps([
            {"file": f"{root}/src/{name}", "directory": f"{root}/build", "command": f"cc {flag} -I{root}/src -c {root}/src/{name}"}
            for name in ("a.cc", "b.cc")]))

    def tidy(self, root):
        """What clang-tidy was asked about."""
        self.asked.unlink(missing_ok=True)
        self.result = self.run_there(sys.executable, root / "scripts/tidy", "build", XDG_CACHE_HOME=str(self.path / "cache"),
                                     PATH=f"{self.path}/bin:{os.environ['PATH']}")
        return sorted(self.asked.read_text().split()) if self.asked.exists() else []

    def test_an_answer_holds_for_every_checkout(self):
        one, two = self.checkouts
        self.assertEqual(self.tidy(one), ["a.cc", "b.cc"])
        self.assertEqual(self.tidy(one), [])
        self.assertEqual(self.tidy(two), [])
        self.assertIn("2 passed, 0 failed", self.result.stdout)

    def test_it_holds_for_what_was_read_alone(self):
        one, two = self.checkouts
        self.tidy(one)
        (two / "src/a.h").write_text("// another\n")
        self.assertEqual(self.tidy(two), ["a.cc"])
        self.compile_with(two, "-O0")
        self.assertEqual(self.tidy(two), ["a.cc", "b.cc"])
        (two / ".clang-tidy").write_text("Checks: none\n")
        self.assertEqual(self.tidy(two), ["a.cc", "b.cc"])
        self.assertEqual(self.tidy(one), [])

    def test_what_did_not_pass_is_asked_again(self):
        one, two = self.checkouts
        (one / "src/b.cc").write_text("// WRONG\n")
        for _ in range(2):
            self.assertIn("b.cc", self.tidy(one))
            self.assertIn("1 passed, 1 failed", self.result.stdout)

    def test_what_nobody_asked_for_in_a_month_goes(self):
        one, _ = self.checkouts
        self.tidy(one)
        stamps = list((self.path / "cache/leat/tidy").iterdir())
        self.assertEqual(len(stamps), 2)
        for stamp in stamps:
            os.utime(stamp, (0, 0))
        self.assertEqual(self.tidy(one), ["a.cc", "b.cc"])


class Ci(InFolder):
    def ci(self, code=0):
        (self.path / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", self.path / ".ci/run")
        self.program(self.path / "test", f'echo "test $*"\nexit {code}\n')
        return self.run_there(".ci/run")

    def test_all_steps_and_then_one_of_the_longer_ones(self):
        result = self.ci()
        self.assertEqual(result.returncode, 0)
        steps = [line for line in result.stdout.splitlines() if line.startswith("test")]
        self.assertEqual(steps[0], "test ")
        named = re.search(r"named_steps=\((.*)\)", (ROOT / "test").read_text())[1].split()
        self.assertIn(steps[1].removeprefix("test "), named)
        self.assertIn(f"./{steps[1]}", result.stdout)

    def test_what_fails_ends_it(self):
        result = self.ci(1)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "test \n")


if __name__ == "__main__":
    run_and_count()
