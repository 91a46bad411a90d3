"""leat validate: good files, and every mistake with its place and remedy."""
import json
import pathlib
import unittest

import leat
from workplace import InWorkplace

EXAMPLES = leat.ROOT / "examples"


class Validate(InWorkplace):
    def test_a_good_file(self):
        self.leat("validate", "shop.yaml")

    def test_the_examples_are_good(self):
        for example in sorted(EXAMPLES.glob("*.yaml")):
            with self.subTest(example=example.name):
                result = leat.leat("validate", example, cwd=EXAMPLES)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_several_files_are_all_looked_at(self):
        (self.place.path / "bad.yaml").write_text("pipeline: bad\nstreems: {}\n")
        result = self.leat("validate", "shop.yaml", "bad.yaml", code=leat.USER_ERROR)
        self.assertIn("bad.yaml:2:1", result.stderr)
        self.assertIn("streams", result.stderr)

    def test_the_line_itself_is_shown(self):
        (self.place.path / "typo.yaml").write_text(self.place.pipeline.read_text().replace("sql:", "sgl:"))
        result = self.leat("validate", "typo.yaml", code=leat.USER_ERROR)
        self.assertIn("sgl: SELECT id", result.stderr)
        self.assertIn("did you mean `sql`?", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_mistakes_as_json(self):
        (self.place.path / "bad.yaml").write_text("pipeline: bad\nstreems: {}\n")
        result = self.leat("validate", "shop.yaml", "bad.yaml", "--json", code=leat.USER_ERROR)
        self.assertEqual(result.stderr, "")
        good, bad = json.loads(result.stdout)
        self.assertEqual((good["file"], good["valid"], good["pipeline"], good["mistakes"]), ("shop.yaml", True, "shop", []))
        self.assertFalse(bad["valid"])
        mistake = bad["mistakes"][0]
        self.assertEqual((mistake["line"], mistake["column"]), (2, 1))
        self.assertIn("did you mean `streams`?", mistake["message"])

    def test_yaml_that_does_not_parse(self):
        (self.place.path / "broken.yaml").write_text("pipeline: [unclosed\n")
        self.assertIn("broken.yaml:", self.leat("validate", "broken.yaml", code=leat.USER_ERROR).stderr)

    def test_a_timetable_that_is_not_built_yet_is_refused_by_name(self):
        (self.place.path / "catchup.yaml").write_text(
            'schedule: {cron: "0 3 * * *", catchup: true}\n' + self.place.pipeline.read_text())
        self.assertIn("catchup", self.leat("validate", "catchup.yaml", code=leat.USER_ERROR).stderr)

    def test_a_table_key_that_is_not_the_record_key(self):
        text = self.place.pipeline.read_text().replace("SELECT id,", "SELECT id, lower(customer) AS who,")
        (self.place.path / "who.yaml").write_text(
            text.replace("{table: amounts, key: id}", "{table: amounts, key: who}") + "topics:\n  orders: {partitions: 3}\n")
        result = self.leat("validate", "who.yaml")
        self.assertIn("is not the record key (id) of orders", result.stderr)
        self.assertEqual(self.leat("validate", "shop.yaml").stderr, "")

    def test_a_misspelt_topic(self):
        (self.place.path / "topic.yaml").write_text(self.place.pipeline.read_text().replace("FROM orders", "FROM ordres"))
        result = self.leat("validate", "topic.yaml", code=leat.USER_ERROR)
        self.assertIn("did you mean `orders`?", result.stderr)

    def test_mistakes_of_yaml_and_sql_come_together(self):
        text = self.place.pipeline.read_text().replace("key: id}\nstreams", "kye: id}\nstreams")
        (self.place.path / "both.yaml").write_text(text.replace("FROM orders", "FROM orders ORDER BY id") + "colour: red\n")
        for command in (["validate", "both.yaml"], ["run", "both.yaml", "--once"],
                        ["run", "both.yaml", "--once", "--data", "not-made"]):
            with self.subTest(command=command):
                result = self.leat(*command, code=leat.USER_ERROR)
                places = [line for line in result.stderr.splitlines() if line.startswith("both.yaml:")]
                self.assertEqual([place.split(":")[1] for place in places], ["5", "8", "10"], result.stderr)
                self.assertIn("did you mean `key`?", places[0])
                self.assertIn("ORDER BY", places[1])
                self.assertIn("colour", places[2])
        self.assertFalse((self.place.path / "not-made").exists())

    def test_mistakes_of_sql_leave_no_data_directory(self):
        (self.place.path / "sql.yaml").write_text(self.place.pipeline.read_text().replace("FROM orders", "FROM orders LIMIT 1"))
        self.assertIn("LIMIT", self.leat("run", "sql.yaml", "--once", "--data", "none", code=leat.USER_ERROR).stderr)
        self.assertFalse((self.place.path / "none").exists())
