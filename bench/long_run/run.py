#!/usr/bin/env python3
"""A long run at a steady rate with a fault every ten seconds: is anything growing?

  LEAT=build/release/leat bench/long_run/run.py [--minutes 60] [--rate 1500] [--out docs] [--keep]

Prints the figures and puts them into OUT/long-run.md, between its marks; writes OUT/long-run.svg. Exit code 1 when
something was lost or doubled, or a sum does not add up; of a curve that is not flat it says so.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tests")]
from checks import check_all
from faults import KILL, NAMES, OF_THE_API, Faults
from figures import MB, Curves, cpu_share, percentile
from people_api import PeopleApi
from picture import Picture
from program import Program, Questions
from watch import Watch

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = 100_000
DISK_MB = 3_000
FAULT_SECONDS = 10
REST_SECONDS = 10
BEGIN, END = "<!-- figures of bench/long_run/run.py -->", "<!-- end of the figures -->"
# All in the first third, so that the last process is watched for long.
KILLS = (1 / 6, 1 / 3)

STEADY = """\
pipeline: steady
schedule: {every: 1s}
tasks:
  fetch_people:
    http:
      url: ${USERS_API}
      records: results[*]
      timeouts: {connect: 1s, idle: 1s, total: 10s}
      retries: {count: 20, delay: 200ms, max_delay: 500ms}
    into: {topic: people, key: login.uuid}
streams:
  people:
    sql: |
      SELECT login.uuid::UUID AS id, name.first AS first_name, name.last AS last_name, gender,
             location.street.number || ' ' || location.street.name AS address,
             location.postcode::VARCHAR AS post_code, email, login.username AS username,
             dob.date::TIMESTAMPTZ AS dob, phone, picture.medium AS picture, number, sent
      FROM people
    into: {table: people, key: id}
topics:
  people: {partitions: 2, retention: {bytes: 64MiB}}
"""
LEDGER = """\
pipeline: ledger
streams:
  seen:
    sql: SELECT number FROM people
    into: {table: seen}
