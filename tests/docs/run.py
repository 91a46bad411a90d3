#!/usr/bin/env python3
"""What the documents show is true: pipeline files, queries, commands, links; and every example runs.

  tests/docs/run.py [MODULE[.CLASS[.TEST]]…]
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from counted import run_folder

if __name__ == "__main__":
    run_folder(HERE)
