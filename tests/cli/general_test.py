"""What holds for every command: help, typos, version, completions, colour, streams."""
import json
import os
import pty
import select
import subprocess
import unittest

import leat
from workplace import InWorkplace

COMMANDS = [[], ["run"], ["validate"], ["pipeline-schema"], ["sql"], ["runs"], ["topic"], ["topic", "list"],
            ["topic", "describe"], ["topic", "consume"], ["topic", "produce"], ["dlq"], ["dlq", "list"],
            ["dlq", "show"], ["dlq", "redrive"], ["mock-api"], ["completion"], ["version"]]


def on_a_terminal(*arguments, cwd, **env):
    """(exit code, what appeared) of a command whose three streams are a terminal."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen([str(leat.PROGRAM), *map(str, arguments)], stdin=terminal, stdout=terminal,
                               stderr=terminal, cwd=cwd, env=leat.environment(TERM="xterm-256color", DIR=cwd, **env))
    os.close(terminal)
    seen = b""
    while select.select([controller], [], [], leat.TIMEOUT_SECONDS)[0]:
        try:
            part = os.read(controller, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(controller)
    return process.wait(timeout=leat.TIMEOUT_SECONDS), seen.decode(errors="replace")


class Help(unittest.TestCase):
    def test_every_command_has_help_with_an_example(self):
        for command in COMMANDS:
            with self.subTest(command=" ".join(command)):
                result = leat.leat(*command, "--help")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn("leat", result.stdout)
                self.assertIn("example", result.stdout.lower())
                self.assertEqual(result.stderr, "")

    def test_no_command(self):
        result = leat.leat()
        self.assertEqual(result.returncode, leat.USER_ERROR)

    def test_an_unknown_command_with_the_nearest_one(self):
        for typed, meant in (("rn", "run"), ("validte", "validate"), ("topics", "topic"), ("slq", "sql")):
            with self.subTest(typed=typed):
                result = leat.leat(typed)
                self.assertEqual(result.returncode, leat.USER_ERROR)
                self.assertIn(meant, result.stderr)

    def test_an_unknown_flag(self):
        result = leat.leat("run", "x.yaml", "--onc")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("--once", result.stderr)

    def test_a_missing_argument(self):
        for command in (["run"], ["validate"], ["sql"], ["topic", "describe"]):
            with self.subTest(command=" ".join(command)):
                self.assertEqual(leat.leat(*command).returncode, leat.USER_ERROR)

    def test_version(self):
        self.assertRegex(leat.must(leat.leat("version")).stdout, r"leat \d+\.\d+")
        json.loads(leat.must(leat.leat("version", "--json")).stdout)
        self.assertEqual(leat.must(leat.leat("--version")).stdout, leat.must(leat.leat("version")).stdout)

    def test_completions(self):
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell=shell):
                out = leat.must(leat.leat("completion", shell)).stdout
                self.assertIn("mock-api", out)
        script = leat.must(leat.leat("completion", "bash")).stdout
        self.assertEqual(subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True).stderr, "")

    def test_the_schema_of_the_pipeline_file(self):
        schema = json.loads(leat.must(leat.leat("pipeline-schema")).stdout)
        self.assertIn("streams", schema["properties"])


class Terminal(InWorkplace):
    def test_a_run_on_a_terminal(self):
        code, seen = on_a_terminal("run", "shop.yaml", "--once", cwd=self.place.path)
        self.assertEqual(code, leat.DEAD_LETTERS, seen)
        self.assertIn("fetched", leat.plain(seen))

    def test_no_color(self):
        _, seen = on_a_terminal("run", "shop.yaml", "--once", cwd=self.place.path, NO_COLOR="1")
        self.assertNotRegex(seen, r"\x1b\[[0-9;]*m")

    def test_a_mistake_on_a_terminal_and_in_a_pipe_says_the_same(self):
        code, seen = on_a_terminal("sql", "SELECT * FROM nothing_like_this", cwd=self.place.path)
        self.assertEqual(code, leat.USER_ERROR)
        piped = self.leat("sql", "SELECT * FROM nothing_like_this", code=leat.USER_ERROR)
        self.assertNotIn("\x1b", piped.stderr)
        self.assertIn(piped.stderr.splitlines()[0], leat.plain(seen).replace("\r\n", "\n"))

    def test_a_mistake_in_a_file_is_coloured_on_a_terminal(self):
        (self.place.path / "streems.yaml").write_text("pipeline: bad\nstreems: {}\n")
        _, seen = on_a_terminal("validate", "streems.yaml", cwd=self.place.path)
        self.assertRegex(seen, r"streems\.yaml:2:1: \x1b\[\d+merror:\x1b\[0m unknown key")
        _, seen = on_a_terminal("validate", "streems.yaml", cwd=self.place.path, NO_COLOR="1")
        self.assertNotIn("\x1b", seen)

    def test_data_on_standard_output_and_nothing_else(self):
        result = self.leat("sql", "--format", "csv", "SELECT 1 AS x")
        self.assertEqual((result.stdout, result.stderr), ("x\n1\n", ""))

    def test_a_reader_that_goes_away(self):
        with subprocess.Popen([str(leat.PROGRAM), "sql", "--format", "csv", "SELECT * FROM range(1000000)"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.place.path,
                              env=leat.environment()) as process:
            process.stdout.readline()
            process.stdout.close()
            process.wait(timeout=60)
            self.assertNotIn(b"terminate called", process.stderr.read())
