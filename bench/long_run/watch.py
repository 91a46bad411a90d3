"""Measures the running process once a second, and how long an answer takes to become rows."""
import os
import threading
import time

from people_api import key_index
from program import Questions

POLL_SECONDS = 0.003
PATIENCE_SECONDS = 20  # for an answer's last row; longer ones are lost or late, and counted
BEAT_SECONDS, STILL_SECONDS = 0.05, 1
NO_ROW = [["", ""]]


def allocated(path):
    """Bytes on the disk of a file or everything in a folder."""
    try:
        if path.is_dir():
            return sum(allocated(each) for each in path.iterdir())
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0  # removed meanwhile


def parts_of(data):
    """Bytes on the disk, by what they are."""
    log, pipelines = data / "log", data / "pipelines"
    topic = sum(allocated(each) for each in log.glob("people-*"))
    return {"topic": topic, "own_topics": allocated(log) - topic, "tables": allocated(pipelines / "steady.duckdb"),
            "tables_wal": allocated(pipelines / "steady.duckdb.wal"), "ledger": allocated(pipelines / "ledger.duckdb"),
            "ledger_wal": allocated(pipelines / "ledger.duckdb.wal"),
            "meta": sum(allocated(each) for each in data.glob("meta.db*"))}


def process_sample(pid):
    """Of one process: memory in bytes, handles, threads, CPU seconds. None when it is not there."""
    try:
        proc = f"/proc/{pid}"
        with open(f"{proc}/smaps_rollup") as file:
            memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file if line.endswith("kB\n")}
        with open(f"{proc}/stat") as file:
            stat = file.read().rsplit(")", 1)[1].split()
        return {"pss": memory["Pss"], "rss": memory["Rss"], "handles": len(os.listdir(f"{proc}/fd")),
                "threads": int(stat[17]), "cpu": (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")}
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return None


class Watch:
    """`samples`: a dict each second; `latencies`: (seconds of `clock` when sent, seconds until visible or None);
    `stills`: (begin, end) of times in which the whole machine stood still: a thread that only sleeps did not wake."""

    def __init__(self, program, api, data, clock):
        self.program, self.api, self.data, self.clock = program, api, data, clock
        self.samples, self.latencies, self.stills = [], [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=work) for work in (self.sample, self.time_answers, self.beat)]
        for thread in self.threads:
            thread.start()

    def alive(self):
        return all(thread.is_alive() for thread in self.threads)

    def stop(self):
        self.alive_to_the_end = self.alive()
        self.over.set()
        for thread in self.threads:
            thread.join()

    def sample(self):
        questions = Questions(self.data)
        while not self.over.is_set():
            pid = self.program.process.pid
            found = process_sample(pid)
            if found is not None:
                rows = questions.rows("SELECT count(*), max(sent) FROM steady.main.people") or NO_ROW
                rows, newest = rows[0]
                age = time.time() - int(newest) / 1000 if newest else None
                self.samples.append({"at": self.clock(), "pid": pid, "rows": int(rows) if rows else None, "age": age,
                                     **found, **parts_of(self.data)})
            self.over.wait(1 - self.clock() % 1)

    def beat(self):
        last = self.clock()
        while not self.over.wait(BEAT_SECONDS):
            now = self.clock()
            if now - last > STILL_SECONDS:
                self.stills.append((last, now))
            last = now

    def time_answers(self):
        questions = Questions(self.data)
        seen = 0
        while not self.over.is_set():
            with self.api.sent:
                if not self.api.sent.wait_for(lambda: len(self.api.answers) > seen, timeout=0.5):
                    continue
                answer = self.api.answers[-1]
                seen = len(self.api.answers)
            self.latencies.append((self.clock() - (time.time() - answer.sent), self.wait_for(answer, questions)))

    def wait_for(self, answer, questions):
        """Seconds from the answer's last byte to its last good row; None when that did not come."""
        number = answer.next - 1
        while number in self.api.without_key or number in self.api.bad_dates:
            number -= 1
        identity = self.api.ids[key_index(number, self.api.keys)]
        statement = f"SELECT 1 FROM steady.main.people WHERE id = '{identity}'::UUID AND number >= {number}"
        while not self.over.is_set() and time.time() - answer.sent < PATIENCE_SECONDS:
            if questions.rows(statement):
                return time.time() - answer.sent
            if self.api.answers[-1] is not answer:  # the next one is there: this one is lost, or late
                later = self.api.answers[-1]
                if time.time() - later.sent > 2:
                    return None
            self.over.wait(POLL_SECONDS)
        return None
