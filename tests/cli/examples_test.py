"""The pipelines of examples/ run on their recorded input, reconcile, and give the right rows."""
import csv
import json
import pathlib
import tempfile
import unittest

import leat

EXAMPLES = leat.ROOT / "examples"
PEOPLE = EXAMPLES / "users" / "randomuser_1000.json"
ISSUES = EXAMPLES / "github_issues" / "routes.json"


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = leat.MockApi("--records", PEOPLE, "--routes", ISSUES)
        cls.enterClassContext(cls.api)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-examples-")
        self.addCleanup(folder.cleanup)
        self.data = leat.Data(pathlib.Path(folder.name) / "data")

    def run_example(self, name):
        result = self.data.run_once(EXAMPLES / name, flags=["--json"],
                                    env={"USERS_API": self.api.url, "GITHUB_API": self.api.origin})
        self.assertEqual(result.returncode, leat.OK, result.stdout + result.stderr)
        self.assertTrue(json.loads(result.stdout)["pipelines"][0]["reconciled"])
        return leat.summary_counts(result)

    def rows(self, query):
        return self.data.rows(query)[1:]

    def test_user_automation(self):
        counts = self.run_example("user_automation.yaml")
        self.assertEqual((counts["fetched"], counts["produced"], counts["dead_lettered"]), (100, 100, 0))
        people = {each["login"]["uuid"]: each for each in json.loads(PEOPLE.read_text())["results"]}
        rows = self.rows("SELECT id, first_name, last_name, post_code, address, epoch_ms(dob) FROM spark_streams.created_users")
        self.assertEqual(len(rows), 100)
        for identity, first, last, post_code, address, _ in rows:
            person = people[identity]
            street = person["location"]["street"]
            self.assertEqual((first, last, post_code, address),
                             (person["name"]["first"], person["name"]["last"], str(person["location"]["postcode"]),
                              f"{street['number']} {street['name']}"))
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT login.uuid) FROM raw_users"), [["100", "100"]])

    def test_a_second_run_fetches_again_and_updates(self):
        self.run_example("user_automation.yaml")
        before = int(self.rows("SELECT count(*) FROM topic('users_created')")[0][0])
        self.run_example("user_automation.yaml")
        self.assertEqual(int(self.rows("SELECT count(*) FROM topic('users_created')")[0][0]), before + 100)
        self.assertEqual(self.rows("SELECT count(*) = count(DISTINCT id) FROM spark_streams.created_users"), [["true"]])

    def test_github_issues(self):
        counts = self.run_example("github_issues.yaml")
        issues = []
        for route in json.loads(ISSUES.read_text()):
            body = route.get("body", [])
            issues += json.loads(body) if isinstance(body, str) else body
        self.assertEqual(counts["fetched"], len(issues))
        wanted = sorted([str(each["number"]), each["title"], each["user"]["login"]]
                        for each in issues if each["state"] == "open")
        self.assertEqual(sorted(self.rows("SELECT number, title, author FROM github.issues")), wanted)

    def test_earthquakes(self):
        counts = self.run_example("earthquakes.yaml")
        with next((EXAMPLES / "earthquakes").glob("*.csv")).open(newline="") as file:
            events = list(csv.DictReader(file))
        self.assertEqual(counts["fetched"], len(events))
        strong = sorted([each["id"], each["place"]] for each in events if each["mag"] and float(each["mag"]) >= 2.5)
        self.assertEqual(sorted(self.rows("SELECT id, place FROM strong_earthquakes")), strong)
        archive = self.data.directory / "hdfs" / "lakehouse" / "bronze" / "earthquakes"
        files = sorted(archive.rglob("*.parquet"))
        self.assertEqual([(file.read_bytes()[:4], file.read_bytes()[-4:]) for file in files], [(b"PAR1", b"PAR1")] * len(files))
        self.assertGreater(len(files), 0)


if __name__ == "__main__":
    unittest.main()
