"""leat run as a process: streams that fail beside others, what is told, and what other commands do beside it."""
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

import leat
from workplace import Workplace

LETTERS = """\
pipeline: letters
streams:
  a_good: {sql: "SELECT id FROM t", into: {table: good, key: id}}
  b_casts: {sql: "SELECT id, n::INTEGER AS n FROM t", into: {table: casts, key: id}}
"""


class Place:
    """A folder with pipeline files, topics and a process that may run."""

    def __init__(self, **files):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-process-")
        self.path = pathlib.Path(self.folder.name)
        for name, text in files.items():
            self.write(name, text)
        self.process = None
        self.output = self.path / "output.log"

    def write(self, name, text):
        (self.path / f"{name}.yaml").write_text(text)

    def leat(self, *arguments, **more):
        return leat.leat(*arguments, cwd=self.path, **more)

    def produce(self, topic, *lines):
        leat.must(self.leat("topic", "produce", topic, input="".join(line + "\n" for line in lines)))

    def count(self, table):
        result = self.leat("sql", "--format", "csv", f"SELECT count(*) FROM {table}")
        return int(result.stdout.split()[1]) if result.returncode == 0 else -1

    def start(self, *files):
        self.process = subprocess.Popen([str(leat.PROGRAM), "run", *files], cwd=self.path, env=leat.environment(),
                                        stdout=self.output.open("w"), stderr=subprocess.STDOUT)
        leat.wait_until((self.path / "leat-data" / "leat.sock").exists)

    def said(self):
        return self.output.read_text()

    def stop(self, timeout=5):
        """The exit code after SIGINT."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=timeout)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class InPlace(unittest.TestCase):
    def place(self, **files):
        place = Place(**files)
        self.addCleanup(place.close)
        return place


def other_key(pipeline, key):
    """Streams of which the second one fails when it runs: its table has another key on disk."""
    return (f"pipeline: {pipeline}\nstreams:\n"
            f"  a_good: {{sql: SELECT id FROM {pipeline}_t, into: {{table: {pipeline}_good, key: id}}}}\n"
            f"  b_bad: {{sql: 'SELECT id, k FROM {pipeline}_t', into: {{table: {pipeline}_bad, key: {key}}}}}\n"
            f"  c_good: {{sql: SELECT id FROM {pipeline}_t, into: {{table: {pipeline}_last, key: id}}}}\n")


class OneOfSeveralFails(InPlace):
    def prepared(self, *pipelines):
        """The pipelines have run once; then the stream b_bad of the first one has got another key."""
        place = self.place(**{name: other_key(name, "id") for name in pipelines})
        for name in pipelines:
            place.produce(f"{name}_t", '{"id":1,"k":1}')
            leat.must(place.leat("run", f"{name}.yaml", "--once"))
            place.produce(f"{name}_t", '{"id":2,"k":2}')
        place.write(pipelines[0], other_key(pipelines[0], "k"))
        return place

    def test_once_tells_the_error_and_its_code_and_the_others_are_done(self):
        place = self.prepared("p")
        result = place.leat("run", "p.yaml", "--once")
        self.assertEqual(result.returncode, leat.USER_ERROR, result.stderr)
        self.assertRegex(result.stderr, "error:.*p_bad.*while running the stream b_bad")
        self.assertEqual([place.count(table) for table in ("p_good", "p_bad", "p_last")], [2, 1, 2])

    def test_the_others_go_on_and_ctrl_c_gives_the_code(self):
        place = self.prepared("p")
        place.start("p.yaml")
        leat.wait_until(lambda: "the stream b_bad has failed, and others go on" in place.said())
        place.produce("p_t", '{"id":3,"k":3}')
        leat.wait_until(lambda: (place.count("p_good"), place.count("p_last")) == (3, 3))
        self.assertEqual(place.stop(), leat.USER_ERROR, place.said())
        self.assertRegex(place.said(), "\nerror:.*p_bad")

    def test_another_pipeline_goes_on(self):
        place = self.prepared("p", "q")
        place.write("p", "".join(line + "\n" for line in other_key("p", "k").splitlines() if "good" not in line))
        place.start("p.yaml", "q.yaml")
        leat.wait_until(lambda: "the stream b_bad has failed" in place.said())
        place.produce("q_t", '{"id":3,"k":3}')
        leat.wait_until(lambda: place.count("q_last") == 3)
        self.assertIsNone(place.process.poll())
        self.assertEqual(place.stop(), leat.USER_ERROR, place.said())

    def test_when_nothing_is_left_it_ends_by_itself(self):
        place = self.prepared("p")
        place.write("p", "".join(line + "\n" for line in other_key("p", "k").splitlines() if "good" not in line))
        result = place.leat("run", "p.yaml", timeout=30)
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("error:", result.stderr)

    def test_a_pipeline_that_does_not_open_leaves_the_others(self):
        place = self.prepared("p", "q")
        place.write("p", other_key("p", "id").replace("FROM p_t", "FROM elsewhere"))
        place.produce("elsewhere", '{"id":1,"k":1}')
        result = place.leat("run", "p.yaml", "q.yaml", "--once")
        self.assertEqual(result.returncode, leat.USER_ERROR, result.stderr)
        self.assertRegex(result.stderr, "error: the stream .* has read the topic p_t so far.*opening the pipeline p")
        self.assertEqual(place.count("q_good"), 2)


class Schemas(InPlace):
    def test_streams_share_a_schema_that_none_has_made(self):
        streams = "".join(f"  s{i}: {{sql: SELECT id FROM t, into: {{table: sales.t{i}, key: id}}}}\n" for i in range(6))
        for attempt in range(4):
            with self.subTest(attempt=attempt):
                place = self.place(p="pipeline: p\nstreams:\n" + streams)
                place.produce("t", '{"id":1}')
                leat.must(place.leat("run", "p.yaml", "--once"))

    def test_a_schema_called_like_the_pipeline_is_refused_with_the_remedy(self):
        place = self.place(shop="pipeline: shop\nstreams:\n  s: {sql: SELECT id FROM t, into: {table: Shop.orders, key: id}}\n")
        result = place.leat("validate", "shop.yaml")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("write `orders`", result.stdout + result.stderr)
        place.write("shop", "pipeline: shop\nstreams:\n  s: {sql: SELECT id FROM t, into: {table: orders, key: id}}\n")
        place.produce("t", '{"id":1}')
        leat.must(place.leat("run", "shop.yaml", "--once"))
        self.assertEqual(place.count("shop.orders"), 1)


class WhatIsTold(InPlace):
    def test_dead_letters_when_they_happen(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}')
        place.start("letters.yaml")
        place.produce("t", '{"id":2,"n":"two"}')
        leat.wait_until(lambda: "stream b_casts: t-0@1 is a dead letter: " in place.said())
        leat.wait_until(lambda: "1 dead letter" in place.said())
        place.produce("t", *(f'{{"id":{i},"n":"no {i}"}}' for i in range(3, 9)))
        more = r"stream b_casts: (\d+) more dead letter"
        leat.wait_until(lambda: sum(int(number) for number in re.findall(more, place.said())) == 6)
        self.assertEqual(place.said().count("is a dead letter"), 1)
        self.assertEqual(place.stop(), 0)

    def test_each_line_in_a_pipe_has_its_time(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}', '{"id":2,"n":"two"}')
        result = place.leat("run", "letters.yaml", "--once")
        progress = [line for line in result.stderr.splitlines() if "stream " in line and ("running" in line or "done" in line)]
        self.assertTrue(progress)
        for line in progress:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z stream ")

    def test_tasks_without_a_schedule_say_how_to_run_them(self):
        place = Workplace()
        self.addCleanup(place.close)
        process = place.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=5)
        self.assertEqual(process.returncode, 0, output)
        self.assertRegex(output, "the pipeline shop has no `schedule`.*leat run shop.yaml --once")

    def test_tasks_with_one_say_when_they_run(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.pipeline.write_text('schedule: "@yearly"\n' + place.pipeline.read_text())
        process = place.start()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=5)
        self.assertRegex(output, "task load_orders: .*, next at 20[0-9]{2}-01-01T00:00:00Z")


class Clocks(unittest.TestCase):
    def test_a_clock_that_was_ahead_does_not_stop_the_timetable(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.pipeline.write_text('schedule: "@hourly"\n' + place.pipeline.read_text())
        leat.must(place.leat("run", "shop.yaml", "--once"), leat.DEAD_LETTERS)
        with sqlite3.connect(place.data / "meta.db") as metadata:
            ten_years_on = int((time.time() + 3660 * 86400) * 1e6)
            metadata.execute("INSERT INTO runs(pipeline, run_id, run_type, state, logical_date, data_interval_start, "
                             "data_interval_end, queued_at, file_hash, baseline, counts, error) VALUES ('shop', "
                             "'scheduled__ahead', 'scheduled', 'success', ?1, ?1, ?1, ?1, '', '', '', '')", (ten_years_on,))
        metadata.close()
        process = place.start()
        leat.wait_until(lambda: len(place.leat("topic", "consume", "orders").stdout.splitlines()) == 10)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=5)
        self.assertIn("the clock was ahead then", output)


class Beside(InPlace):
    def test_followers_leave_the_others_alone(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}')
        place.start("letters.yaml")
        followers = [subprocess.Popen([str(leat.PROGRAM), "topic", "consume", "t", "--follow"], cwd=place.path,
                                      env=leat.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True) for _ in range(30)]
        try:
            for follower in followers:
                self.assertEqual(follower.stdout.readline(), '{"id":1,"n":"1"}\n')
            began = time.monotonic()
            self.assertEqual(place.count("good"), 1)
            self.assertLess(time.monotonic() - began, 10)
            place.produce("t", '{"id":2,"n":"2"}')
            for follower in followers:
                self.assertEqual(follower.stdout.readline(), '{"id":2,"n":"2"}\n')
            self.assertEqual(place.stop(), 0)
        finally:
            for follower in followers:
                follower.kill()
                follower.communicate()

    def test_a_follower_is_told_that_the_process_has_ended(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}')
        place.start("letters.yaml")
        follower = subprocess.Popen([str(leat.PROGRAM), "topic", "consume", "t", "--follow"], cwd=place.path, text=True,
                                    env=leat.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertEqual(follower.stdout.readline(), '{"id":1,"n":"1"}\n')
            place.process.kill()
            _, told = follower.communicate(timeout=30)
            self.assertRegex(told, "the process that served .*leat.sock has ended, before its answer to GET .*/topics/t/records")
            self.assertNotEqual(follower.returncode, 0)
        finally:
            follower.kill()
            follower.communicate()

    def test_commands_wait_for_each_other(self):
        place = self.place()
        producers = [subprocess.Popen([str(leat.PROGRAM), "topic", "produce", "t"], cwd=place.path, text=True,
                                      env=leat.environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
                     for _ in range(20)]
        for number, producer in enumerate(producers):
            producer.stdin.write(f'{{"id":{number}}}\n')
            producer.stdin.close()
        for producer in producers:
            self.assertEqual(producer.wait(timeout=100), 0, producer.stderr.read())
            producer.stderr.close()
        self.assertEqual(len(place.leat("topic", "consume", "t").stdout.splitlines()), 20)

    def test_who_holds_the_directory_is_told_with_the_remedy(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}')
        place.start("letters.yaml")
        second = place.leat("run", "letters.yaml")
        self.assertEqual(second.returncode, leat.USER_ERROR)
        self.assertRegex(second.stderr, f"in use by the process {place.process.pid}, which runs pipelines: .*--data")
        self.assertEqual(place.stop(), 0)


class Output(InPlace):
    def shell(self, place, command):
        return subprocess.run(["bash", "-c", command], cwd=place.path, capture_output=True, text=True,
                              env=leat.environment(LEAT=leat.PROGRAM))

    def filled(self):
        place = self.place()
        place.produce("t", *(f'{{"id":{i},"text":"{"x" * 200}"}}' for i in range(3000)))
        return place

    def test_a_reader_that_has_had_enough_is_no_error(self):
        place = self.filled()
        for command in ("sql --format csv \"FROM topic('t')\"", "sql \"FROM topic('t')\"", "topic consume t"):
            with self.subTest(command=command):
                result = self.shell(place, f"set -o pipefail; $LEAT {command} | head -1")
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_what_cannot_be_written_is_an_error(self):
        place = self.filled()
        for command in ("sql 'SELECT 1'", "sql \"FROM topic('t')\"", "topic list", "topic describe t", "topic consume t",
                        "dlq list --json", "runs --json", "version", "--version", "--help", "pipeline-schema", "repair"):
            with self.subTest(command=command):
                result = self.shell(place, f"$LEAT {command} >/dev/full")
                self.assertEqual(result.returncode, leat.FAILED, result.stderr)
                self.assertIn("No space left on device", result.stderr)

    def test_closed_descriptors_are_not_taken_by_files(self):
        place = self.place(letters=LETTERS)
        place.produce("t", '{"id":1,"n":"1"}', '{"id":2,"n":"two"}')
        result = self.shell(place, "$LEAT run letters.yaml --once <&- >&- 2>&-")
        self.assertEqual(result.returncode, leat.DEAD_LETTERS)
        self.assertEqual(self.shell(place, "$LEAT repair").stdout, "nothing is damaged\n")
        closed = self.shell(place, "$LEAT topic list >&-")
        self.assertEqual(closed.returncode, leat.FAILED)
        self.assertIn("standard output", closed.stderr)

    def test_a_negative_count_is_refused(self):
        result = self.filled().leat("topic", "consume", "t", "--count", "-1")
        self.assertEqual((result.returncode, result.stdout), (leat.USER_ERROR, ""))
        self.assertIn("-1", result.stderr)


class Retention(InPlace):
    def test_runs_of_once_apply_it(self):
        place = self.place(p="pipeline: p\ntopics:\n  t: {retention: {bytes: 1MiB}}\n"
                             "streams:\n  s: {sql: SELECT id FROM t, into: {table: r, key: id}}\n")
        leat.must(place.leat("run", "p.yaml", "--once"))
        for first in range(0, 6000, 2000):
            place.produce("t", *(f'{{"id":{i},"p":"{os.urandom(500).hex()}"}}' for i in range(first, first + 2000)))
            leat.must(place.leat("run", "p.yaml", "--once"))
        self.assertEqual(place.count("r"), 6000)
        size = sum(file.stat().st_blocks * 512 for file in (place.path / "leat-data" / "log" / "t-0").iterdir())
        self.assertLess(size, 4 << 20)


if __name__ == "__main__":
    unittest.main()
