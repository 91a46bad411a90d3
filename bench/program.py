#!/usr/bin/env python3
"""The built program end to end, each figure beside a limit measured in the same run.

  LEAT=build/bench/leat bench/program.py [RECORDS]

Data: the recorded people of examples/users, about 1.1 KB each, with fresh login.uuids.
"""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEAT = os.environ.get("LEAT", str(ROOT / "build" / "release" / "leat"))
QUERY = """SELECT login.uuid::UUID AS id, name.first AS first_name, name.last AS last_name, gender,
             location.street.number || ' ' || location.street.name AS address,
             location.postcode::VARCHAR AS post_code, email, login.username AS username,
             dob.date::TIMESTAMPTZ AS dob, registered.date::TIMESTAMPTZ AS registered_date, phone,
             picture.medium AS picture
      FROM people"""


def pipeline(name, into, where=""):
    return f"pipeline: {name}\nstreams:\n  s:\n    sql: |\n      {QUERY} {where}\n    into: {into}\n"


def timed(*command, stdin=None):
    """(wall seconds, CPU seconds) of a command that must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    subprocess.run(list(map(str, command)), stdin=stdin, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_people(file, count):
    people = json.loads((ROOT / "examples" / "users" / "randomuser_1000.json").read_text())["results"]
    with file.open("w") as out:
        for number in range(count):
            person = people[number % len(people)]
            person["login"]["uuid"] = str(uuid.uuid4())
            out.write(json.dumps(person, ensure_ascii=False, separators=(",", ":")) + "\n")


def copy_and_sync(source, target):
    """The limit of producing: the same bytes read, written and synced."""
    started = time.monotonic()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    return time.monotonic() - started


def show(what, seconds, records, cpu):
    print(f"{what:48} {records / seconds / 1e3:9.1f} k records/s  {cpu / records * 1e6:6.2f} CPU-s per million", flush=True)


def idle(work):
    """(seconds to ready, PSS in MB, CPU share) of a process with nothing to do."""
    file = work / "idle.yaml"
    file.write_text(pipeline("idle", "{table: idle}", "WHERE false"))
    data = work / "data"
    started = time.monotonic()
    process = subprocess.Popen([LEAT, "run", str(file), "--data", str(data)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not (data / "leat.sock").exists():
        time.sleep(0.001)
    ready = time.monotonic() - started
    time.sleep(5)  # it reads what is in the topic first

    def ticks():
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = ticks()
    time.sleep(10)
    share = (ticks() - before) / os.sysconf("SC_CLK_TCK") / 10
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    process.terminate()
    process.wait()
    return ready, pss, share


def main():
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    work = pathlib.Path(tempfile.mkdtemp(prefix="leat-bench-", dir=ROOT / "build"))
    try:
        lines = work / "people.ndjson"
        write_people(lines, records)
        copied = copy_and_sync(lines, work / "copy")
        with lines.open("rb") as stdin:
            wall, cpu = timed(LEAT, "topic", "produce", "people", "--key", "login.uuid", "--data", work / "data", stdin=stdin)
        show("topic produce, 1.1 KB, keyed, durable", wall, records, cpu)
        print(f"{'':48} {wall / copied:9.1f} times as long as copying and syncing the file")
        targets = {"topic -> 12 columns -> filtered": ("{table: none}", "WHERE gender = 'neither'"),
                   "topic -> appended table": ("{table: appended}", ""),
                   "topic -> table by key, all keys new": ("{table: keyed, key: id}", "")}
        for number, (what, (into, where)) in enumerate(targets.items()):
            file = work / f"p{number}.yaml"
            file.write_text(pipeline(f"bench{number}", into, where))
            wall, cpu = timed(LEAT, "run", file, "--once", "--data", work / "data")
            show(what, wall, records, cpu)
        print(f"\nstart of the empty program: {timed(LEAT, 'version')[0] * 1e3:.0f} ms; `true`: {timed('true')[0] * 1e3:.0f} ms")
        ready, pss, share = idle(work)
        print(f"start to ready: {ready * 1e3:.0f} ms; idle: {pss:.0f} MB PSS, {share * 100:.2f} % of a core")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
