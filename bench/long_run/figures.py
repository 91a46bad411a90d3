"""Whether a curve is flat: its first quarter beside its last one."""
import statistics

# The log fills up to its retention first, the table by key gets its keys, the caches what they hold.
WARM_UP = 0.1
MB = 1e6


def quarters(points):
    """(median of the first quarter, of the last one, largest) of (at, value) points."""
    points = sorted(points)
    begin, end = points[0][0], points[-1][0]
    quarter = (end - begin) / 4
    first = [value for at, value in points if at <= begin + quarter]
    last = [value for at, value in points if at >= end - quarter]
    return statistics.median(first), statistics.median(last), max(value for _, value in points)


def is_flat(first, last, tolerance):
    """A tenth, or the tolerance in the curve's own unit."""
    return abs(last - first) <= max(first / 10, tolerance)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def cpu_share(samples):
    """(at, share of a core) between samples of one process that are ten apart."""
    pairs = zip(samples, samples[10:])
    return [(b["at"], (b["cpu"] - a["cpu"]) / (b["at"] - a["at"])) for a, b in pairs if a["pid"] == b["pid"] and b["at"] > a["at"]]


class Curves:
    """What the watch has measured, as curves of (at, value), by name; `figures` compares quarters."""

    def __init__(self, watch, minutes, kills):
        warm = minutes * 60 * WARM_UP
        self.samples, self.stills = watch.samples, watch.stills
        # Without those during which the machine stood still.
        self.latencies = [(at, seconds) for at, seconds in watch.latencies
                          if not any(begin - 1 < at + (seconds or 0) and at < end + 1 for begin, end in watch.stills)]
        settled = [each for each in watch.samples if each["at"] >= warm]
        # A new process begins a new curve of memory, handles and threads: the last one is compared.
        begin = max([warm, *(at + minutes * 60 * WARM_UP for at in kills)])
        self.last_process = [each for each in watch.samples if each["at"] >= begin]
        self.settled, self.begin, self.warm = settled, begin, warm

    def of(self, name, unit=1, samples=None):
        return [(each["at"], each[name] / unit) for each in (self.samples if samples is None else samples) if each.get(name) is not None]

    def figures(self):
        """(what, first quarter, last quarter, largest, unit, flat or not or None where growth is its meaning)."""
        rows = []

        def add(what, points, unit, tolerance=None, digits=0):
            if not points:
                return  # too short a run
            first, last, most = quarters(points)
            flat = None if tolerance is None else is_flat(first, last, tolerance)
            rows.append((what, *(f"{value:,.{digits}f}" for value in (first, last, most)), unit, flat))
        add("memory of the last process, PSS", self.of("pss", MB, self.last_process), "MB", 10)
        add("open file handles of the last process", self.of("handles", 1, self.last_process), "", 3)
        add("threads of the last process", self.of("threads", 1, self.last_process), "", 2)
        add("topic `people` (retention by size)", self.of("topic", MB, self.settled), "MB", 64)
        add("table by key", self.of("tables", MB, self.settled), "MB", 8)
        add("write-ahead logs of DuckDB", [(each["at"], (each["tables_wal"] + each["ledger_wal"]) / MB) for each in self.settled], "MB", 32)
        add("Leat's own topics", self.of("own_topics", MB, self.settled), "MB", 8)
        # SQLite's own write-ahead log is written anew from its beginning at 4 MB.
        add("meta.db", self.of("meta", MB, self.settled), "MB", 4, 1)
        add("ledger (grows: a row for each record)", self.of("ledger", MB, self.settled), "MB")
        add("CPU", cpu_share(self.settled), "cores", 0.05, 2)
        calm = [(at, seconds * 1e3) for at, seconds in self.latencies if seconds is not None and at >= self.warm]
        add("answer sent → its last row visible", calm, "ms", 10)
        return rows
