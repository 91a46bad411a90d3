#!/usr/bin/env python3
"""Runs tests/sql/*.test: input, query, expected rows and dead letters. README.md has the format.

  tests/sql/run.py [NAME…]

Each file is run straight; crashed after every epoch once and then finished; and resumed, one record
an epoch and a crash after each. All must give the same.
"""
import concurrent.futures
import csv
import fnmatch
import io
import os
import pathlib
import re
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import leat
from script import parse

MAX_CRASHES = 60


class Mismatch(Exception):
    pass


def compare(what, expected, actual):
    if expected != actual:
        def shown(items):
            return "\n".join(f"    {item}" for item in items) or "    (nothing)"
        raise Mismatch(f"{what}: expected\n{shown(expected)}\n  got\n{shown(actual)}")


def produce(data, part):
    """`-- input TOPIC [key JSONPATH]`: records as they are; `-- records TOPIC`: key and value."""
    words = part.argument.split()
    flags = ["--envelope"] if part.name == "records" else (["--key", words[2]] if words[1:2] == ["key"] else [])
    data.produce(words[0], part.lines, *flags)


def check(script, data, result):
    for part in script.all("expect"):
        query = part.argument or "SELECT * FROM out ORDER BY ALL"
        compare(query, list(csv.reader(io.StringIO("\n".join(part.lines)))), data.rows(query)[1:])
    letters = script.only("dead letters")
    if letters or result.returncode == leat.DEAD_LETTERS:
        check_letters(letters.lines if letters else [], data.letters())
    for part in script.all("summary"):
        for line in part.lines:
            if line not in result.stdout + result.stderr:
                raise Mismatch(f"summary: {line!r} is not in\n{result.stdout}{result.stderr}")


def check_letters(expected, actual):
    """Each line: STAGE SOURCE: part of the error (* stands for anything; / separates further parts)."""
    found = sorted(f"{letter['stage']} {letter['source']}: {letter['error']}" for letter in actual)
    if len(found) != len(expected):
        compare("dead letters", sorted(expected), found)
    for line in expected:
        head, _, parts = (line + " ").partition(": ")
        if not any(fnmatch.fnmatchcase(each, head + ": *") and
                   all(part.strip() in each for part in parts.split(" / ")) for each in found):
            compare("dead letters", sorted(expected), found)


def check_counts(script, result):
    part = script.only("counts")
    if not part:
        return
    actual = leat.summary_counts(result)
    for count in re.split(r",\s*", " ".join(part.lines)):
        name, number = count.rsplit(" ", 1)
        compare(f"count {name}", [number], [str(actual.get(name.replace("-", "_")))])


def run_rounds(script, work, base, way, crash_at=None):
    """The whole script in one of its ways; True when a crash came before the end."""
    data = leat.Data(work / "data")
    if base.exists():
        shutil.copytree(base, data.directory)
    pipeline = work / "pipeline.yaml"
    pipeline.write_text(script.pipeline())
    for part in script.all("file"):
        (work / part.argument).write_text("\n".join(part.lines) + "\n")
    crashed = False
    variables = {"DIR": work, "LEAT_EPOCH_RECORDS": {"straight": 100000, "crashed": 2, "resumed": 1}[way]}
    result = None
    for number, inputs in enumerate(script.rounds()):
        if number > 0:
            for part in inputs:
                produce(data, part)
        crashes = 0
        while True:
            crash = {}
            if way == "resumed" or (way == "crashed" and not crashed):
                crash = {"LEAT_CRASH_AFTER_EPOCH": 1 if way == "resumed" else crash_at}
            result = data.run_once(pipeline, env={**variables, **crash}, flags=["--json"])
            if result.returncode != leat.KILLED:
                break
            crashed = True
            crashes += 1
            if crashes > MAX_CRASHES:
                raise Mismatch("does not come to an end: each run crashes after its first epoch")
        leat.must(result, leat.OK, leat.DEAD_LETTERS)
    check(script, data, result)
    check_counts(script, result)
    return crashed


def run_refused(script, work):
    pipeline = work / "pipeline.yaml"
    pipeline.write_text(script.pipeline())
    result = leat.must(leat.leat("validate", pipeline, cwd=work), leat.USER_ERROR)
    for line in script.only("refused").lines:
        if line not in result.stderr:
            raise Mismatch(f"{line!r} is not in\n{result.stderr}")


def run_script(file):
    """[(way, error or None)]"""
    script = parse(file)
    outcomes = []

    def attempt(way, run):
        with tempfile.TemporaryDirectory(prefix=f"leat-{file.stem}-") as directory:
            try:
                crashed = run(pathlib.Path(directory))
                outcomes.append((way, None))
                return crashed
            except Exception as error:  # anything that goes wrong is this test's failure
                outcomes.append((way, f"{type(error).__name__}: {error}"))
                return False

    if script.only("refused"):
        attempt("refused", lambda work: run_refused(script, work))
        return outcomes
    with tempfile.TemporaryDirectory(prefix=f"leat-{file.stem}-base-") as directory:
        base = pathlib.Path(directory) / "data"
        try:
            for part in script.rounds()[0]:
                produce(leat.Data(base), part)
        except Exception as error:
            return [("input", f"{type(error).__name__}: {error}")]
        attempt("straight", lambda work: run_rounds(script, work, base, "straight"))
        has_records = any(script.rounds()) or script.only("file")
        for epoch in range(1, MAX_CRASHES):
            def crash(work):
                crashed = run_rounds(script, work, base, "crashed", epoch)
                if not crashed and epoch == 1 and has_records:
                    raise Mismatch("the run did not crash after its first epoch")
                return crashed
            if not attempt(f"crashed after epoch {epoch}", crash):
                if not outcomes[-1][1]:
                    outcomes.pop()  # there was no such epoch: the straight way again
                break
        attempt("resumed", lambda work: run_rounds(script, work, base, "resumed"))
    return outcomes


def main():
    files = [HERE / f"{pathlib.Path(name).stem}.test" for name in sys.argv[1:]] or sorted(HERE.glob("*.test"))
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for number, (file, outcomes) in enumerate(zip(files, pool.map(run_script, files)), 1):
            wrong = [(way, error) for way, error in outcomes if error]
            print(f"[{number}/{len(files)}] {file.stem}: {'FAILED' if wrong else 'ok'}"
                  f" ({len(outcomes)} ways)", flush=True)
            for way, error in wrong:
                print(f"  {way}: {error}")
            passed += len(outcomes) - len(wrong)
            failed += len(wrong)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
