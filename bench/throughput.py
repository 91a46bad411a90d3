#!/usr/bin/env python3
"""The built program from end to end, each figure beside a limit or a peer of the same run.

  bench/throughput.py [RECORDS, 500000]
"""
import json
import subprocess
import sys

from measured import LEAT, PEER, copy_and_sync, timed, workplace, write_parts_and_sync
from people import COLUMNS, stream, write_people
from stored_answers import PAGE, AnswerServer, store_answers

PAGES = 200
API = """\
pipeline: api
tasks:
  get:
    http:
      url: http://127.0.0.1:{port}/api/
      records: "results[*]"
      paginate: {{page: {{param: page, start: 1}}}}
      max_pages: {pages}
    into: {{topic: fetched, key: login.uuid}}
"""


def show(what, records, wall, cpu, beside=""):
    print(f"{what:44} {records / wall / 1e3:8.0f} k records/s {cpu / records * 1e6:6.2f} CPU s per million  {beside}", flush=True)


def produce(work, lines, records, what, *key):
    copied = min(copy_and_sync(lines, work / "copy") for _ in range(3))
    data = work / what.replace(" ", "")
    with lines.open("rb") as stdin:
        wall, cpu = timed(LEAT, "topic", "produce", "people", *key, "--data", data, stdin=stdin)
    show(f"topic produce, {what}", records, wall, cpu, f"{wall / copied:.2f} times a copy of the file and its sync")
    return data


def small_lines(file, count):
    """Records of 100 bytes with their line ends."""
    with file.open("w") as out:
        for number in range(count):
            out.write(json.dumps({"id": number, "text": "a record of a hundred bytes".ljust(100 - 23 - len(str(number)), ".")}) + "\n")


def fetch(work, lines):
    """API answers into a durable topic; beside curl, which only fetches them, and a loop that writes and syncs each."""
    stored = work / "answers"
    answers = store_answers(lines, stored)
    asked = [answers[number % len(answers)] for number in range(PAGES)]
    written = write_parts_and_sync(stored, asked, work / "copy")
    with AnswerServer(stored, asked) as server:
        curl_wall, curl_cpu = timed("curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{server.port}/?page=[1-{PAGES}]")
        served = server.cpu()
        file = work / "api.yaml"
        file.write_text(API.format(port=server.port, pages=PAGES))
        wall, cpu = timed(LEAT, "run", file, "--once", "--data", work / "fetched")
    records = PAGE * PAGES
    show("API answers -> durable topic, keyed", records, wall, cpu, f"{wall / written:.2f} times a write and sync of each answer")
    show("curl, which only fetches them", records, curl_wall, curl_cpu, f"and the server beside it {served / records * 1e6:.2f}")


def read_file(work, lines, records, data):
    file = work / "file.yaml"
    file.write_text(f"pipeline: file\ntasks:\n  get:\n    file: {{path: {lines}}}\n    into: {{topic: read, key: login.uuid}}\n")
    copied = copy_and_sync(lines, work / "copy")
    wall, cpu = timed(LEAT, "run", file, "--once", "--data", data)
    show("NDJSON file -> durable topic, keyed", records, wall, cpu, f"{wall / copied:.2f} times a copy of the file and its sync")


def main():
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    with workplace() as work:
        small = work / "small.ndjson"
        small_lines(small, 4 * records)
        produce(work, small, 4 * records, "100 B, no key")
        produce(work, small, 4 * records, "100 B, keyed", "--key", "id")
        small.unlink()
        lines = work / "people.ndjson"
        write_people(lines, records)
        data = produce(work, lines, records, "1.1 KB, keyed", "--key", "login.uuid")
        fetch(work, lines)
        read_file(work, lines, records, data)

        peer = subprocess.run([PEER, lines, work / "peer.duckdb", COLUMNS], check=True, capture_output=True, text=True)
        theirs = {name: float(seconds) for name, seconds in (line.rsplit(" ", 1) for line in peer.stdout.splitlines())}
        targets = {"topic -> 12 columns -> filtered": ("{table: none}", "WHERE gender = 'neither'", "read_json, filtered"),
                   "topic -> appended table": ("{table: appended}", "", "read_json -> table"),
                   "topic -> table by key, all keys new": ("{table: keyed, key: id}", "", "read_json -> table")}
        for number, (what, (into, where, name)) in enumerate(targets.items()):
            file = work / f"p{number}.yaml"
            file.write_text(stream(f"bench{number}", into, where))
            wall, cpu = timed(LEAT, "run", file, "--once", "--data", data)
            show(what, records, wall, cpu, f"{theirs[name] / cpu:.2f} times as many per CPU second as DuckDB's {name}")
        print("\nDuckDB on one thread, CPU seconds per million records")
        for name, seconds in theirs.items():
            print(f"{name:44} {seconds / records * 1e6:6.2f}")


if __name__ == "__main__":
    main()
