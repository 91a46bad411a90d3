"""What files hold reaches the table, or the run says what did not: JSON, CSV, Parquet."""
import json
import unittest

import leat
from workplace import Workplace

COPY = """\
pipeline: shop
tasks:
  load:
    file: {path: "FILES"}
    into: {topic: t}
streams:
  all: {sql: "SELECT * FROM t", into: {table: r}}
"""

# A value of each type that Parquet has, or that the writer gives in its place.
VALUES = {
    "bool": "true", "tiny": "(-7)::TINYINT", "small": "7::SMALLINT", "int": "7::INTEGER",
    "big": "9223372036854775807::BIGINT", "utiny": "255::UTINYINT", "ubig": "18446744073709551615::UBIGINT",
    "huge": "170141183460469231731687303715884105727::HUGEINT", "real": "0.1::FLOAT", "dbl": "0.1::DOUBLE",
    "nan": "'nan'::DOUBLE", "inf": "'inf'::DOUBLE", "minus": "'-inf'::DOUBLE", "fnan": "'nan'::FLOAT",
    "zero": "'-0.0'::DOUBLE", "whole": "1e300::DOUBLE",
    "dec": "12345678901234567890.123456789012345678::DECIMAL(38,18)", "dec2": "1.50::DECIMAL(10,2)",
    "dec0": "99999999999999999999999999999999999999::DECIMAL(38,0)",
    "day": "DATE '2024-02-29'", "never": "'infinity'::DATE", "clock": "TIME '23:59:59.999999'",
    "clocktz": "'12:00:00+05'::TIMETZ",
    "at": "TIMESTAMP '2024-02-29 12:34:56.789012'", "atns": "TIMESTAMP_NS '2024-02-29 12:34:56.789012345'",
    "attz": "TIMESTAMPTZ '2024-02-29 12:34:56.789012+02'", "ats": "TIMESTAMP_S '2024-02-29 12:34:56'",
    "span": "INTERVAL '1 month 2 days 3 seconds'", "bin": r"'\x00ab\xFF\x5C'::BLOB", "emptybin": "''::BLOB",
    "id": "'f47ac10b-58cc-4372-a567-0e02b2c3d479'::UUID", "kind": "'b'::ENUM('a','b')",
    "text": "'NaN \"Infinity\" \\'", "empty": "''", "null_text": "NULL::VARCHAR", "null_day": "NULL::DATE",
    "list": "[1.5::DOUBLE, 'nan'::DOUBLE, NULL]", "days": "[DATE '2024-01-01', NULL]", "nolist": "[]::DATE[]",
    "object": "{'a': 1, 'b': {'c': 'nan'::DOUBLE, 'd': DATE '2024-01-01'}, 'e': [{'f': 1.25::DECIMAL(4,2)}]}",
    "bits": "'101'::BIT",
}


class Formats(unittest.TestCase):
    def place(self, files, pipeline=COPY, code=leat.OK, **contents):
        place = Workplace(pipeline=pipeline.replace("FILES", files), orders="")
        self.addCleanup(place.close)
        for name, content in contents.items():
            (place.path / name.replace("_", ".")).write_bytes(content)
        self.result = place.leat("run", "shop.yaml", "--once", "--json")
        self.assertEqual(self.result.returncode, code, self.result.stdout + self.result.stderr)
        self.summary = json.loads(self.result.stdout)["pipelines"][0]
        return place

    def rows(self, place, query):
        result = place.leat("sql", "--format", "csv", query)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.splitlines()[1:]

    def test_one_bad_record_of_a_json_file_is_one_letter(self):
        place = self.place("in.json", code=leat.DEAD_LETTERS,
                           in_json=rb'[{"id":1},{"id":2,"s":"cut \ud83d"},{"id":3}, null, 5, {"id":4}]')
        self.assertEqual(self.rows(place, "SELECT id FROM r ORDER BY id"), ["1", "3", "4"])
        self.assertEqual(self.summary["dead_lettered"], 3)

    def test_a_csv_file_with_cr_line_ends(self):
        place = self.place("in.csv", in_csv=b"id,name\r1,a\r2,b\r")
        self.assertEqual(self.rows(place, "FROM r ORDER BY id"), ["1,a", "2,b"])

    def test_csv_names_that_differ_in_case(self):
        place = self.place("in.csv", in_csv=b"id,ID,Id\n1,2,3\n")
        self.assertEqual(self.rows(place, "FROM r"), ["1,2,3"])
        self.assertEqual(len(self.summary["warnings"]), 2)
        self.assertIn('SQL cannot tell the column "ID" from another one', self.summary["warnings"][0])

    def test_a_file_that_yields_nothing_says_so(self):
        self.place("in.csv", in_csv=b"id,name\n")
        self.assertEqual(len(self.summary["warnings"]), 1)
        self.assertIn("in.csv gave no records: 8 bytes", self.summary["warnings"][0])
        self.assertIn("in.csv gave no records", self.result.stderr)

    def test_utf_16_is_refused_by_name(self):
        self.place("in.csv", code=leat.USER_ERROR, in_csv="id\n1\n".encode("utf-16"))
        self.assertIn("UTF-16", self.result.stderr)

    def test_every_type_survives_parquet_and_the_topic(self):
        write = ("pipeline: shop\ntasks:\n  load:\n    file: {path: \"orders.ndjson\"}\n    into: {topic: w}\n"
                 "streams:\n  out:\n    into: {table: written}\n    sql: |\n      SELECT "
                 + ",\n        ".join(f"{value} AS {name}" for name, value in {"n": "n", **VALUES}.items())
                 + " FROM w\n  file:\n    into: {hdfs: /t}\n    sql: |\n      SELECT "
                 + ",\n        ".join(f"{value} AS {name}" for name, value in {"n": "n", **VALUES}.items())
                 + " FROM w\n")
        place = Workplace(pipeline=write, orders='{"n":1}\n')
        self.addCleanup(place.close)
        leat.must(place.leat("run", "shop.yaml", "--once"))
        read = COPY.replace("FILES", f"{place.data}/hdfs/t/*.parquet").replace("pipeline: shop", "pipeline: back")
        (place.path / "back.yaml").write_text(read)
        back = place.leat("run", "back.yaml", "--once")
        self.assertEqual(back.returncode, 0, back.stdout + back.stderr)
        for name in VALUES:
            with self.subTest(name):
                self.assertEqual(self.rows(place, f'SELECT "{name}" FROM back.r'),
                                 self.rows(place, f'SELECT "{name}" FROM shop.written'))
