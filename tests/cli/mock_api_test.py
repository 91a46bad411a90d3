"""leat mock-api: the envelope, pages, and misbehaviour on request."""
import json
import pathlib
import tempfile
import unittest
import urllib.error
import urllib.request

import leat


def people(count):
    return [{"gender": "female" if n % 2 else "male", "name": {"first": f"P{n}"}, "login": {"uuid": f"u{n}"},
             "nat": "GB" if n % 3 else "FR"} for n in range(count)]


class MockApi(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.records = pathlib.Path(folder.name) / "people.json"
        self.records.write_text(json.dumps({"results": people(30), "info": {"seed": "s", "results": 30, "page": 1, "version": "1.3"}}))

    def get(self, api, query=""):
        with urllib.request.urlopen(api.url + query, timeout=10) as response:
            return json.load(response)

    def test_the_envelope(self):
        with leat.MockApi("--records", self.records) as api:
            answer = self.get(api, "?results=5&page=1&seed=s")
            self.assertEqual(len(answer["results"]), 5)
            self.assertEqual(answer["info"]["results"], 5)
            self.assertEqual(answer["info"]["page"], 1)
            self.assertEqual(len(self.get(api)["results"]), 1)

    def test_pages_of_a_seed_are_the_same_every_time(self):
        with leat.MockApi("--records", self.records) as api:
            first = self.get(api, "?results=10&page=1&seed=s")["results"]
            second = self.get(api, "?results=10&page=2&seed=s")["results"]
            self.assertEqual(first, self.get(api, "?results=10&page=1&seed=s")["results"])
            self.assertNotEqual(first, second)

    def test_including_and_excluding_fields(self):
        with leat.MockApi("--records", self.records) as api:
            only = self.get(api, "?results=3&inc=name,nat")["results"]
            self.assertEqual({key for each in only for key in each}, {"name", "nat"})
            without = self.get(api, "?results=3&exc=login")["results"]
            self.assertFalse(any("login" in each for each in without))

    def test_nationalities(self):
        with leat.MockApi("--records", self.records) as api:
            self.assertEqual({each["nat"] for each in self.get(api, "?results=4&nat=fr")["results"]}, {"FR"})

    def test_failures_on_request(self):
        with leat.MockApi("--records", self.records, "--fail", "500:1") as api:
            with self.assertRaises(urllib.error.HTTPError) as raised:
                self.get(api)
            self.assertEqual(raised.exception.code, 500)
            raised.exception.close()

    def test_half_a_body(self):
        with leat.MockApi("--records", self.records, "--truncate", "1") as api:
            with self.assertRaises(Exception):
                self.get(api, "?results=20")

    def test_a_missing_file(self):
        result = leat.leat("mock-api", "--records", "nowhere.json")
        self.assertEqual(result.returncode, leat.USER_ERROR)
        self.assertIn("nowhere.json", result.stderr)
