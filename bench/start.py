#!/usr/bin/env python3
"""Starting, and having nothing to do; beside `true`, and beside a program that only opens a DuckDB database."""
import subprocess
import statistics
import time

from measured import LEAT, PEER, process_figures, timed, wait_for_socket, workplace
from people import stream

SECONDS = 20


def start(work, number):
    """A process that is ready: its socket is there."""
    file = work / "idle.yaml"
    file.write_text(stream("idle", "{table: idle}", "WHERE false"))
    data = work / f"data{number}"
    subprocess.run([LEAT, "topic", "produce", "people", "--data", data], input=b"{}", check=True, capture_output=True)
    started = time.monotonic()
    process = subprocess.Popen([LEAT, "run", str(file), "--data", str(data)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_for_socket(process, data)
    return process, time.monotonic() - started


def main():
    with workplace() as work:
        times = {"true": [timed("true")[0] for _ in range(20)],
                 "a program that opens DuckDB in memory": [timed(PEER)[0] for _ in range(20)],
                 "leat version": [timed(LEAT, "version")[0] for _ in range(20)]}
        ready = []
        for number in range(10):
            process, seconds = start(work, number)
            ready.append(seconds)
            if number < 9:
                process.terminate()
                process.wait()
        times["leat run, until it answers"] = ready
        for what, seconds in times.items():
            print(f"{what:44} {statistics.median(seconds) * 1e3:8.1f} ms")
        time.sleep(5)  # it reads what is in the topic first
        pss, before = process_figures(process.pid)
        time.sleep(SECONDS)
        share = (process_figures(process.pid)[1] - before) / SECONDS
        print(f"{'idle: memory (PSS)':44} {pss / 1e6:8.1f} MB")
        print(f"{'idle: share of a core':44} {share * 100:8.2f} %")
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
