#!/usr/bin/env python3
"""A data directory damaged in every way that docs/repair.md names: what is said, what `leat repair` does.

  tests/damage/run.py [MODULE[.CLASS[.TEST]]…]
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from counted import run_folder

if __name__ == "__main__":
    run_folder(HERE)
