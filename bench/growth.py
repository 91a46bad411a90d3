#!/usr/bin/env python3
"""From 10^5 to 10^7 records: cost per record and memory stay what they are.

  bench/growth.py [RECORDS…]   (100000 1000000 10000000)

Records of some 200 bytes, so that the largest run fits a small disk.
"""
import subprocess
import sys

from measured import LEAT, run, workplace

TARGETS = {"appended table": "{table: t}", "table by key": "{table: t, key: id}"}


def produce(data, count):
    """People with four fields into the topic `people`."""
    process = subprocess.Popen([LEAT, "topic", "produce", "people", "--key", "id", "--data", data], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    filler = "a text that makes the record as long as it is meant to be " * 2
    for first in range(0, count, 10_000):
        process.stdin.write("".join(f'{{"id":"{number:032x}","number":{number},"name":"person {number}","text":"{filler}"}}\n'
                                    for number in range(first, min(count, first + 10_000))).encode())
    process.stdin.close()
    if process.wait() != 0:
        sys.exit("leat topic produce failed")


def main():
    sizes = [int(text) for text in sys.argv[1:]] or [100_000, 1_000_000, 10_000_000]
    print(f"{'':16} {'records':>10} {'k records/s':>12} {'CPU s per million':>18} {'peak MB':>8} {'table MB':>9}")
    for size in sizes:
        for what, into in TARGETS.items():
            with workplace() as work:
                produce(work / "data", size)
                file = work / "growth.yaml"
                file.write_text("pipeline: growth\nstreams:\n  s:\n    sql: SELECT id::UUID AS id, number::BIGINT AS number, name, "
                                f"text FROM people\n    into: {into}\n")
                wall, cpu, peak = run(LEAT, "run", file, "--once", "--data", work / "data")
                table = (work / "data" / "pipelines" / "growth.duckdb").stat().st_size
                print(f"{what:16} {size:10} {size / wall / 1e3:12.0f} {cpu / size * 1e6:18.2f} {peak / 1e6:8.0f} {table / 1e6:9.0f}", flush=True)


if __name__ == "__main__":
    main()
