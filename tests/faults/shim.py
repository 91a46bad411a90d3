"""failing_io.c: compiled, and loaded into the program."""
import dataclasses
import errno
import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent / "failing_io.c"

# What each class of calls is made to do: how, and the errno.
FAILURES = {
    "open": {"EIO": ("fail", errno.EIO), "ENOSPC": ("fail", errno.ENOSPC)},
    "write": {"EIO": ("fail", errno.EIO), "ENOSPC": ("fail", errno.ENOSPC), "short": ("short", errno.ENOSPC)},
    "read": {"EIO": ("fail", errno.EIO), "short": ("short", errno.EIO)},
    "sync": {"EIO": ("fail", errno.EIO), "ENOSPC": ("fail", errno.ENOSPC), "lost": ("lost", errno.EIO)},
    "truncate": {"EIO": ("fail", errno.EIO), "ENOSPC": ("fail", errno.ENOSPC)},
    "rename": {"EIO": ("fail", errno.EIO), "ENOSPC": ("fail", errno.ENOSPC)},
    "unlink": {"EIO": ("fail", errno.EIO)},
    "connect": {"refused": ("fail", errno.ECONNREFUSED), "timeout": ("fail", errno.ETIMEDOUT)},
    "send": {"reset": ("fail", errno.ECONNRESET), "short": ("short", errno.ECONNRESET)},
    "receive": {"reset": ("fail", errno.ECONNRESET), "timeout": ("fail", errno.ETIMEDOUT),
                "short": ("short", errno.ECONNRESET)},
}
NETWORK = ("connect", "send", "receive")


@dataclasses.dataclass(frozen=True)
class Fault:
    """The `at`th call of a class fails."""
    calls: str
    failure: str
    at: int

    @property
    def error(self):
        return FAILURES[self.calls][self.failure][1]


@dataclasses.dataclass
class Report:
    """What the library saw: calls of each class, and what it made fail."""
    counts: dict
    failed: str  # the path, or "the connection"; empty: that call was never made


def build(folder):
    """The library, compiled into `folder`; None without a C compiler."""
    compiler = next(filter(None, map(shutil.which, (os.environ.get("CC", "cc"), "clang-19", "gcc"))), None)
    if compiler is None:
        return None
    library = pathlib.Path(folder) / "failing_io.so"
    subprocess.run([compiler, "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread",
                    "-o", str(library), str(SOURCE)], check=True)
    return library


def environment(library, directory, report, fault=None):
    """The variables with which a program fails below `directory`."""
    variables = {"LD_PRELOAD": library, "FAULTS_UNDER": directory, "FAULTS_REPORT": report}
    if fault:
        how, error = FAILURES[fault.calls][fault.failure]
        variables.update(FAULTS_CLASS=fault.calls, FAULTS_AT=fault.at, FAULTS_HOW=how, FAULTS_ERRNO=error)
    return variables


def read_report(file):
    report = Report({}, "")
    for line in file.read_text().splitlines() if file.exists() else ():
        word, calls, rest = line.split(" ", 2)
        if word == "count":
            report.counts[calls] = int(rest)
        else:
            report.failed = rest
    return report
