#!/usr/bin/env python3
"""Kills `leat run` right before and right after each change of the runs' rows in meta.db, in turn.

Whatever the moment, the next start goes on: every record is there once, each task has succeeded once, and
the run is one row that says so.
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import leat
from counted import run_and_count

PIPELINE = """\
pipeline: changes
SCHEDULE
tasks:
  first:
    file: {path: "${DIR}/first.ndjson"}
    into: {topic: firsts, key: id}
  second:
    file: {path: "${DIR}/second.ndjson"}
    after: [first]
    retries: {count: 1, delay: 1ms}
    into: {topic: seconds, key: id}
  third:
    file: {path: "${DIR}/third.ndjson"}
    after: [second]
    into: {topic: thirds, key: id}
streams:
  all_firsts:
    sql: SELECT id FROM firsts
    into: {table: kept}
"""
RECORDS = {"first": 3, "second": 2, "third": 1}
MOST_MOMENTS = 200


class Place:
    def __init__(self, schedule=""):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-changes-")
        self.path = pathlib.Path(self.folder.name)
        (self.path / "changes.yaml").write_text(PIPELINE.replace("SCHEDULE\n", schedule))
        for task in RECORDS:
            self.write(task)
        self.data = leat.Data(self.path / "leat-data")

    def write(self, task):
        lines = [json.dumps({"id": number}) for number in range(RECORDS[task])]
        (self.path / f"{task}.ndjson").write_text("\n".join(lines) + "\n")

    def once(self, **env):
        return leat.leat("run", "changes.yaml", "--once", env={"DIR": self.path, **env}, cwd=self.path)

    def start(self, **env):
        return subprocess.Popen([str(leat.PROGRAM), "run", "changes.yaml"], cwd=self.path,
                                env=leat.environment(DIR=self.path, **env), stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def topic(self, name):
        consumed = leat.must(leat.leat("topic", "consume", name, "--from", "beginning", "--data", self.data.directory))
        return sorted(json.loads(line)["id"] for line in consumed.stdout.splitlines())


class RunChanges(unittest.TestCase):
    def at_each_moment(self, schedule, act):
        """Calls `act` with a new place and what makes a process crash there, until it no longer crashes."""
        for moment in range(1, MOST_MOMENTS):
            with self.subTest(moment=moment):
                place = Place(schedule)
                self.addCleanup(place.folder.cleanup)
                if not act(place, {"LEAT_CRASH_AT_RUN_CHANGE": moment}):
                    return moment - 1
        self.fail("the process never came to its end")

    def check(self, place, run_type):
        """All of it is done, once."""
        runs = place.data.runs()
        self.assertEqual([(run["state"], run["run_type"]) for run in runs], [("success", run_type)])
        self.assertEqual(runs[0]["fetched"], sum(RECORDS.values()))
        succeeded = [each["task"] for each in runs[0]["tasks"] if each["state"] == "success"]
        self.assertEqual(sorted(succeeded), sorted(RECORDS))
        for each in runs[0]["tasks"]:
            self.assertIn(each["state"], ("success", "restarting", "up_for_retry", "failed"))
            self.assertIsNotNone(each["end_date"])
        for task, count in RECORDS.items():
            self.assertEqual(place.topic(f"{task}s"), list(range(count)))
        return runs[0]

    def test_once(self):
        def act(place, crash):
            killed = place.once(**crash).returncode
            self.assertIn(killed, (leat.OK, leat.KILLED))
            if killed == leat.OK:
                return False
            before = place.data.runs()
            self.assertLessEqual(len(before), 1)
            for run in before:
                self.assertIn(run["state"], ("queued", "success"))  # a command has looked at what was left
            if not before or before[0]["state"] == "queued":
                leat.must(place.once())
            run = self.check(place, "manual")
            if before:
                self.assertEqual(run["run"], before[0]["run"])
            self.assertEqual(place.data.rows("SELECT count(*) FROM kept")[1], [str(RECORDS["first"])])
            return True

        self.assertGreaterEqual(self.at_each_moment("", act), 20)

    def test_a_task_that_fails(self):
        def act(place, crash):
            (place.path / "second.ndjson").unlink()
            killed = place.once(**crash).returncode
            self.assertIn(killed, (leat.FAILED, leat.USER_ERROR, leat.KILLED))
            if killed == leat.KILLED:
                self.assertIn(place.once().returncode, (leat.FAILED, leat.USER_ERROR))
            failed, = place.data.runs()
            self.assertEqual(failed["state"], "failed")
            self.assertIn("task second: ", failed["error"])
            states = {each["task"]: each["state"] for each in failed["tasks"]}
            self.assertEqual(states, {"first": "success", "second": "failed", "third": "upstream_failed"})
            place.write("second")
            leat.must(place.once())
            run = self.check(place, "manual")
            self.assertEqual(run["run"], failed["run"])
            return killed == leat.KILLED

        self.assertGreaterEqual(self.at_each_moment("", act), 16)

    def test_on_the_timetable(self):
        def has_run(process, place):
            try:
                return any(run["state"] == "success" for run in place.data.runs())
            except leat.Unexpected:
                process.wait(timeout=leat.TIMEOUT_SECONDS)  # killed while it answered, or this raises
                return True

        def until_done(process, place):
            leat.wait_until(lambda: process.poll() is not None or has_run(process, place))
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            return process.wait(timeout=leat.TIMEOUT_SECONDS)

        def act(place, crash):
            process = place.start(**crash)
            leat.wait_until(lambda: process.poll() is not None or (place.data.directory / "leat.sock").exists())
            killed = until_done(process, place)
            again = place.start()
            leat.wait_until((place.data.directory / "leat.sock").exists)
            until_done(again, place)
            run = self.check(place, "scheduled")
            self.assertTrue(run["run"].startswith("scheduled__"))
            self.assertEqual(run["logical_date"], run["data_interval_start"])
            return killed == leat.KILLED

        self.assertGreaterEqual(self.at_each_moment('schedule: "@yearly"\n', act), 20)


if __name__ == "__main__":
    run_and_count()
