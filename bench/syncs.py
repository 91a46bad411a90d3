#!/usr/bin/env python3
"""Syncs and bytes written, by file: for a backlog, and for a trickle of ten records a second. strace counts.

  bench/syncs.py
"""
import collections
import re
import shutil
import subprocess
import sys
import time

from measured import LEAT, wait_for_socket, workplace
from people import stream, write_people

CALL = re.compile(r"(fdatasync|fsync|write|pwrite64|writev|pwritev|sync_file_range)\(\d+<([^>]*)>.*?= (\d+)")
PLACES = (("log/__leat", "log: own topics"), ("/log/", "log: topics"), (".duckdb.wal", "DuckDB: write-ahead log"),
          (".duckdb", "DuckDB: file"), ("meta.db", "meta.db"))


def count(trace, data):
    """{place: [syncs, writes, bytes]} of what was done below the data directory."""
    found = collections.defaultdict(lambda: [0, 0, 0])
    for line in trace.read_text(errors="replace").splitlines():
        call = CALL.search(line)
        if not call or str(data) not in call[2]:
            continue
        place = next((name for part, name in PLACES if part in call[2]), "other")
        if call[1] in ("fdatasync", "fsync"):
            found[place][0] += 1
        else:
            found[place][1] += 1
            found[place][2] += int(call[3])
    return found


def show(what, records, found):
    print(f"{what}, {records} records")
    for place, (syncs, writes, size) in sorted(found.items()):
        print(f"  {place:26} {syncs:6} syncs {writes:7} writes {size / 1e6:9.2f} MB {size / records:9.1f} bytes a record")
    syncs, size = sum(each[0] for each in found.values()), sum(each[2] for each in found.values())
    print(f"  {'all':26} {syncs:6} syncs {'':14} {size / 1e6:9.2f} MB {size / records:9.1f} bytes a record"
          f" {records / max(syncs, 1):9.1f} records a sync", flush=True)


def traced(work, *command, **more):
    trace = work / "trace"
    tracing = ["strace", "-f", "-y", "-qq", "-e", "trace=fdatasync,fsync,write,pwrite64,writev,pwritev,sync_file_range", "-o", trace]
    return trace, subprocess.Popen([*map(str, tracing), *map(str, command)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **more)


def main():
    if shutil.which("strace") is None:
        sys.exit("bench/syncs.py counts with strace: apt-get install strace")
    with workplace() as work:
        lines, data = work / "people.ndjson", work / "data"
        write_people(lines, 100_000)
        with lines.open("rb") as stdin:
            trace, process = traced(work, LEAT, "topic", "produce", "people", "--key", "login.uuid", "--data", data, stdin=stdin)
            process.wait()
        show("topic produce", 100_000, count(trace, data))
        for what, into in {"backlog into an appended table": "{table: a}", "backlog into a table by key": "{table: b, key: id}"}.items():
            file = work / "backlog.yaml"
            file.write_text(stream("p" + into[8], into))
            trace, process = traced(work, LEAT, "run", file, "--once", "--data", data)
            process.wait()
            show(what, 100_000, count(trace, data))

        file = work / "trickle.yaml"
        file.write_text(stream("trickle", "{table: t, key: id}"))
        trickle = work / "trickle"
        with lines.open() as people:
            subprocess.run([LEAT, "topic", "produce", "people", "--key", "login.uuid", "--data", str(trickle)], check=True,
                           input=people.readline(), text=True, capture_output=True)  # the stream needs a topic
            trace, process = traced(work, LEAT, "run", file, "--data", trickle)
            wait_for_socket(process, trickle)
            producer = subprocess.Popen([LEAT, "topic", "produce", "people", "--key", "login.uuid", "--data", str(trickle)],
                                        stdin=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(100):
                producer.stdin.write(people.readline())
                producer.stdin.flush()
                time.sleep(0.1)
            producer.stdin.close()
            producer.wait()
            time.sleep(1)
            subprocess.run(["pkill", "-TERM", "-P", str(process.pid)], check=True)
            process.wait()
        show("a trickle of ten records a second into a table by key", 100, count(trace, trickle))


if __name__ == "__main__":
    main()
