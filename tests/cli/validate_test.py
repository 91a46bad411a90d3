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
