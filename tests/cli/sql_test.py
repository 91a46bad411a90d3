"""leat sql: formats, topics as tables, errors."""
import csv
import io
import json

import leat
from workplace import InWorkplace

QUERY = "SELECT id, customer, amount FROM amounts ORDER BY id"


class Sql(InWorkplace):
    def test_table(self):
        out = self.leat("sql", QUERY).stdout
        for text in ("id", "customer", "amount", "Ada", "10.50", "Jürgen", "NULL"):
            self.assertIn(text, out)

    def test_csv_has_a_header(self):
        rows = list(csv.reader(io.StringIO(self.leat("sql", "--format", "csv", QUERY).stdout)))
        self.assertEqual(rows, [["id", "customer", "amount"], ["1", "Ada", "10.50"], ["2", "Bob", "20.00"],
                                ["4", "Jürgen", "0.01"], ["5", "", ""]])

    def test_csv_quotes(self):
        out = self.leat("sql", "--format", "csv", """SELECT 'a,b' AS x, 'say "hi"' AS y, 'two' || chr(10) || 'lines' AS z""").stdout
        self.assertEqual(list(csv.reader(io.StringIO(out)))[1], ["a,b", 'say "hi"', "two\nlines"])

    def test_json_is_one_array_of_objects(self):
        rows = json.loads(self.leat("sql", "--format", "json", QUERY).stdout)
        self.assertEqual([row["id"] for row in rows], [1, 2, 4, 5])
        self.assertEqual(rows[3], {"id": 5, "customer": None, "amount": None})

    def test_ndjson_is_an_object_a_line(self):
        lines = self.leat("sql", "--format", "ndjson", QUERY).stdout.splitlines()
        self.assertEqual([json.loads(line)["customer"] for line in lines], ["Ada", "Bob", "Jürgen", None])

    def test_no_rows(self):
        nothing = "SELECT id FROM amounts WHERE id = 99"
        self.assertEqual(json.loads(self.leat("sql", "--format", "json", nothing).stdout), [])
        self.assertEqual(self.leat("sql", "--format", "ndjson", nothing).stdout, "")
        self.assertEqual(self.leat("sql", "--format", "csv", nothing).stdout.strip(), "id")

    def test_the_topic_is_a_table(self):
        rows = json.loads(self.leat("sql", "--format", "json",
                                    "SELECT id, _partition, _offset, _key, _timestamp FROM topic('orders') ORDER BY id").stdout)
        self.assertEqual([row["id"] for row in rows], [1, 2, 3, 4, 5])
        self.assertEqual({row["_partition"] for row in rows}, {0})
        self.assertEqual([row["_key"] for row in rows], ["1", "2", "3", "4", "5"])

    def test_the_full_name_of_a_table(self):
        self.assertIn("4", self.leat("sql", "--format", "csv", "SELECT count(*) FROM shop.main.amounts").stdout)

    def test_a_misspelt_table(self):
        result = self.leat("sql", "SELECT * FROM amonts", code=leat.USER_ERROR)
        self.assertIn("amounts", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_a_misspelt_topic(self):
        result = self.leat("sql", "SELECT * FROM topic('ordres')", code=leat.USER_ERROR)
        self.assertIn("orders", result.stderr)

    def test_a_syntax_error(self):
        self.assertIn("syntax error", self.leat("sql", "SELEC 1", code=leat.USER_ERROR).stderr)

    def test_an_unknown_format(self):
        self.assertIn("ndjson", self.leat("sql", "--format", "xml", "SELECT 1", code=leat.USER_ERROR).stderr)

    def test_tables_are_not_changed_from_outside(self):
        self.assertNotEqual(self.place.leat("sql", "DELETE FROM amounts").returncode, 0)
        self.assertIn("4", self.leat("sql", "--format", "csv", "SELECT count(*) FROM amounts").stdout)
