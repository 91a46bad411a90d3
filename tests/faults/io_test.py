#!/usr/bin/env python3
"""Every I/O of a small, whole main job fails once: the program says what failed, and the next start
completes with nothing lost and nothing doubled.

  tests/faults/io_test.py [--cases N|all] [--seed N] [--keep] [CASE…]

A case is SCENARIO/CALLS/FAILURE/NUMBER, as the test prints it: fresh/write/ENOSPC/17. Without cases
a spread of all of them is tried, chosen by the seed that is printed first; LEAT_FAULTS=all (or
--cases all) tries every one.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "crash")]
import leat
import shim
from job import Job, write

CASES = 240
WORKERS = os.cpu_count() or 2
# Several epochs, so that there is something before and behind each fault.
EPOCHS = {"LEAT_EPOCH_RECORDS": 3}
# Each letter in a transaction of its own.
LETTERS = {"LEAT_EPOCH_RECORDS": 1}
SCENARIOS = ("fresh", "resumed", "redrive")


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: str  # fresh: from nothing; resumed: on what a kill has left; redrive: of a run's dead letters
    fault: shim.Fault

    def __str__(self):
        return f"{self.scenario}/{self.fault.calls}/{self.fault.failure}/{self.fault.at}"


class Wrong(Exception):
    """What the program did is not what it should."""


class Bench:
    """What all cases share: the library, the API, the killed directory, and how it should end."""

    def __init__(self, work, library, url):
        self.work, self.library, self.url = work, library, url
        self.pipeline = work / "faults.yaml"
        self.killed = work / "killed"
        self.finished = work / "finished"
        self.references = {}  # by the number of finished runs

    def job(self, folder):
        folder.mkdir()
        return Job(self.pipeline, folder, self.url)

    def start(self, scenario, folder):
        job = self.job(folder)
        before = {"resumed": self.killed, "redrive": self.finished}.get(scenario)
        if before:
            shutil.copytree(before / "data", job.data.directory, ignore=shutil.ignore_patterns("*.sock"))
        return job

    def prepare(self):
        job = self.job(self.work / "undisturbed")
        for runs in (1, 2):
            self.expect(leat.must(job.run(**EPOCHS), leat.DEAD_LETTERS), leat.DEAD_LETTERS)
            self.references[runs] = job.state()
            if self.references[runs]["runs"] != runs:
                raise Wrong(f"{runs} runs are done, not {self.references[runs]['runs']}")
        finished = self.job(self.finished)
        leat.must(finished.run(**EPOCHS), leat.DEAD_LETTERS)
        redriven = self.start("redrive", self.work / "redriven")
        leat.must(redriven.redrive(**LETTERS), leat.OK)
        leat.must(redriven.run(**EPOCHS), leat.DEAD_LETTERS)
        self.redriven = redriven.state()
        killed = self.job(self.killed)
        leat.must(killed.run(LEAT_CRASH_AFTER_EPOCH=2, **EPOCHS), leat.KILLED)

    def count(self, scenario):
        """The calls of each class in a run without a fault."""
        job = self.start(scenario, self.work / f"count-{scenario}")
        result, report = self.run(job, scenario, None)
        self.expect(result, leat.OK if scenario == "redrive" else leat.DEAD_LETTERS)
        return report.counts

    def run(self, job, scenario, fault):
        report = job.data.directory.parent / "report"
        variables = shim.environment(self.library, job.data.directory, report, fault)
        result = job.redrive(**LETTERS, **variables) if scenario == "redrive" else job.run(**EPOCHS, **variables)
        return result, shim.read_report(report)

    def wanted(self, scenario, state):
        """The state that the directory should be in after so many runs."""
        if scenario == "redrive":
            return self.redriven
        return self.references.get(state["runs"]) or {"runs": "1 or 2"}

    @staticmethod
    def expect(result, *codes):
        if result.returncode not in codes:
            raise Wrong(f"exit code {result.returncode}, not {codes}:\n{result.stderr[-3000:]}")


def known_reasons(case, failed):
    """What the program may say of the failure: the system's words, but where SQLite does not keep them."""
    reasons = [os.strerror(case.fault.error)]
    name = pathlib.Path(failed).name
    if name == "meta.db-journal":  # it is closed by then
        reasons.append("disk I/O error")
    if name.startswith("meta.db") and case.fault.calls == "open":  # it is then opened for reading only
        reasons += ["unable to open database file", "attempt to write a readonly database"]
    return reasons


def check_message(case, failed, result, job):
    """A run that failed says why, and where."""
    said = result.stderr
    reasons = known_reasons(case, failed)
    if not any(reason in said for reason in reasons):
        raise Wrong(f"says none of {reasons} ({failed}):\n{said[-3000:]}")
    if case.fault.calls in shim.NETWORK:
        named = job.url in said
    else:
        named = str(job.data.directory) in said or re.search(r"\b(people|__[a-z_]+)-\d", said)
    if not named:
        raise Wrong(f"names neither file, topic nor URL ({failed}):\n{said[-3000:]}")
    if "leat repair" in said:
        raise Wrong(f"takes a failed call for damage ({failed}):\n{said[-3000:]}")


