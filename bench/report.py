#!/usr/bin/env python3
"""Puts what a benchmark printed into docs/performance.md, in place of what stood there.

  bench/report.py NAME FILE

The place is the block of text behind the line `<!-- bench/run NAME -->`.
"""
import pathlib
import re
import sys

REPORT = pathlib.Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def main():
    name, file = sys.argv[1:]
    text = REPORT.read_text()
    block = re.compile(rf"(<!-- bench/run {re.escape(name)} -->\n\n```text\n).*?(```\n)", re.DOTALL)
    if not block.search(text):
        sys.exit(f"{REPORT.name} has no block `<!-- bench/run {name} -->`")
    figures = "".join(line.rstrip() + "\n" for line in pathlib.Path(file).read_text().splitlines())
    REPORT.write_text(block.sub(lambda found: found[1] + figures + found[2], text, count=1))


if __name__ == "__main__":
    main()
