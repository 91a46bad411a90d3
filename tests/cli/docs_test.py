"""What README.md and docs/ show works: pipelines are valid, commands run.

Fenced blocks that begin with `pipeline:` are whole pipeline files. In ```sh blocks the lines that
begin with `leat` or `build/release/leat` are run in their order, one folder a document, with the
recorded people as ${USERS_API}; a command that never ends by itself is left out.
"""
import pathlib
import re
import subprocess
import tempfile
import unittest

import leat

DOCUMENTS = sorted(file for file in [leat.ROOT / "README.md", leat.ROOT / "examples" / "README.md",
                                     *(leat.ROOT / "docs").rglob("*.md")] if file.exists())
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PEOPLE = leat.ROOT / "examples" / "users" / "randomuser_1000.json"


def blocks(document, *languages):
    return [text for language, text in FENCE.findall(document.read_text()) if language in languages]


def never_ends(command):
    return "mock-api" in command or "--follow" in command or (" run " in command and "--once" not in command)


def commands(document):
    found = []
    for block in blocks(document, "sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.removeprefix("$ ")
            if re.match(r"(build/release/)?leat ", line) and not never_ends(line):
                found.append(line)
    return found


class Docs(unittest.TestCase):
    def test_pipelines_are_valid(self):
        for document in DOCUMENTS:
            for number, text in enumerate(blocks(document, "yaml")):
                if not text.startswith("pipeline:"):
                    continue
                with self.subTest(document=document.name, block=number), tempfile.TemporaryDirectory() as folder:
                    file = pathlib.Path(folder) / "pipeline.yaml"
                    file.write_text(text)
                    result = leat.leat("validate", file, cwd=folder)
                    self.assertEqual(result.returncode, 0, result.stderr)

    def test_commands_run(self):
        with leat.MockApi("--records", PEOPLE) as api:
            for document in DOCUMENTS:
                with tempfile.TemporaryDirectory() as folder:
                    for name in ("examples", "build"):
                        (pathlib.Path(folder) / name).symlink_to(leat.ROOT / name)
                    variables = leat.environment(USERS_API=api.url)
                    variables["PATH"] = f"{leat.PROGRAM.parent}:{variables['PATH']}"
                    for command in commands(document):
                        with self.subTest(document=document.name, command=command):
                            result = subprocess.run(["bash", "-c", command], cwd=folder, env=variables, text=True,
                                                    capture_output=True, timeout=leat.TIMEOUT_SECONDS,
                                                    stdin=subprocess.DEVNULL)
                            self.assertIn(result.returncode, (leat.OK, leat.DEAD_LETTERS), result.stderr)