def check_sync(failed, result):
    """A failed sync of the log is never tried again and acknowledged: the partition takes no more, so
    that the run fails; but for the last one, when all that it held was synced before."""
    if result.returncode == leat.FAILED or "closing the log" in result.stderr:
        return
    raise Wrong(f"went on after a failed sync of {failed}:\n{result.stderr[-3000:]}")


def try_case(bench, case, folder):
    """Runs the case; what it came to in one word. Raises Wrong."""
    job = bench.start(case.scenario, folder)
    try:
        result, report = bench.run(job, case.scenario, case.fault)
    except subprocess.TimeoutExpired as hung:
        raise Wrong(f"hangs: {(hung.stderr or b'')[-3000:]}") from None
    bench.expect(result, leat.OK, leat.FAILED, leat.DEAD_LETTERS)
    if result.returncode == leat.FAILED:
        if not report.failed:
            raise Wrong(f"failed without a fault:\n{result.stderr[-3000:]}")
        check_message(case, report.failed, result, job)
    if case.fault.calls == "sync" and report.failed.endswith(".log"):
        check_sync(report.failed, result)
    if case.scenario == "redrive":
        bench.expect(job.redrive(**LETTERS), leat.OK)
    if case.scenario == "redrive" or result.returncode == leat.FAILED:
        bench.expect(job.run(**EPOCHS), leat.DEAD_LETTERS)
    state = job.state()
    for name, value in bench.wanted(case.scenario, state).items():
        if state[name] != value:
            raise Wrong(f"{name}: {difference(state[name], value)}; the run before said\n{result.stderr[-3000:]}")
    if not report.failed:
        return "never reached"
    return "stopped" if result.returncode == leat.FAILED else "went on"


def difference(found, wanted):
    if isinstance(found, collections.Counter):
        return f"missing {dict(wanted - found)}, too many {dict(found - wanted)}"
    return f"{found}, not {wanted}"


def all_cases(bench):
    cases = []
    for scenario in SCENARIOS:
        counts = bench.count(scenario)
        print(f"{scenario}: " + ", ".join(f"{number} {calls}" for calls, number in counts.items()), flush=True)
        for calls, failures in shim.FAILURES.items():
            cases += [Case(scenario, shim.Fault(calls, failure, at))
                      for failure in failures for at in range(1, counts[calls] + 1)]
    return cases


def spread(cases, number, dice):
    """About `number` of the cases, some of every class and failure."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[case.scenario, case.fault.calls, case.fault.failure].append(case)
    share = number / len(cases)
    chosen = []
    for group in groups.values():
        chosen += dice.sample(group, min(len(group), max(1, round(share * len(group)))))
    return chosen


def parse_case(text):
    scenario, calls, failure, at = text.split("/")
    return Case(scenario, shim.Fault(calls, failure, int(at)))


def try_all(bench, cases, keep):
    """Prints each failure, and returns how many there were."""
    outcomes = collections.Counter()
    failed = 0
    started = time.monotonic()
    folders = [bench.work / str(case).replace("/", "-") for case in cases]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        runs = {pool.submit(try_case, bench, case, folder): (case, folder)
                for case, folder in zip(cases, folders)}
        for number, done in enumerate(concurrent.futures.as_completed(runs), 1):
            case, folder = runs[done]
            try:
                outcomes[done.result()] += 1
                if not keep:
                    shutil.rmtree(folder)
            except (Wrong, leat.Unexpected, OSError, subprocess.SubprocessError) as error:
                failed += 1
                print(f"{case}: {error}\nits directory is {folder}", flush=True)
            if number % 20 == 0:
                print(f"[{number}/{len(cases)}] faults", flush=True)
    print(", ".join(f"{number} {word}" for word, number in sorted(outcomes.items())) +
          f" in {time.monotonic() - started:.0f} s", flush=True)
    return failed


def main():
    flags = argparse.ArgumentParser(description="every I/O fails once")
    flags.add_argument("--cases", default=os.environ.get("LEAT_FAULTS", str(CASES)))
    flags.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    flags.add_argument("--keep", action="store_true", help="keep the directories of all cases")
    flags.add_argument("case", nargs="*")
    options = flags.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="leat-faults-"))
    library = shim.build(work)
    if library is None:
        print("SKIPPED: there is no C compiler to build failing_io.c with\n0 passed, 0 failed, 1 skipped")
        return 0
    write(work)
    failed = 1
    try:
        with leat.MockApi("--records", work / "people.json") as api:
            bench = Bench(work, library, api.url)
            bench.prepare()
            cases = [parse_case(text) for text in options.case] or all_cases(bench)
            if not options.case and options.cases != "all":
                print(f"seed {options.seed}: {options.cases} of {len(cases)} cases", flush=True)
                cases = spread(cases, int(options.cases), random.Random(options.seed))
            failed = try_all(bench, cases, options.keep)
        print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped", flush=True)
    finally:
        if failed or options.keep:
            print(f"the directories are in {work}", file=sys.stderr)
        else:
            shutil.rmtree(work)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
