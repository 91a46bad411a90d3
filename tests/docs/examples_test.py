"""Every pipeline of examples/ runs once on its recorded input, reconciles, and fills its targets.

tests/cli/examples_test.py compares the rows of some of them with the input, value by value.
"""
import json
import pathlib
import tempfile
import unittest

import leat

EXAMPLES = leat.ROOT / "examples"
MAX_LINES = 25

# Pipeline: records that its tasks fetch, and the rows of what it fills. A table, or the Parquet
# files below hdfs/.
EXPECTED = {
    "api_data_pipeline": (100, {"raw_users": 100, "spark_streams.user_data": 100, "api_data.processed_data": 100}),
    "earthquake_regions": (146, {"felt_quakes": 51, "latest_quakes": 14, "topic('located_quakes')": 146}),
    "earthquakes": (146, {"strong_earthquakes": 51, "/lakehouse/bronze/earthquakes": 146}),
    "earthquakes_geojson": (102, {"quakes": 102}),
    "github_issues": (13, {"github.issues": 13}),
    "nyc_taxi": (48, {"long_trips": 10, "/lakehouse/bronze/nyc_taxi_trips": 48}),
    "user_automation": (100, {"raw_users": 100, "spark_streams.created_users": 100}),
    "user_data_kafka_stream": (100, {"spark_streams.users_created": 100}),
}


def rows_of(data, target):
    # Parquet files are counted by a pipeline of their own: the console reads no files.
    if not target.startswith("/"):
        return int(data.rows(f"SELECT count(*) FROM {target}")[1][0])
    count = data.directory.parent / "count.yaml"
    count.write_text(f"pipeline: count\ntasks:\n  read:\n    file: {{path: \"{data.directory}/hdfs{target}/*.parquet\"}}\n"
                     "    into: {topic: counted}\n")
    other = leat.Data(data.directory.parent / "count")
    return leat.summary_counts(leat.must(other.run_once(count, flags=["--json"])))["fetched"]


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = leat.MockApi("--records", EXAMPLES / "users" / "randomuser_1000.json",
                               "--routes", EXAMPLES / "github_issues" / "routes.json")
        cls.enterClassContext(cls.api)

    def test_every_example_is_listed(self):
        names = sorted(file.stem for file in EXAMPLES.glob("*.yaml"))
        self.assertEqual(names, sorted(EXPECTED))
        text = (EXAMPLES / "README.md").read_text()
        self.assertEqual([name for name in names if f"{name}.yaml" not in text], [])

    def test_every_example_is_short(self):
        self.assertEqual([file.name for file in EXAMPLES.glob("*.yaml")
                          if len(file.read_text().splitlines()) > MAX_LINES], [])


def add_example(name, fetched, targets):
    def test(self):
        with tempfile.TemporaryDirectory(prefix="leat-examples-") as folder:
            data = leat.Data(pathlib.Path(folder) / "data")
            result = data.run_once(EXAMPLES / f"{name}.yaml", flags=["--json"],
                                   env={"USERS_API": self.api.url, "GITHUB_API": self.api.origin})
            leat.must(result, leat.OK, leat.DEAD_LETTERS)
            summary = json.loads(result.stdout)["pipelines"][0]
            self.assertTrue(summary["finished"] and summary["reconciled"], result.stdout)
            self.assertEqual(summary["pending"], 0)
            self.assertEqual(summary["fetched"], fetched)
            self.assertEqual({target: rows_of(data, target) for target in targets}, targets)
    setattr(Examples, f"test_{name}", test)


for each_name, (each_fetched, each_targets) in EXPECTED.items():
    add_example(each_name, each_fetched, each_targets)
