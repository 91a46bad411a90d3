"""The program under measure, and what stands beside it."""
import contextlib
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

from people import ROOT

LEAT = os.environ.setdefault("LEAT", str(ROOT / "build" / "bench" / "leat"))  # for long_run, too


@contextlib.contextmanager
def workplace():
    """A folder on the disk of the build directory, which goes with everything in it."""
    (ROOT / "build").mkdir(exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="leat-bench-", dir=ROOT / "build"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def timed(*command, stdin=None):
    """(wall seconds, CPU seconds) of a command that must succeed."""
    os.sync()  # what was written before is not this command's to wait for
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    subprocess.run(list(map(str, command)), stdin=stdin, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def copy_and_sync(source, target):
    """Seconds; the limit of producing: the same bytes read, written and synced."""
    started = time.monotonic()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    return time.monotonic() - started


def sync_seconds(folder, times=200):
    """The median of a small append and its fdatasync: what a durable commit takes at least."""
    taken = []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(times):
            started = time.monotonic()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.monotonic() - started)
    return statistics.median(taken)


def process_figures(pid):
    """(PSS in bytes, CPU seconds) of a running process."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return pss, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