"""


@contextlib.contextmanager
def small_disk(work):
    """A file system of its own for the data directory, so that it can be filled: (folder, what it is, or None)."""
    image, folder = work / "disk", work / "mounted"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_MB << 20)
    ways = [("ext4 in a file", ["sh", "-c", f"mkfs.ext4 -q -m 0 -F {image} && mount -o loop {image} {folder}"]),
            ("tmpfs", ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "leat-long-run", str(folder)])]
    for name, way in ways:
        if subprocess.run(way, capture_output=True).returncode == 0:
            try:
                yield folder, name
            finally:
                subprocess.run(["umount", str(folder)], check=True)
            return
    print("SKIPPED: the full disk; no file system can be mounted here", flush=True)
    yield folder, None


def sync_milliseconds(folder):
    """(median, 99th of a hundred) of writing 4 KiB and syncing them, on the disk of the data directory."""
    file, times = folder / "sync", []
    with file.open("wb", buffering=0) as out:
        for _ in range(100):
            began = time.monotonic()
            out.write(bytes(4096))
            os.fdatasync(out.fileno())
            times.append((time.monotonic() - began) * 1e3)
    file.unlink()
    return percentile(times, 0.5), percentile(times, 0.99)


def run(options, folder, disk):
    """Returns everything that was measured, after the program was stopped."""
    data = folder / "data"
    files = [folder / "steady.yaml", folder / "ledger.yaml"]
    for file, body in zip(files, (STEADY, LEDGER)):
        file.write_text(body)
    api = PeopleApi(options.rate, KEYS)
    sync = sync_milliseconds(folder)
    zero, wall_zero = time.monotonic(), time.time()

    def clock():
        return time.monotonic() - zero
    with Program(files, data, options.work / "messages", api.url) as program:
        watch = Watch(program, api, data, clock)
        try:
            faults = Faults(program, api, Questions(data, timeout=60).rows, folder if disk else None, clock)
            strike_in_turn(options, program, api, watch, faults, clock)
        finally:
            watch.stop()
        api.rest()  # the sums are those of streams that have read everything
        time.sleep(REST_SECONDS)
        exit_code = program.process.returncode if program.ended() else program.stop()
    checks = check_all(data, api, faults.log, wall_zero, exit_code)
    checks.that(watch.alive_to_the_end, "the measuring went on to the end")
    return sync, api, watch, faults, checks


def strike_in_turn(options, program, api, watch, faults, clock):
    seconds = options.minutes * 60
    kills = [share * seconds for share in KILLS]
    for number in range(int(seconds / FAULT_SECONDS) - 1):
        time.sleep(max(0, (number + 1) * FAULT_SECONDS - clock()))
        if program.ended() or not watch.alive():
            return
        if kills and clock() >= kills[0]:
            kills.pop(0)
            faults.strike(KILL)
        else:
            faults.next(number)
        if number % 6 == 5:
            last = watch.samples[-1]
            print(f"{clock() / 60:5.1f} min  {last['pss'] / MB:6.0f} MB  {last['handles']} handles  "
                  f"{len(api.answers)} answers  {api.next} people", flush=True)
    time.sleep(max(0, seconds - clock()))


def machine():
    cpu = next((row.split(":")[1].strip() for row in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if row.startswith("model name")), platform.machine())
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores"


def draw(options, curves, faults, kills):
    picture = Picture(f"{options.minutes:g} minutes, {options.rate} people a second, a fault every ten seconds",
                      options.minutes * 60, kills, curves.stills)
    ms = [(at, seconds * 1e3) for at, seconds in curves.latencies if seconds is not None]
    picture.curves("memory, MB", [("PSS", curves.of("pss", MB)), ("RSS", curves.of("rss", MB))])
    picture.curves("open file handles, threads", [("handles", curves.of("handles")), ("threads", curves.of("threads"))])
    picture.curves("on the disk, MB: what is bounded", [("topic", curves.of("topic", MB)), ("table by key", curves.of("tables", MB)),
                   ("its WAL", curves.of("tables_wal", MB)), ("Leat's own topics", curves.of("own_topics", MB))])
    picture.curves("on the disk, MB: a row for each record", [("ledger", curves.of("ledger", MB)), ("its WAL", curves.of("ledger_wal", MB))])
    picture.curves("meta.db, MB", [("meta.db", curves.of("meta", MB))])
    picture.curves("answer sent → last row visible, ms", [("latency", ms)], logarithmic=True)
    picture.curves("age of the newest row, s", [("age", curves.of("age"))], logarithmic=True)
    picture.curves("CPU, cores", [("cores", cpu_share(curves.samples))])
    picture.faults([name for name in NAMES if any(name == struck for _, _, struck in faults.log)], faults.log)
    picture.axis()
    return picture.svg()


def say(options, disk, sync, api, watch, faults, checks, curves):
    """The figures, as Markdown."""
    version = json.loads(subprocess.run([Program([], ".", None, "").command[0], "version", "--json"], capture_output=True,
                                        text=True).stdout)["version"]
    lines = [f"Leat {version}, {machine()}; data directory on {disk or 'the disk of the temporary folder'}, "
             f"where 4 KiB are synced in {sync[0]:.1f} ms (p99 {sync[1]:.1f}) before the start. "
             f"{options.minutes:g} minutes, {options.rate} people a second in {len(api.answers):,} answers, "
             f"{api.spoiled:,} of {api.requests:,} requests spoiled, {len(faults.log)} faults "
             f"({sum(1 for each in faults.log if each[2] == KILL)} kills).", "",
             "| | first quarter | last quarter | largest | | |", "| --- | ---: | ---: | ---: | --- | --- |"]
    words = {True: "flat", False: "**not flat**", None: ""}
    lines += [f"| {what} | {first} | {last} | {most} | {unit} | {words[flat]} |" for what, first, last, most, unit, flat in curves.figures()]
    struck = [(begin - 1, end + 3) for begin, end, _ in faults.log]
    visible = [(at, seconds) for at, seconds in curves.latencies if seconds is not None and at >= curves.warm]
    calm = [seconds for at, seconds in visible if not any(begin <= at <= end for begin, end in struck)]
    shares = " / ".join(f"{percentile(calm, share) * 1e3:.0f}" for share in (0.5, 0.99)) if calm else "-"
    everything = " / ".join(f"{percentile([s for _, s in visible], share) * 1e3:.0f}" for share in (0.5, 0.99, 1)) if visible else "-"
    lines += ["", f"Answer sent → its last row visible: p50 / p99 without a fault near it {shares} ms; p50 / p99 / largest of "
              f"all {everything} ms; {sum(1 for _, seconds in curves.latencies if seconds is None)} of {len(curves.latencies)} answers "
              "were lost with a fault or overtaken by the next.", ""]
    if watch.stills:
        lines += [f"The machine as a whole stood still {len(watch.stills)} times, {sum(end - begin for begin, end in watch.stills):.0f} s "
                  "in all: a thread that only sleeps did not wake. Those times are grey in the picture, and not in the latencies.", ""]
    lines += [f"- {text}" for text in checks.lines]
    lines += [f"- **WRONG: {text}**" for text in checks.failures]
    return "\n".join(lines) + "\n"


def put_into_document(file, figures):
    """In place of the figures of the last run; the words around them stay."""
    before, _, rest = (file.read_text() if file.exists() else "").partition(BEGIN)
    after = rest.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n{figures}{END}{after or chr(10)}")


def main():
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--minutes", type=float, default=60)
    flags.add_argument("--rate", type=int, default=1500, help="people a second")
    flags.add_argument("--out", type=pathlib.Path, default=ROOT / "docs")
    flags.add_argument("--keep", action="store_true", help="keep the program's messages and what was measured")
    options = flags.parse_args()
    options.work = pathlib.Path(tempfile.mkdtemp(prefix="leat-long-run-", dir=ROOT / "build"))
    try:
        with small_disk(options.work) as (folder, disk):
            sync, api, watch, faults, checks = run(options, folder, disk)
        kills = [begin for begin, _, name in faults.log if name == KILL]
        (options.work / "measured.json").write_text(json.dumps(
            {"samples": watch.samples, "latencies": watch.latencies, "faults": faults.log, "stills": watch.stills}))
        curves = Curves(watch, options.minutes, kills)
        figures = say(options, disk, sync, api, watch, faults, checks, curves)
        print("\n" + figures)
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "long-run.svg").write_text(draw(options, curves, faults, kills))
        put_into_document(options.out / "long-run.md", figures)
        if checks.failures:
            options.keep = True
            sys.exit(1)
    except BaseException as error:
        options.keep = options.keep or not isinstance(error, SystemExit)
        raise
    finally:
        if options.keep:
            print(f"kept: {options.work}", flush=True)
            (options.work / "disk").unlink(missing_ok=True)
        else:
            shutil.rmtree(options.work)


if __name__ == "__main__":
    main()
