"""The program from outside, as the tests in sql/, cli/ and crash/ see it.

What these tests know of its output is in this file: the fields of `dlq list --json`, the summary of
`run --once --json`, and the two variables that make a run crash between epochs:

  LEAT_EPOCH_RECORDS=N      an epoch takes at most N records
  LEAT_CRASH_AFTER_EPOCH=N  the process kills itself (SIGKILL) right after the Nth epoch of the
                            process, counted over all streams, has been committed
"""
import csv
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("LEAT", ROOT / "build" / "release" / "leat"))
TIMEOUT_SECONDS = 120

# Exit codes of `leat run --once` and of every command.
OK, FAILED, USER_ERROR, DEAD_LETTERS = 0, 1, 2, 3
KILLED = -signal.SIGKILL


def environment(**more):
    """A small environment that does not depend on who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **{name: str(value) for name, value in more.items()}}


def wait_until(condition):
    """Asks again and again until it holds, or TIMEOUT_SECONDS are over."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come true in time")
        time.sleep(0.05)


def leat(*arguments, input=None, env=None, cwd=None, timeout=TIMEOUT_SECONDS):
    """Runs one command to its end: returncode, stdout and stderr as text."""
    return subprocess.run([str(PROGRAM), *map(str, arguments)], input=input, capture_output=True, text=True,
                          env=environment(**(env or {})), cwd=cwd, timeout=timeout, errors="replace")


class Unexpected(Exception):
    """The program did something else than what the test is about needs."""


def must(result, *codes):
    if result.returncode not in (codes or (OK,)):
        raise Unexpected(f"exit code {result.returncode} of {' '.join(map(str, result.args[1:]))}\n"
                         f"{result.stdout[-2000:]}{result.stderr[-4000:]}")
    return result


class Data:
    """One data directory."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def run_once(self, *pipelines, env=None, flags=(), timeout=TIMEOUT_SECONDS):
        return leat("run", *pipelines, "--once", "--data", self.directory, *flags, env=env,
                    cwd=self.directory.parent, timeout=timeout)

    def produce(self, topic, lines, *flags):
        return must(leat("topic", "produce", topic, "--data", self.directory, *flags,
                         input="".join(line + "\n" for line in lines)))

    def rows(self, query, *flags):
        """Header and rows, all as text."""
        result = must(leat("sql", "--data", self.directory, "--format", "csv", *flags, query))
        return list(csv.reader(io.StringIO(result.stdout)))

    def runs(self):
        """The runs of `--once`, each with `state` and its counts."""
        return json.loads(must(leat("runs", "--json", "--data", self.directory)).stdout)

    def sums(self, pipeline):
        """What the tasks of the directory and the pipeline's streams have counted since their beginning."""
        sums = {"task": task_counts(self.directory)}
        for stream, text in self.rows(f"SELECT stream, progress FROM {pipeline}.__leat.streams")[1:]:
            progress = json.loads(text)
            sums[stream] = {name: progress[name] for name in ("read", "used", "filtered", "dead_lettered", "discarded")}
            for sink, *counted in self.rows("SELECT sink, emitted, delivered, dead_lettered FROM "
                                            f"{pipeline}.__leat.deliveries WHERE stream = '{stream}'")[1:]:
                counts = progress["sinks"].setdefault(sink, {})
                for name, more in zip(("emitted", "delivered", "dead_lettered"), counted):
                    counts[name] = counts.get(name, 0) + int(more)
            for sink, counts in progress["sinks"].items():
                # How many rows were replaced within an epoch depends on where it was cut.
                sums[f"{stream} {sink}"] = {name: counts[name] for name in ("emitted", "delivered", "dead_lettered")}
        return sums

    def letters(self):
        """The dead letters, each with `stage`, `source`, `error` and `value` (or `value_hex`)."""
        return json.loads(must(leat("dlq", "list", "--json", "--data", self.directory)).stdout)


def task_counts(directory):
    """What all tasks of the data directory have counted, over all their runs."""
    consumed = must(leat("topic", "consume", "__leat_cursors", "--from", "beginning", "--json", "--data", directory))
    latest = {}
    for line in consumed.stdout.splitlines():
        record = json.loads(line)
        latest[record["key"]] = record["value"]
    total = dict.fromkeys(("fetched", "produced", "dead_lettered", "discarded"), 0)
    for value in filter(None, latest.values()):
        for counts in [value["counts"]] if "run" in value else [value["settled"], *value["corrections"].values()]:
            for name in total:
                total[name] += counts[name]
    return total


def summary_counts(result):
    """What `run --once --json` counted, over all pipelines: {"read": 5, "dead_lettered": 1, …}."""
    pipelines = json.loads(result.stdout)["pipelines"]
    names = ("fetched", "produced", "read", "written", "filtered", "dead_lettered")
    return {name: sum(pipeline[name] for pipeline in pipelines) for name in names}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MockApi:
    """`leat mock-api` while the block runs; `url` is its address."""

    def __init__(self, *flags, port=None):
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = self.origin + "/api/"
        self.flags = flags
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [str(PROGRAM), "mock-api", "--port", str(self.port), *map(str, self.flags)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        for _ in range(400):
            if self.process.poll() is not None:
                raise Unexpected(f"mock-api ended: {self.process.stderr.read().decode(errors='replace')}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.025)
        raise Unexpected("mock-api does not listen")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def plain(text):
    """Without terminal escapes."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
