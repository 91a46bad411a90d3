#!/usr/bin/env python3
"""Kills `leat run --once` with -9 at random moments while the API it reads misbehaves, and then the
redrive of its dead letters.

  tests/crash/kill_test.py [--kills 200] [--redrive-kills 60] [--seed N] [--keep]

At the end nothing is missing and nothing is there twice: the tables, dead letters and counts equal
those of a run that nobody disturbed. A run that comes to its end before the last kill is followed by
another one (it fetches everything again); the undisturbed side then runs as often.

Then `leat dlq redrive` of a mended pipeline is killed as often as was said, on one side, while two of
them run at once now and then; the other side redrives once. Letters of the task, of a stream and of a
target become records and rows, each in a transaction of its own. Both sides run once more.

The seed, printed first, gives the people, the API's misbehaviour and the moments; moments depend on
the machine's speed too, so that a failure may need several tries to come again.
"""
import argparse
import collections
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
import people
from counted import report

PAGE, PAGES = 25, 40
COUNTS = ("fetched", "produced", "read", "written", "filtered", "dead_lettered")
FINISH_SECONDS = 300
MISBEHAVIOUR = ["--fail", "429:0.02", "--fail", "500:0.05", "--slow", "5000:0.02", "--slow", "40:0.3",
                "--truncate", "0.04"]

PIPELINE = f"""\
pipeline: kills
tasks:
  fetch_people:
    http:
      url: ${{USERS_API}}
      query: {{results: {PAGE}, seed: kills}}
      records: results[*]
      paginate: {{page: {{param: page, start: 1}}}}
      max_pages: {PAGES}
      timeouts: {{connect: 2s, idle: 400ms, total: 3s}}
      retries: {{count: 8, delay: 10ms, max_delay: 50ms}}
    retries: {{count: 1000, delay: 20ms, backoff: exponential, max_delay: 100ms}}
    into:
      - {{topic: people, key: login.uuid}}
      - {{postgres: raw_people, key: login.uuid}}
streams:
  users:
    sql: |
      SELECT login.uuid::UUID AS id, name.first || ' ' || name.last AS name,
             location.postcode::VARCHAR AS postcode, dob.date::TIMESTAMPTZ AS dob, version
      FROM people
    into: {{cassandra: spark_streams.users, key: id}}
  history:
    sql: SELECT login.uuid AS id, version FROM people WHERE version % 3 <> 0
    into: {{table: history}}
topics:
  people: {{partitions: 3}}
"""
# The same with nothing that makes a letter: each one can be run again.
MENDED = (PIPELINE.replace("topic: people, key: login.uuid", "topic: people, key: login.username")
          .replace("login.uuid::UUID", "md5(concat(login.uuid, version))::UUID")
          .replace("dob.date::TIMESTAMPTZ", "TRY_CAST(dob.date AS TIMESTAMPTZ)"))
LETTERS = {"LEAT_EPOCH_RECORDS": 1}
TABLES = {
    "users": "SELECT id, name, postcode, dob, version FROM spark_streams.users ORDER BY ALL",
    "raw_people": "SELECT login.uuid, login.username, version FROM raw_people ORDER BY ALL",
    "history": "SELECT id, version FROM history ORDER BY ALL",
    "topic": "SELECT login.uuid, version FROM topic('people') ORDER BY ALL",
}


class Side:
    """One data directory with what its finished runs counted."""

    def __init__(self, work, name):
        self.data = leat.Data(work / name / "data")
        (work / name).mkdir()
        self.output, self.errors = work / name / "output", work / name / "errors"
        self.pipeline, self.mended = work / "kills.yaml", work / "mended.yaml"
        self.counts = collections.Counter()
        self.rounds = 0  # runs that came to their end; a killed process may have finished its run

    def start(self, url):
        return self.popen(url, {}, "run", self.pipeline, "--once", "--json")

    def redrive(self, url):
        return self.popen(url, LETTERS, "dlq", "redrive", self.mended, "--json")

    def popen(self, url, variables, *arguments):
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            return subprocess.Popen(
                [str(leat.PROGRAM), *map(str, arguments), "--data", str(self.data.directory)],
                stdout=output, stderr=errors, env=leat.environment(USERS_API=url, **variables),
                cwd=self.output.parent)

    def finished(self, process):
        """Checks a run that came to its end by itself."""
        leat.must(subprocess.CompletedProcess(process.args, process.returncode,
                                              self.output.read_text(errors="replace"),
                                              self.errors.read_text(errors="replace")),
                  leat.OK, leat.DEAD_LETTERS)

    def count(self):
        """Adds up the runs that have succeeded."""
        runs = [run for run in self.data.runs() if run["state"] == "success"]
        self.rounds = len(runs)
        self.counts = collections.Counter()
        for run in runs:
            self.counts.update({name: run[name] for name in COUNTS})

    def run_to_the_end(self, url):
        process = self.start(url)
        process.wait(timeout=FINISH_SECONDS)
        self.finished(process)
        self.count()

    def letters(self):
        # Offsets differ: an aborted transaction leaves a gap.
        return collections.Counter((each["stage"], each["error"], each.get("value") or each["value_hex"])
                                   for each in self.data.letters())


