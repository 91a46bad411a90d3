"""What goes wrong in the long run: one thing every ten seconds, in turn."""
import errno
import os
import signal
import threading
import time

# name, seconds that it lasts, whether an answer that was sent as a whole may be lost by it
OF_THE_API = {"429, Retry-After": ("429", 1.5), "500": ("500", 2), "hanging answers": ("hang", 2),
              "half a body": ("half", 1.5), "connection reset": ("reset", 1.5), "server gone": ("gone", 2),
              "1 % bad records": ("bad", 3)}
FULL, STOPPED, QUERY, KILL = "full disk", "stopped for 1 s", "heavy query", "kill -9"
NAMES = [*OF_THE_API, FULL, STOPPED, QUERY, KILL]
# An answer that was sent, and not committed when one of these struck, is asked for again.
MAY_LOSE_AN_ANSWER = (FULL, STOPPED, KILL)
FULL_SECONDS = 3
HEAVY_QUERY = """SELECT count(*), max(a.last_name || b.address), sum(length(a.email || b.email))
                 FROM (FROM steady.main.people LIMIT 3000) a, (FROM steady.main.people LIMIT 3000) b"""


def fill(file):
    """Takes all the room that the file's disk has left."""
    with file.open("wb") as out:
        size, step = 0, 1 << 26
        while step >= 4096:
            try:
                os.posix_fallocate(out.fileno(), size, step)
                size += step
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2


class Faults:
    """`program` is asked for the process and restarts it, `api` misbehaves, `query` runs a statement.
    `log` has (begin, end, name) of each fault, in seconds of `clock`."""

    def __init__(self, program, api, query, disk, clock):
        self.program, self.api, self.query, self.disk, self.clock = program, api, query, disk, clock
        self.log = []
        self.in_turn = [name for name in NAMES if name != KILL and (name != FULL or disk)]

    def next(self, number):
        self.strike(self.in_turn[number % len(self.in_turn)])

    def strike(self, name):
        begin = self.clock()
        if name in OF_THE_API:
            kind, seconds = OF_THE_API[name]
            self.api.misbehave(kind)
            time.sleep(seconds)
            self.api.behave()
        elif name == FULL:
            ballast = self.disk / "ballast"
            fill(ballast)
            time.sleep(FULL_SECONDS)
            ballast.unlink()
        elif name == STOPPED:
            self.program.signal(signal.SIGSTOP)
            time.sleep(1)
            self.program.signal(signal.SIGCONT)
        elif name == QUERY:
            asking = threading.Thread(target=self.query, args=(HEAVY_QUERY,))
            asking.start()
            asking.join()
        elif name == KILL:
            self.program.kill()
            time.sleep(1)
            self.program.start()
        self.log.append((begin, self.clock(), name))
