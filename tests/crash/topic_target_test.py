#!/usr/bin/env python3
"""Kills `leat run --once` at each delivery of a stream into a topic: before the topic has the rows, when it has them
and the outbox does not know yet, and after that.

Whatever the moment, the next start goes on: each row is one record of the topic, and the streams that read it have
each of them once.
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
pipeline: chain
streams:
  appended:
    sql: SELECT id, n FROM middle
    into: {table: appended}
  latest:
    sql: SELECT id, n FROM middle
    into: {table: latest, key: id}
  middle:
    sql: SELECT id, v::INTEGER AS n FROM numbers
    into: {topic: middle, key: id}
topics:
  middle: {partitions: 2}
"""
KEYS = 4
BAD = 7
NUMBERS = [number for number in range(12) if number != BAD]
MOST_MOMENTS = 50


class Place:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-topic-target-")
        self.path = pathlib.Path(self.folder.name)
        (self.path / "chain.yaml").write_text(PIPELINE)
        self.data = leat.Data(self.path / "leat-data")
        values = ["seven" if number == BAD else str(number) for number in range(12)]
        self.data.produce("numbers", [json.dumps({"id": number % KEYS, "v": value})
                                      for number, value in enumerate(values)])

    def once(self, **env):
        return self.data.run_once("chain.yaml", env={"LEAT_EPOCH_RECORDS": 3, **env})

    def rows(self, query):
        return [tuple(map(int, row)) for row in self.data.rows(query)[1:]]

    def topic(self):
        consumed = leat.must(leat.leat("topic", "consume", "middle", "--from", "beginning", "--data",
                                       self.data.directory))
        return sorted(json.loads(line)["n"] for line in consumed.stdout.splitlines())


class TopicTarget(unittest.TestCase):
    def check(self, place):
        self.assertEqual(place.topic(), NUMBERS)
        self.assertEqual(place.rows("SELECT id, n FROM appended ORDER BY n"),
                         [(number % KEYS, number) for number in NUMBERS])
        latest = {number % KEYS: number for number in NUMBERS}
        self.assertEqual(dict(place.rows("SELECT id, n FROM latest")), latest)

    def killed_at(self, step):
        """How many moments of this step there were."""
        for moment in range(1, MOST_MOMENTS):
            with self.subTest(moment=moment):
                place = Place()
                self.addCleanup(place.folder.cleanup)
                killed = place.once(LEAT_CRASH_AT_DELIVERY=f"{step}:{moment}")
                if killed.returncode == leat.KILLED:
                    leat.must(place.once(), leat.DEAD_LETTERS)
                else:
                    leat.must(killed, leat.DEAD_LETTERS)
                self.check(place)
                if killed.returncode != leat.KILLED:
                    return moment - 1
        self.fail("the process never came to its end")

    def test_before_the_topic_has_them(self):
        self.assertGreaterEqual(self.killed_at("before"), 4)

    def test_when_the_topic_has_them_and_nobody_knows(self):
        self.assertGreaterEqual(self.killed_at("delivered"), 4)

    def test_when_all_is_done(self):
        self.assertGreaterEqual(self.killed_at("done"), 4)


if __name__ == "__main__":
    run_and_count()