def moment(dice):
    """Seconds until the kill: half of them while the process starts and recovers."""
    return dice.uniform(0, 0.25) if dice.random() < 0.5 else dice.uniform(0.1, 1.2)


def disturb(side, url, kills, dice):
    done = 0
    while done < kills:
        process = side.start(url)
        try:
            process.wait(timeout=moment(dice))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode == leat.KILLED:
            done += 1
            if done % 10 == 0:
                print(f"[{done}/{kills}] kills", flush=True)
        else:
            side.finished(process)


def disturb_redrive(side, url, kills, dice):
    """Until it has been killed so often, or there is nothing left to redrive."""
    done = 0
    while done < kills and side.letters():
        processes = [side.redrive(url) for _ in range(dice.choice([1, 1, 2]))]
        time.sleep(dice.uniform(0.02, 0.35))
        for process in processes:
            process.kill()
            done += process.wait() == leat.KILLED
    process = side.redrive(url)
    process.wait(timeout=FINISH_SECONDS)
    side.finished(process)
    return done


class Kills(unittest.TestCase):
    """Both sides have run; each test compares one thing."""
    disturbed = undisturbed = None
    maxDiff = 4000

    def test_tables(self):
        for name, query in TABLES.items():
            with self.subTest(table=name):
                wanted = collections.Counter(map(tuple, self.undisturbed.data.rows(query)))
                found = collections.Counter(map(tuple, self.disturbed.data.rows(query)))
                self.assertGreater(len(wanted), 1)
                self.assertEqual(wanted - found, collections.Counter(), "missing")
                self.assertEqual(found - wanted, collections.Counter(), "too many")

    def test_dead_letters(self):
        self.assertGreater(len(self.undisturbed.letters()), 0)
        self.assertEqual(self.disturbed.letters(), self.undisturbed.letters())

    def test_counts(self):
        self.assertEqual(dict(self.disturbed.counts), dict(self.undisturbed.counts))

    def test_sums(self):
        self.assertEqual(self.disturbed.data.sums("kills"), self.undisturbed.data.sums("kills"))

    def test_everything_was_fetched_once(self):
        self.assertEqual(self.disturbed.counts["fetched"], PAGE * PAGES * self.disturbed.rounds)


def compare():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Kills)
    return unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)


def redrive_both(kills, dice, records):
    letters = sum(Kills.disturbed.letters().values())
    with leat.MockApi(*records) as api:
        done = disturb_redrive(Kills.disturbed, api.url, kills, dice)
        print(f"{done} kills of redrives of {letters} letters", flush=True)
        process = Kills.undisturbed.redrive(api.url)
        process.wait(timeout=FINISH_SECONDS)
        Kills.undisturbed.finished(process)
        for side in (Kills.disturbed, Kills.undisturbed):
            side.run_to_the_end(api.url)


def main():
    flags = argparse.ArgumentParser(description="kill -9 at random moments")
    flags.add_argument("--kills", type=int, default=200)
    flags.add_argument("--redrive-kills", type=int, default=60)
    flags.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    flags.add_argument("--keep", action="store_true", help="keep the data directories")
    options = flags.parse_args()
    print(f"seed {options.seed}", flush=True)
    dice = random.Random(options.seed)
    work = pathlib.Path(tempfile.mkdtemp(prefix="leat-kills-"))
    try:
        people.write(work / "people.json", options.seed, PAGE * PAGES, PAGE, "kills")
        (work / "kills.yaml").write_text(PIPELINE)
        (work / "mended.yaml").write_text(MENDED)
        records = ["--records", work / "people.json"]
        Kills.disturbed, Kills.undisturbed = Side(work, "disturbed"), Side(work, "undisturbed")
        started = time.monotonic()
        with leat.MockApi(*records, *MISBEHAVIOUR, "--seed", options.seed) as api:
            disturb(Kills.disturbed, api.url, options.kills, dice)
            Kills.disturbed.run_to_the_end(api.url)
        print(f"{options.kills} kills and {Kills.disturbed.rounds} finished runs in "
              f"{time.monotonic() - started:.0f} s", flush=True)
        with leat.MockApi(*records) as api:
            while Kills.undisturbed.rounds < Kills.disturbed.rounds:
                Kills.undisturbed.run_to_the_end(api.url)
        result = compare()
        if result.wasSuccessful():
            redrive_both(options.redrive_kills, dice, records)
            print("after the redrives", flush=True)
            again = compare()
            result.failures += again.failures
            result.errors += again.errors
            result.testsRun += again.testsRun
        options.keep = options.keep or not result.wasSuccessful()
        report(result)
    except BaseException as error:
        options.keep = options.keep or not isinstance(error, SystemExit)
        raise
    finally:
        if options.keep:
            print(f"the data directories are in {work} (seed {options.seed})", file=sys.stderr)
        else:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
