#!/usr/bin/env python3
"""A running pipeline on a disk that fills up, and gets room again.

  tests/faults/full_disk_test.py

The disk is a tmpfs: mounted by root, or by anybody in a namespace of his own. Skipped where neither is
allowed.
"""
import contextlib
import errno
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
from counted import run_and_count

PEOPLE = 300
PATIENCE_SECONDS = 90
FULL = "tasks and streams wait until"
ROOM_AGAIN = "there is room on the disk"

PIPELINE = f"""\
pipeline: full
schedule: {{every: 1s}}
tasks:
  fetch_people:
    http:
      url: ${{USERS_API}}
      query: {{results: {PEOPLE}, seed: full}}
      records: results[*]
    retries: {{count: 2, delay: 100ms}}
    into:
      - {{topic: people, key: login.uuid}}
      - {{postgres: raw_people, key: login.uuid}}
streams:
  history:
    sql: SELECT login.uuid AS id, email, picture.large AS picture FROM people
    into:
      - {{table: history}}
      - {{hdfs: history}}
topics:
  people: {{partitions: 2}}
"""
# Of each person: how often in the topic, in the appended table, in the files.
PLACES = {
    "topic": "SELECT login.uuid AS id, count(*) AS n FROM topic('people') GROUP BY ALL ORDER BY ALL",
    "history": "SELECT id, count(*) AS n FROM history GROUP BY ALL ORDER BY ALL",
    "parquet": "SELECT id, count(*) AS n FROM read_parquet('{hdfs}/*.parquet') GROUP BY ALL ORDER BY ALL",
}


def mount(directory, megabytes):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "leat-full-disk", str(directory)],
                          capture_output=True, text=True)


def become_root():
    """Starts this program anew as the root of a namespace of its own, where that is allowed."""
    namespace = ["unshare", "--map-root-user", "--mount"]
    if os.geteuid() != 0 and shutil.which("unshare") and \
            subprocess.run([*namespace, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.execvp("unshare", [*namespace, sys.executable, *sys.argv])


class FullDisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="leat-full-disk-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "full.yaml").write_text(PIPELINE)
        records = leat.ROOT / "examples" / "users" / "randomuser_1000.json"
        cls.api = cls.enterClassContext(leat.MockApi("--records", records))

    def setUp(self):
        self.disk = self.folder / self.id().rpartition(".")[2]
        self.disk.mkdir()
        self.process = None

    def mount(self, megabytes):
        mounted = mount(self.disk, megabytes)
        if mounted.returncode != 0:
            print(f"\n{mounted.stderr.strip()}\n"
                  "SKIPPED: no disk was filled up: to mount one takes root, or user namespaces", flush=True)
            self.skipTest("no tmpfs can be mounted")
        self.addCleanup(subprocess.run, ["umount", str(self.disk)], check=True)
        self.addCleanup(self.kill)
        self.data = leat.Data(self.disk / "data")

    def fill(self, leave_megabytes=0):
        """The file that takes the room."""
        ballast = self.disk / "ballast"
        size = shutil.disk_usage(self.disk).free - (leave_megabytes << 20) if leave_megabytes else math.inf
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.tell() < size:
                file.write(bytes(1 << 12))
        return ballast

    def start(self):
        self.errors = (self.folder / f"{self.disk.name}.errors").open("w+")
        self.addCleanup(self.errors.close)
        self.process = subprocess.Popen(
            [str(leat.PROGRAM), "run", str(self.folder / "full.yaml"), "--data", str(self.data.directory)],
            stdout=subprocess.DEVNULL, stderr=self.errors, env=leat.environment(USERS_API=self.api.url))

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def said(self):
        return pathlib.Path(self.errors.name).read_text(errors="replace")

    def wait_for(self, what, condition):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self.fail(f"the process ended with {self.process.returncode} before {what}:\n{self.said()[-4000:]}")
            if condition():
                return
            time.sleep(0.1)
        self.fail(f"{what} did not come:\n{self.said()[-4000:]}")

    def records(self):
        """How many the topic has; 0 before there is one."""
        result = leat.leat("topic", "describe", "people", "--json", "--data", self.data.directory)
        if result.returncode != 0:
            return 0
        return sum(each["end"] - each["start"] for each in json.loads(result.stdout)["partitions"])

    def check_reads(self):
        """Everything that was stored can be read."""
        for query in (PLACES["topic"], PLACES["history"]):
            self.assertEqual(len(self.data.rows(query)), PEOPLE + 1)
        consumed = leat.must(leat.leat("topic", "consume", "people", "--count", 3, "--data", self.data.directory))
        self.assertEqual(len(consumed.stdout.splitlines()), 3)
        self.assertEqual(self.data.letters(), [])

    def check_refused(self):
        """Nothing more is taken in, and who tries is told why."""
        refused = leat.leat("topic", "produce", "more", "--data", self.data.directory, input="{}\n" * 100_000)
        self.assertEqual(refused.returncode, leat.FAILED, refused.stdout + refused.stderr)
        self.assertIn(os.strerror(errno.ENOSPC), refused.stderr)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=30), leat.OK, self.said()[-4000:])

    def check_nothing_lost_or_doubled(self):
        """Every fetch brought every person once: all have the same number, in every place."""
        found = {place: self.data.rows(query.format(hdfs=self.data.directory / "hdfs" / "history"), "--files")[1:]
                 for place, query in PLACES.items()}
        self.assertEqual(len(found["topic"]), PEOPLE)
        self.assertEqual(len({number for _, number in found["topic"]}), 1)
        self.assertEqual(found["history"], found["topic"])
        self.assertEqual(found["parquet"], found["topic"])

    def check_messages(self):
        self.assertEqual(self.said().count(FULL), 1, self.said())
        self.assertEqual(self.said().count(ROOM_AGAIN), 1, self.said())

    def test_somebody_else_fills_the_disk(self):
        self.mount(160)
        self.start()
        self.wait_for("the first records", lambda: self.records() > PEOPLE)
        ballast = self.fill()
        self.wait_for("the message", lambda: FULL in self.said())
        # What was under way comes to its end or is refused; then nothing moves.
        time.sleep(1)
        before = self.records()
        self.check_reads()
        self.check_refused()
        time.sleep(3)
        self.assertEqual(self.records(), before)
        self.check_reads()
        ballast.unlink()
        self.wait_for("more records", lambda: self.records() > before + 2 * PEOPLE)
        self.stop()
        self.check_messages()
        self.check_nothing_lost_or_doubled()

    def test_its_own_records_fill_the_disk(self):
        self.mount(160)
        ballast = self.fill(leave_megabytes=32)
        self.start()
        self.wait_for("the message", lambda: FULL in self.said())
        time.sleep(1)
        before = self.records()
        self.check_reads()
        ballast.unlink()
        self.wait_for("more records", lambda: self.records() > before + 2 * PEOPLE)
        self.stop()
        self.check_messages()
        self.check_nothing_lost_or_doubled()

    def test_a_run_of_once_ends_and_the_next_one_goes_on(self):
        self.mount(160)
        once = [self.folder / "full.yaml"]
        env = {"USERS_API": self.api.url}
        leat.must(self.data.run_once(*once, env=env))
        ballast = self.fill()
        failed = self.data.run_once(*once, env=env)
        self.assertEqual(failed.returncode, leat.FAILED, failed.stderr)
        self.assertIn(os.strerror(errno.ENOSPC), failed.stderr)
        ballast.unlink()
        leat.must(self.data.run_once(*once, env=env))
        self.check_nothing_lost_or_doubled()


if __name__ == "__main__":
    become_root()
    run_and_count()
