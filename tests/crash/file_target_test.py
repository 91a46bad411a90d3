#!/usr/bin/env python3
"""Kills `leat run --once` at each delivery of a stream into a directory of files, beside a table and a second directory:
before the files are there, when they are and the outbox does not know yet, and after that; the same of a redrive.

Whatever the moment, the next start goes on: each row is in each target once, and the sums add up.
"""
import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import leat
from counted import run_and_count

PIPELINE = """\
pipeline: files
streams:
  numbers:
    sql: SELECT id, v::INTEGER AS n FROM numbers
    into: [{table: beside}, {hdfs: first}, {hdfs: second}]
"""
MENDED = PIPELINE.replace("v::INTEGER", "coalesce(try_cast(v AS INTEGER), 7)")
BAD = 7
NUMBERS = [number for number in range(12) if number != BAD]
MOST_MOMENTS = 50


class Place:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-file-target-")
        self.path = pathlib.Path(self.folder.name)
        self.write(PIPELINE)
        self.data = leat.Data(self.path / "leat-data")
        values = ["seven" if number == BAD else str(number) for number in range(12)]
        self.data.produce("numbers", [json.dumps({"id": number, "v": value}) for number, value in enumerate(values)])

    def write(self, pipeline):
        (self.path / "files.yaml").write_text(pipeline)

    def once(self, **env):
        return self.data.run_once(self.path / "files.yaml", env={"LEAT_EPOCH_RECORDS": 3, **env})

    def redrive(self, **env):
        return leat.leat("dlq", "redrive", self.path / "files.yaml", "--data", self.data.directory, env=env)

    def numbers(self, source):
        return [int(row[0]) for row in self.data.rows(f"SELECT n FROM {source} ORDER BY n", "--files")[1:]]

    def everywhere(self):
        files = {name: f"read_parquet('{self.data.directory}/hdfs/{name}/*.parquet')" for name in ("first", "second")}
        return {"beside": self.numbers("beside"), **{name: self.numbers(read) for name, read in files.items()}}


class FileTarget(unittest.TestCase):
    def place(self):
        place = Place()
        self.addCleanup(place.folder.cleanup)
        return place

    def check(self, place, numbers):
        self.assertEqual(place.everywhere(), {name: numbers for name in ("beside", "first", "second")})
        for name, sums in place.data.sums("files").items():
            if " " in name:
                self.assertEqual(sums, {"emitted": len(numbers), "delivered": len(numbers), "dead_lettered": 0}, name)

    def killed_at(self, step):
        """How many moments of this step there were."""
        for moment in range(1, MOST_MOMENTS):
            with self.subTest(moment=moment):
                place = self.place()
                killed = place.once(LEAT_CRASH_AT_DELIVERY=f"{step}:{moment}")
                if killed.returncode == leat.KILLED:
                    leat.must(place.once(), leat.DEAD_LETTERS)
                else:
                    leat.must(killed, leat.DEAD_LETTERS)
                self.check(place, NUMBERS)
                if killed.returncode != leat.KILLED:
                    return moment - 1
        self.fail("the process never came to its end")

    def test_before_the_files_are_there(self):
        self.assertEqual(self.killed_at("before"), 8)

    def test_when_the_files_are_there_and_nobody_knows(self):
        self.assertEqual(self.killed_at("delivered"), 8)

    def test_when_all_is_done(self):
        self.assertEqual(self.killed_at("done"), 8)

    def test_redrives(self):
        for step in ("before", "delivered", "done"):
            for moment in (1, 2):
                with self.subTest(step=step, moment=moment):
                    place = self.place()
                    leat.must(place.once(), leat.DEAD_LETTERS)
                    place.write(MENDED)
                    leat.must(place.redrive(LEAT_CRASH_AT_DELIVERY=f"{step}:{moment}"), leat.KILLED)
                    leat.must(place.redrive())
                    leat.must(place.once())
                    self.check(place, sorted([*NUMBERS, 7]))


if __name__ == "__main__":
    run_and_count()
