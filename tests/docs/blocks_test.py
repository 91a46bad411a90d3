"""The fenced blocks of the documents.

  ```yaml that begins with `pipeline:`  a whole pipeline file: `leat validate` accepts it
  ```sql                                the query of a stream: the same, in a pipeline of one stream
  ```sh                                 run, all blocks of a document in one folder that holds a copy
                                        of examples/; what a block exports and starts in the
                                        background is there for the next one
  ```console and others                 shown only

A line `<!-- refused: TEXT -->` above a yaml or sql block: it is refused with that text. A line
`<!-- exit N -->` above an sh block: its exit code. Port 8100 stands for a free one.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import textwrap
import unittest

import leat
from documents import DOCUMENTS, blocks, short_name

SHOWN_PORT = "8100"


def validate(block):
    """What the program says against the block: "" when it is as the document says."""
    text = block.text
    if block.language == "sql":
        text = ("pipeline: shown\nstreams:\n  shown:\n    sql: |\n" + textwrap.indent(text, "      ") +
                "    into: {table: shown}\n")
    with tempfile.TemporaryDirectory(prefix="leat-docs-") as folder:
        file = pathlib.Path(folder) / "pipeline.yaml"
        file.write_text(text)
        result = leat.leat("validate", file, cwd=folder)
    said = " ".join((result.stdout + result.stderr).split())
    if not block.refused:
        return "" if result.returncode == leat.OK else said
    if result.returncode != leat.USER_ERROR:
        return f"is not refused (exit code {result.returncode}): {said}"
    return "" if block.refused in said else f"is refused otherwise: {said}"


class Session:
    """The shell in which the blocks of one document run."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.copytree(leat.ROOT / "examples", self.folder / "examples")
        self.exports = self.folder / ".exports"
        self.exports.touch()
        self.port = str(leat.free_port())
        self.groups = []

    def run(self, block):
        script = f"set -euo pipefail\n. {self.exports}\ntrap 'export -p >{self.exports}' EXIT\n{block.text}"
        variables = leat.environment()
        variables["PATH"] = f"{leat.PROGRAM.parent}:{variables['PATH']}"
        output = self.folder / ".output"
        with output.open("w") as file:  # a pipe would stay open as long as what runs in the background
            process = subprocess.Popen(["bash", "-c", script.replace(SHOWN_PORT, self.port)], cwd=self.folder,
                                       env=variables, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                       start_new_session=True)
            self.groups.append(process.pid)
            code = process.wait(timeout=leat.TIMEOUT_SECONDS)
        return code, output.read_text(errors="replace")

    def close(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Shown(unittest.TestCase):
    pass


def add_validation(document, block):
    def test(self):
        problem = validate(block)
        self.assertEqual(problem, "", f"{short_name(document)}:{block.line}")
    setattr(Shown, f"test_{short_name(document)}:{block.line:04}_{block.language}", test)


def add_commands(document, commands):
    def test(self):
        with tempfile.TemporaryDirectory(prefix="leat-docs-") as folder:
            session = Session(folder)
            try:
                for block in commands:
                    code, output = session.run(block)
                    self.assertEqual(code, block.exit_code, f"{short_name(document)}:{block.line}\n{output[-4000:]}")
            finally:
                session.close()
    setattr(Shown, f"test_{short_name(document)}_commands", test)


for each_document in DOCUMENTS:
    shown = blocks(each_document)
    for each in shown:
        if each.language == "sql" or (each.language == "yaml" and each.text.startswith("pipeline:")):
            add_validation(each_document, each)
    if any(each.language == "sh" for each in shown):
        add_commands(each_document, [each for each in shown if each.language == "sh"])
