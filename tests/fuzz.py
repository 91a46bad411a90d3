"""Runs every fuzzer a fixed number of times over its checked-in corpus; one test for each fuzzer.

  tests/fuzz.py BUILD-DIRECTORY

The corpus of src/a/b_fuzz.cc, if it has one, is the folder tests/corpora/b. The seed is fixed: a
failure comes again. What a fuzzer finds is written to build/fuzz-findings.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = os.environ.get("LEAT_FUZZ_RUNS", "20000")
SECONDS = os.environ.get("LEAT_FUZZ_SECONDS", "15")


def run(program, corpus, findings):
    """(exit code, output) of one fuzzer."""
    if not program.exists():
        return 1, f"{program} was not built\n"
    with tempfile.TemporaryDirectory() as grown:
        command = [str(program), grown, *([str(corpus)] if corpus.is_dir() else []), f"-runs={RUNS}",
                   f"-max_total_time={SECONDS}", "-seed=1", "-timeout=10", "-print_final_stats=1",
                   f"-artifact_prefix={findings}/{program.name}-"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                errors="replace", cwd=ROOT)
    return result.returncode, result.stdout


def main():
    build = ROOT / sys.argv[1]
    findings = ROOT / "build" / "fuzz-findings"
    findings.mkdir(parents=True, exist_ok=True)
    names = sorted(source.stem for source in (ROOT / "src").rglob("*_fuzz.cc"))
    programs = [next(iter(build.glob(f"src/**/{name}")), build / name) for name in names]
    corpora = [ROOT / "tests" / "corpora" / name.removesuffix("_fuzz") for name in names]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = pool.map(run, programs, corpora, [findings] * len(names))
        for number, (name, (code, output)) in enumerate(zip(names, results), 1):
            runs = re.search(r"number_of_executed_units: (\d+)", output)
            print(f"[{number}/{len(names)}] {name}: exit code {code}, {runs.group(1) if runs else 'no'} runs", flush=True)
            if code:
                failed += 1
                print(output[-6000:])
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
