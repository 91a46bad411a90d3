#!/usr/bin/env python3
"""A data directory damaged in every way that docs/repair.md names: what is said, what `leat repair` does.

  tests/damage/run.py [MODULE[.CLASS[.TEST]]…]
"""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from counted import run_and_count

if __name__ == "__main__":
    loader = unittest.defaultTestLoader
    run_and_count(loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:]
                  else loader.discover(str(HERE), pattern="*_test.py", top_level_dir=str(HERE)))
