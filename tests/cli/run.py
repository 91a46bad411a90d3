#!/usr/bin/env python3
"""The documented commands, in a pipe and on a terminal.

  tests/cli/run.py [MODULE[.CLASS[.TEST]]…]
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from counted import run_folder

if __name__ == "__main__":
    run_folder(HERE)
