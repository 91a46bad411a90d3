"""Runs the fuzzers over their checked-in corpora; one test for each fuzzer.

  tests/fuzz.py BUILD-DIRECTORY [--hours N] [FUZZER…]

Without --hours each makes a fixed number of runs, LEAT_FUZZ_RUNS or LEAT_FUZZ_SECONDS of them, from a
fixed seed: a failure comes again. With --hours each goes on for that long, from a new seed that is
printed, and keeps what it learned in build/fuzz-corpus for the next time.

The corpus of src/a/b_fuzz.cc, if it has one, is the folder tests/corpora/b. What a fuzzer finds is
written to build/fuzz-findings; the fuzzer with that file as its only argument does it again.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FINDINGS = ROOT / "build" / "fuzz-findings"
GROWN = ROOT / "build" / "fuzz-corpus"


@dataclasses.dataclass(frozen=True)
class Limits:
    runs: int  # -1: any number
    seconds: int
    seed: int


def run(program, name, limits, grown):
    """(exit code, output) of one fuzzer, which adds what it learns to the folder `grown`."""
    if not program.exists():
        return 1, f"{program} was not built\n"
    corpus = ROOT / "tests" / "corpora" / name.removesuffix("_fuzz")
    command = [str(program), str(grown), *([str(corpus)] if corpus.is_dir() else []), f"-runs={limits.runs}",
               f"-max_total_time={limits.seconds}", f"-seed={limits.seed}", "-timeout=10", "-print_final_stats=1",
               f"-artifact_prefix={FINDINGS}/{name}-"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                            cwd=ROOT)
    return result.returncode, result.stdout


def run_briefly(program, name, limits):
    with tempfile.TemporaryDirectory() as grown:
        return run(program, name, limits, grown)


def run_long(program, name, limits):
    grown = GROWN / name
    grown.mkdir(parents=True, exist_ok=True)
    return run(program, name, limits, grown)


def main():
    flags = argparse.ArgumentParser(description="runs the fuzzers")
    flags.add_argument("build", type=pathlib.Path)
    flags.add_argument("--hours", type=float)
    flags.add_argument("fuzzer", nargs="*")
    options = flags.parse_intermixed_args()
    FINDINGS.mkdir(parents=True, exist_ok=True)
    names = options.fuzzer or sorted(source.stem for source in (ROOT / "src").rglob("*_fuzz.cc"))
    build = ROOT / options.build
    programs = [next(iter(build.glob(f"src/**/{name}")), build / name) for name in names]
    runner, limits = run_briefly, Limits(int(os.environ.get("LEAT_FUZZ_RUNS", "20000")),
                                         int(os.environ.get("LEAT_FUZZ_SECONDS", "15")), seed=1)
    if options.hours:
        runner, limits = run_long, Limits(-1, max(1, round(options.hours * 3600)), random.randrange(1, 10**6))
        print(f"seed {limits.seed}", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = pool.map(runner, programs, names, [limits] * len(names))
        for number, (name, (code, output)) in enumerate(zip(names, results), 1):
            runs = re.search(r"number_of_executed_units: (\d+)", output)
            print(f"[{number}/{len(names)}] {name}: exit code {code}, {runs.group(1) if runs else 'no'} runs",
                  flush=True)
            if code:
                failed += 1
                print(output[-6000:])
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
