"""Runs googletest programs, two at a time, and counts their tests.

  tests/unit.py BUILD-DIRECTORY PROGRAM…
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 900


def run(program, report):
    """(passed, failed, skipped, output) of one program."""
    command = [str(program), "--gtest_brief=1", f"--gtest_output=json:{report}"]
    try:
        result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, errors="replace", timeout=TIMEOUT_SECONDS)
        code, output = result.returncode, result.stdout
    except subprocess.TimeoutExpired as late:
        code, output = 1, (late.stdout or b"").decode(errors="replace") + "\ntook too long"
    if not report.exists():  # it died: what had passed until then is not known
        return 0, 1, 0, output + f"\n{program.name} ended with {code} before its report"
    passed = failed = skipped = 0
    for suite in json.loads(report.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            if test.get("result") == "SKIPPED":
                skipped += 1
            elif test.get("failures"):
                failed += 1
            elif test.get("status") == "RUN":
                passed += 1
    if code != 0 and failed == 0:  # a sanitizer's report at the end
        failed = 1
    return passed, failed, skipped, output


def main():
    build = ROOT / sys.argv[1]
    programs = []
    for name in sys.argv[2:]:
        found = sorted(build.glob(f"src/**/{name}"))
        programs.append(found[0] if found else build / name)
    totals = [0, 0, 0]
    with tempfile.TemporaryDirectory() as reports, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        runs = {pool.submit(run, program, pathlib.Path(reports) / f"{program.name}.json"): program
                for program in programs}
        for number, done in enumerate(concurrent.futures.as_completed(runs), 1):
            passed, failed, skipped, output = done.result()
            print(f"[{number}/{len(programs)}] {runs[done].name}: {passed} passed, {failed} failed", flush=True)
            if failed:
                print(output)
            totals = [a + b for a, b in zip(totals, (passed, failed, skipped))]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
