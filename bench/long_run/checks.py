"""After the end: nothing is lost, nothing is there twice, and every sum adds up."""
import json
import subprocess

from faults import MAY_LOSE_AN_ANSWER
from people_api import key_index
from program import LEAT, ask

import leat

STRIKES_BEFORE_SECONDS, STRIKES_AFTER_SECONDS = 3, 6


class Checks:
    """`lines` say what was compared, `failures` what was wrong."""

    def __init__(self):
        self.lines, self.failures = [], []

    def that(self, good, text):
        (self.lines if good else self.failures).append(text)


def gaps(data):
    """(numbers that the topic never had, in ranges, number of rows, how many are there twice) of the ledger."""
    rows = ask(data, "SELECT count(*) AS n, count(DISTINCT number) AS d, min(number) AS a, max(number) AS z FROM seen")[0]
    steps = ask(data, """SELECT number, following FROM
                           (SELECT number, lead(number) OVER (ORDER BY number) AS following FROM seen)
                         WHERE following > number + 1 ORDER BY 1""")
    found = [(int(step["number"]) + 1, int(step["following"])) for step in steps]
    if int(rows["a"]) > 0:
        found.insert(0, (0, int(rows["a"])))
    return found, int(rows["n"]), int(rows["n"]) - int(rows["d"]), int(rows["z"]) + 1


def excused(answer, faults, clock_zero):
    """Whether something struck that may lose an answer that was sent as a whole and not committed yet."""
    at = answer.sent - clock_zero
    return any(begin - STRIKES_BEFORE_SECONDS < at < end + STRIKES_AFTER_SECONDS and name in MAY_LOSE_AN_ANSWER
               for begin, end, name in faults)


def check_ledger(checks, data, api, faults, clock_zero):
    """The appended table has the number of each record of the topic. Returns the numbers that never came."""
    ranges, rows, doubled, end = gaps(data)
    missing = {number for first, last in ranges for number in range(first, last)}
    missing |= set(range(end, api.next))
    unexplained = missing - api.without_key
    lost_answers = 0
    for answer in api.answers:
        numbers = set(range(answer.first, answer.next)) - api.without_key
        if numbers and numbers <= unexplained:
            lost_answers += 1
            if not answer.taken or excused(answer, faults, clock_zero):
                unexplained -= numbers
    checks.that(not unexplained, f"people that are nowhere: {len(unexplained)}, {sorted(unexplained)[:5]}"
                if unexplained else f"{api.next:,} people were sent, {rows:,} are in the topic; none of a committed "
                f"answer is missing ({lost_answers} whole answers were not taken or not committed when something struck)")
    checks.that(doubled == 0, f"people that are in the topic twice: {doubled}")
    return missing, rows


def check_table(checks, data, api, missing):
    """The table by key has the last good record of each key."""
    last = {}
    for number in range(api.next):
        if number not in missing and number not in api.bad_dates:
            last[api.ids[key_index(number, api.keys)]] = number
    found = {row["id"]: int(row["number"]) for row in ask(data, "SELECT id, number FROM steady.main.people")}
    wrong = sum(1 for key in last.keys() | found.keys() if last.get(key) != found.get(key))
    checks.that(wrong == 0, f"keys whose row is not that of their last good record: {wrong} of {len(last):,}")


def check_sums(checks, data, rows):
    total = leat.task_counts(data)
    checks.that(total["fetched"] == total["produced"] + total["dead_lettered"],
                "task: fetched {fetched:,} = produced {produced:,} + dead-lettered {dead_lettered:,}".format(**total))
    checks.that(total["produced"] == rows, f"task: produced {total['produced']:,} = {rows:,} records that the ledger saw")
    for pipeline, stream in (("steady", "people"), ("ledger", "seen")):
        stored = ask(data, f"SELECT progress FROM {pipeline}.__leat.streams WHERE stream = '{stream}'")
        progress = json.loads(stored[0]["progress"])
        text = "{}: read {read:,} = used {used:,} + filtered {filtered:,} + dead-lettered {dead_lettered:,}"
        checks.that(progress["read"] == progress["used"] + progress["filtered"] + progress["dead_lettered"],
                    text.format(stream, **progress))
        checks.that(progress["read"] == total["produced"], f"{stream}: read {progress['read']:,} = produced {total['produced']:,}")


def check_all(data, api, faults, clock_zero, exit_code):
    checks = Checks()
    checks.that(exit_code == 0, f"SIGTERM: exit code {exit_code}")
    repair = subprocess.run([LEAT, "repair", "--data", str(data)], capture_output=True, text=True)
    checks.that(repair.returncode == 0, f"leat repair: exit code {repair.returncode}: {repair.stdout.strip()[-300:]}")
    missing, rows = check_ledger(checks, data, api, faults, clock_zero)
    check_table(checks, data, api, missing)
    check_sums(checks, data, rows)
    return checks
