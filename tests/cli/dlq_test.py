"""leat dlq: list, show, redrive."""
import json
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

    def test_one_that_fails_again_is_the_same_letter(self):
        before = self.letters()
        self.place.leat("dlq", "redrive", "shop.yaml")
        after = self.letters()
        self.assertEqual([(each["stage"], each["source"]) for each in after],
                         [(each["stage"], each["source"]) for each in before])
