"""The program under measure, and what stands beside it."""
import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from people import ROOT

PEER = ROOT / "build" / "bench" / "src" / "store" / "duckdb_peer_bench"
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


def run(*command, stdin=None):
    """(wall seconds, CPU seconds, peak memory in bytes) of a command that must succeed. The peak is at least what this
    program itself has: a child begins as its parent's copy."""
    os.sync()  # what was written before is not this command's to wait for
    started = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def timed(*command, stdin=None):
    """(wall seconds, CPU seconds) of a command that must succeed."""
    return run(*command, stdin=stdin)[:2]


def wait_for_socket(process, data):
    """Until `leat run` on the data directory answers."""
    while not (data / "leat.sock").exists():
        if process.poll() is not None:
            raise SystemExit(f"leat run has ended with {process.returncode}")
        time.sleep(0.0005)


def copy_and_sync(source, target):
    """Seconds; the limit of producing: the same bytes read, written and synced."""
    started = time.monotonic()
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    return time.monotonic() - started


def write_parts_and_sync(source, parts, target):
    """Seconds; the limit of durable transactions: each (place, size) of the source written and synced, one by one."""
    started = time.monotonic()
    with source.open("rb") as read, target.open("wb", buffering=0) as write:
        for place, size in parts:
            read.seek(place)
            write.write(read.read(size))
            os.fdatasync(write.fileno())
    taken = time.monotonic() - started
    target.unlink()
    return taken


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
