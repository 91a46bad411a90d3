#!/usr/bin/env python3
"""Writes docs/pipeline-file.md from what the program prints; reference_test.py compares the two."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import leat

FILE = leat.ROOT / "docs" / "pipeline-file.md"
HEADER = """\
<!-- Written by tests/docs/write_reference.py from what `leat pipeline-schema --markdown` prints. -->
# The pipeline file

"""


def reference():
    return HEADER + leat.must(leat.leat("pipeline-schema", "--markdown")).stdout


if __name__ == "__main__":
    FILE.write_text(reference())
