"""leat dlq: list, show, redrive, discard."""
import concurrent.futures
import json
import signal
import time
import unittest

import leat
from workplace import InWorkplace, Workplace


class DeadLetters(InWorkplace):
    def test_list(self):
        out = self.leat("dlq", "list").stdout
        for text in ("query", "a lot", "orders-0@2"):
            self.assertIn(text, out)

    def test_list_as_json(self):
        letters = json.loads(self.leat("dlq", "list", "--json").stdout)
        self.assertEqual(len(letters), 1)
        self.assertEqual((letters[0]["stage"], letters[0]["source"]), ("query", "orders-0@2"))
        self.assertIn("a lot", letters[0]["error"])
        self.assertEqual(json.loads(letters[0]["value"])["id"], 3)

    def test_show_has_the_original_bytes(self):
        self.assertIn('{"id":3,"customer":"Eve","amount":"a lot"}', self.leat("dlq", "show").stdout)


class Redrive(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        self.assertEqual(self.place.leat("run", "shop.yaml", "--once").returncode, leat.DEAD_LETTERS)

    def letters(self):
        return json.loads(self.place.leat("dlq", "list", "--json").stdout)

    def test_after_the_query_was_mended_the_letter_becomes_a_row(self):
        text = self.place.pipeline.read_text()
        self.place.pipeline.write_text(text.replace("amount::DECIMAL(10,2)", "TRY_CAST(amount AS DECIMAL(10,2))"))
        result = self.place.leat("dlq", "redrive", "shop.yaml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(self.letters(), [])
        rows = self.place.leat("sql", "--format", "csv", "SELECT customer FROM amounts WHERE id = 3").stdout
        self.assertEqual(rows.split(), ["customer", "Eve"])

    def test_an_id_that_is_not_there_is_named_and_nothing_is_done(self):
        text = self.place.pipeline.read_text()
        self.place.pipeline.write_text(text.replace("amount::DECIMAL(10,2)", "TRY_CAST(amount AS DECIMAL(10,2))"))
        there = self.letters()[0]["id"]
        for command in (["redrive"], ["discard", "--because", "a test"]):
            result = self.place.leat("dlq", *command, there, "stream/shop.amounts/orders-0@77", "task/shop.x/1/2/3")
            self.assertEqual(result.returncode, leat.USER_ERROR, result.stdout + result.stderr)
            self.assertIn("no dead letter stream/shop.amounts/orders-0@77, task/shop.x/1/2/3", result.stderr)
            self.assertNotIn(there, result.stderr)
            self.assertEqual(len(self.letters()), 1)
        self.assertIn("1 redriven", self.place.leat("dlq", "redrive", there).stderr)
        again = self.place.leat("dlq", "redrive", there)
        self.assertEqual(again.returncode, leat.USER_ERROR)
        self.assertIn(there, again.stderr)

    def test_a_file_means_the_letters_of_its_pipeline(self):
        other = self.place.path / "other.yaml"
        other.write_text("pipeline: other\nstreams:\n  s: {sql: SELECT id FROM orders, into: {table: ids}}\n")
        self.assertIn("0 redriven, 0 failed again", self.place.leat("dlq", "redrive", "other.yaml").stderr)
        result = self.place.leat("dlq", "redrive", "other.yaml", "--pipeline", "shop")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("other.yaml is the pipeline other, and --pipeline says shop", result.stderr)

    def test_one_that_fails_again_is_the_same_letter(self):
        before = self.letters()
        self.place.leat("dlq", "redrive", "shop.yaml")
        after = self.letters()
        self.assertEqual([(each["stage"], each["source"]) for each in after],
                         [(each["stage"], each["source"]) for each in before])


class WhatIsNotThere(unittest.TestCase):
    def test_a_filter_that_names_nothing_says_what_there_is(self):
        place = Workplace()
        self.addCleanup(place.close)
        place.leat("run", "shop.yaml", "--once")
        for flags, said in ((("--stage", "qeury"), "no stage is called `qeury`; did you mean `query`?"),
                            (("--source", "amonts"), "no task or stream is called `amonts`; did you mean `amounts`?"),
                            (("--source", "orders-0@2"), "its task or stream is `amounts`"),
                            (("--pipeline", "nope"), "no pipeline is called `nope`; there are: shop")):
            for command in (("list",), ("redrive",), ("discard", "--because", "x")):
                result = place.leat("dlq", *command, *flags)
                self.assertEqual(result.returncode, leat.USER_ERROR, result.stdout + result.stderr)
                self.assertIn(said, result.stderr)
        for flags in (("--stage", "sink"), ("--source", "load_orders"), ("--pipeline", "shop")):
            self.assertEqual(place.leat("dlq", "list", *flags).returncode, 0)
        for number in ("-1", "x"):
            self.assertIn(f"a whole number, 0 or more, not `{number}`", place.leat("dlq", "list", "--limit", number).stderr)


ROWS = 400
MANY = """\
pipeline: many
tasks:
  load:
    file: {path: "${DIR}/many.ndjson"}
    into: {topic: loaded, key: id}
streams:
  amounts:
    sql: SELECT id::VARCHAR AS id, amount::INTEGER AS amount FROM loaded
    into: [{table: amounts, key: id}, {table: every}]
"""
MENDED = (MANY.replace("topic: loaded, key: id", "topic: loaded, key: name")
          .replace("id::VARCHAR", "coalesce(id::VARCHAR, name)").replace("amount::INTEGER", "coalesce(TRY_CAST(amount AS INTEGER), 7)"))


class ManyLetters(unittest.TestCase):
    """As many letters of a task (lines without an id) as of a stream (amounts that are none)."""

    def setUp(self):
        self.place = Workplace(pipeline=MANY)
        self.addCleanup(self.place.close)
        lines = [{"id": number, "name": str(number), "amount": "none"} for number in range(ROWS)]
        lines += [{"name": f"n{number}", "amount": 1} for number in range(ROWS)]
        (self.place.path / "many.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
        result = self.place.leat("run", "shop.yaml", "--once", "--json")
        self.assertEqual(leat.summary_counts(result)["dead_lettered"], 2 * ROWS)

    def count(self, table):
        return int(self.place.leat("sql", "--format", "csv", f"SELECT count(*) FROM {table}").stdout.split()[1])

    def letters(self, *flags):
        return json.loads(self.place.leat("dlq", "list", "--json", *flags).stdout)

    def test_a_list_comes_in_pages(self):
        whole = [letter["id"] for letter in self.letters()]
        self.assertEqual(len(whole), len(set(whole)))
        self.assertEqual(len(whole), 2 * ROWS)
        found, after = [], []
        while True:
            page = [letter["id"] for letter in self.letters("--limit", "150", *after)]
            self.assertLessEqual(len(page), 150)
            if not page:
                break
            found += page
            after = ["--after", page[-1]]
        self.assertEqual(found, whole)
        lines = self.place.leat("dlq", "list", "--limit", "10")
        self.assertEqual(len(lines.stdout.splitlines()), 11)
        self.assertIn(f"there are more: leat dlq list --after '{whole[9]}' --limit 10", lines.stderr)
        self.assertEqual(self.place.leat("dlq", "list", "--after", "nothing").returncode, leat.USER_ERROR)

    def test_filters(self):
        self.assertEqual(len(self.letters("--stage", "fetch")), ROWS)
        self.assertEqual(len(self.letters("--source", "amounts", "--error", "Could not convert")), ROWS)
        self.assertEqual(self.letters("--error", "no such error"), [])

    def test_several_redrives_at_once_beside_a_running_process(self):
        self.place.pipeline.write_text(MENDED)
        process = self.place.start(LEAT_EPOCH_RECORDS=50)
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                results = list(pool.map(lambda _: self.place.leat("dlq", "redrive", "--json"), range(4)))
            for result in results:
                self.assertEqual(result.returncode, 0, result.stderr)
            redriven = sum(json.loads(result.stdout)["redriven"] for result in results)
            self.assertEqual(redriven, 2 * ROWS)
            # The running stream reads the records of the task's letters, too.
            leat.wait_until(lambda: self.count("every") >= 2 * ROWS)
        finally:
            process.terminate()
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.letters(), [])
        for table in ("every", "amounts", "topic('loaded')"):
            self.assertEqual(self.count(table), 2 * ROWS, table)

    def test_one_that_is_killed_goes_on_when_it_is_started_again(self):
        self.place.pipeline.write_text(MENDED)
        before = len(self.letters())
        result = self.place.leat("dlq", "redrive", "shop.yaml", LEAT_EPOCH_RECORDS=50, LEAT_CRASH_AFTER_EPOCH=3)
        self.assertEqual(result.returncode, leat.KILLED)
        self.assertEqual(len(self.letters()), before - 150)
        result = self.place.leat("dlq", "redrive", "shop.yaml", "--json", LEAT_EPOCH_RECORDS=50)
        self.assertEqual(json.loads(result.stdout), {"redriven": before - 150, "failed_again": 0})
        self.assertEqual(self.letters(), [])
        self.assertEqual(self.count("topic('loaded')"), 2 * ROWS)
        self.assertEqual(self.count("every"), ROWS)

    def test_the_end_of_the_process_stops_a_redrive_and_it_goes_on_later(self):
        self.place.pipeline.write_text(MENDED)
        process = self.place.start(LEAT_EPOCH_RECORDS=1)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            redrive = pool.submit(self.place.leat, "dlq", "redrive")
            leat.wait_until(lambda: len(self.letters()) < 2 * ROWS - 3)
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertLess(time.monotonic() - asked, 10)
            result = redrive.result()
        self.assertEqual(process.returncode, 0)
        left = len(self.letters())
        if left > 0:  # else it was done by then
            self.assertEqual(result.returncode, leat.FAILED, result.stderr)
            self.assertIn("start it again to go on", result.stderr)
        result = self.place.leat("dlq", "redrive", "--json")
        self.assertEqual(json.loads(result.stdout), {"redriven": left, "failed_again": 0})

    def test_a_client_that_goes_stops_its_redrive(self):
        self.place.pipeline.write_text(MENDED)
        process = self.place.start(LEAT_EPOCH_RECORDS=1)
        try:
            client = self.place.popen("dlq", "redrive")
            leat.wait_until(lambda: len(self.letters()) < 2 * ROWS - 3)
            client.kill()
            client.wait()
            time.sleep(0.5)
            left = len(self.letters())
            time.sleep(1)
            self.assertEqual(len(self.letters()), left, "nobody works on them any more")
        finally:
            process.terminate()
            process.communicate(timeout=60)


class Discard(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.close)
        orders = self.place.path / "orders.ndjson"
        orders.write_text(orders.read_text() + '{"customer":"Zoe"}\n{"id":6,"amount":"much"}\n')
        self.assertEqual(self.place.leat("run", "shop.yaml", "--once").returncode, leat.DEAD_LETTERS)

    def leat(self, *arguments, code=0):
        result = self.place.leat(*arguments)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def letters(self):
        return json.loads(self.leat("dlq", "list", "--json").stdout)

    def test_by_id_and_by_filter_with_the_reason(self):
        self.assertEqual(len(self.letters()), 3)
        first = next(letter["id"] for letter in self.letters() if "a lot" in letter["error"])
        self.assertIn("1 discarded", self.leat("dlq", "discard", first, "--because", "a test order").stderr)
        self.assertIn("1 discarded", self.leat("dlq", "discard", "--stage", "fetch", "--because", "old").stderr)
        self.assertEqual([letter["owner"] for letter in self.letters()], ["amounts"])
        self.assertIn("2 more were discarded", self.leat("dlq", "list").stderr)
        listed = json.loads(self.leat("dlq", "list", "--discarded", "--json").stdout)
        self.assertEqual([(each["owner"], each["because"], each["letters"]) for each in listed],
                         [("load_orders", "old", 1), ("amounts", "a test order", 1)])
        self.assertIn("a test order", self.leat("dlq", "list", "--discarded").stdout)
        self.leat("dlq", "redrive", first, code=leat.USER_ERROR)
        self.assertIn("0 redriven, 1 failed again", self.leat("dlq", "redrive", code=leat.DEAD_LETTERS).stderr)

    def test_a_run_counts_what_is_discarded_meanwhile_among_the_dead_lettered(self):
        process = self.place.start()
        try:
            self.leat("dlq", "discard", "--all", "--because", "a test")
        finally:
            process.terminate()
            process.communicate(timeout=60)
        self.assertEqual(self.letters(), [])
        result = self.place.leat("run", "shop.yaml", "--once", "--json")
        self.assertTrue(json.loads(result.stdout)["pipelines"][0]["reconciled"])

    def test_wants_a_reason_and_to_be_told_which(self):
        self.leat("dlq", "discard", "--all", code=leat.USER_ERROR)
        self.assertIn("--all", self.leat("dlq", "discard", "--because", "x", code=leat.USER_ERROR).stderr)
        self.leat("dlq", "discard", "shop.yaml", "--because", "x")
        self.assertEqual(self.letters(), [])
