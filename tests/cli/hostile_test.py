"""Servers that mean no good: a clear error or a dead letter, in bounded memory and time."""
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

import hostile_server
import leat

# What a run may take at its peak. The program with a filled DuckDB holds some 80 MB.
SMALL = 200 << 20
# A response of 100 MB is held twice while it grows, and its records once more on their way.
LARGE = 700 << 20
# Longer than any of them needs, short enough to notice one that does not end.
PATIENCE_SECONDS = 90

PIPELINE = """\
pipeline: hostile
tasks:
  fetch:
    http:
      url: ${URL}
      %s
      timeouts: {connect: 10s, idle: %s, total: %s}
      retries: {count: 1, delay: 1ms, max_delay: 1ms}
    retries: {count: 0}
    into: {topic: people, key: id}
streams:
  names: {sql: "SELECT id, name::VARCHAR AS name FROM people", into: {table: names, key: id}}
  amounts: {sql: "SELECT id, amount::DOUBLE AS amount FROM people", into: {table: amounts, key: id}}
"""


class HostileServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(hostile_server.HostileServer())

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="leat-hostile-")))
        self.data = leat.Data(self.folder / "data")

    def fetch(self, path, options="", memory=SMALL, idle="20s", total="30s", **environment):
        """Runs the pipeline against the path once: its exit code, and what it said."""
        pipeline = self.folder / "hostile.yaml"
        pipeline.write_text(PIPELINE.replace("${URL}", f"{self.server.origin}/{path}") % (options, idle, total))
        said = (self.folder / "errors").open("w+")
        process = subprocess.Popen(
            [str(leat.PROGRAM), "run", str(pipeline), "--once", "--data", str(self.data.directory)],
            stdout=subprocess.DEVNULL, stderr=said, env=leat.environment(**environment))
        guard = threading.Timer(PATIENCE_SECONDS, process.kill)
        guard.start()
        _, status, used = os.wait4(process.pid, 0)
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
        said.close()
        self.assertNotEqual(process.returncode, leat.KILLED, f"does not end: {text}")
        self.assertLess(used.ru_maxrss * 1024, memory, text)
        return process.returncode, text

    def refused(self, path, *words, **more):
        """The run fails, and says why and where."""
        code, said = self.fetch(path, **more)
        self.assertEqual(code, leat.FAILED, said)
        for word in (f"{self.server.origin}/{path}", *words):
            self.assertIn(word, said)
        self.assertLess(len(said), 20_000)

    def one_letter(self, path, why):
        """The one record of the page is a dead letter: its neighbours would go on."""
        code, said = self.fetch(path)
        self.assertEqual(code, leat.DEAD_LETTERS, said)
        letters = self.data.letters()
        self.assertEqual(len(letters), 1)
        self.assertIn(why, letters[0]["error"])

    def names(self):
        return [row[0] for row in self.data.rows("SELECT name FROM names ORDER BY ALL")[1:]]

    def test_bytes_that_are_no_utf8(self):
        self.one_letter("no_utf8", "not UTF-8")

    def test_a_hundred_thousand_levels(self):
        self.one_letter("deep", "nested deeper than 1024 levels")
        self.refused("deep_objects", "not valid JSON")

    def test_numbers_beyond_every_type_and_keys_twice(self):
        code, said = self.fetch("numbers_and_keys")
        self.assertEqual(code, leat.OK, said)
        self.assertEqual(self.names(), ["a", "c", "d"])  # the last of two equal keys
        # No digit is lost, until the query asks for a type that has no room for it.
        self.assertEqual(self.data.rows("SELECT amount FROM topic('people') ORDER BY id")[1:],
                         [["1e400"], ["-1e400"], ["2"]])
        self.assertEqual(self.data.rows("SELECT amount FROM amounts ORDER BY id")[1:], [["inf"], ["-inf"], ["2.0"]])

    def test_bad_lines_take_no_good_ones_along(self):
        code, said = self.fetch("lines", "format: ndjson", memory=LARGE)
        self.assertEqual(code, leat.DEAD_LETTERS, said)
        self.assertEqual(self.names(), sorted(f"n{number}" for number in range(12)))
        errors = " ".join(letter["error"] for letter in self.data.letters())
        self.assertEqual(len(self.data.letters()), 6, errors)
        for why in ("not UTF-8", "nested deeper", "does not end", "the record is larger than", "expected a value"):
            self.assertIn(why, errors)

    def test_a_string_of_100_megabytes(self):
        self.refused("huge_string", "larger than max_response_bytes", memory=LARGE)
        code, said = self.fetch("huge_string", "max_response_bytes: 200MB", memory=LARGE)
        self.assertEqual(code, leat.DEAD_LETTERS, said)
        self.assertEqual(self.names(), ["n1", "n3"])
        self.assertIn("larger than", self.data.letters()[0]["error"])

    def test_a_key_as_long_as_its_record(self):
        code, said = self.fetch("huge_key", memory=LARGE)
        self.assertEqual(code, leat.DEAD_LETTERS, said)
        self.assertEqual(self.names(), ["n2"])

    def test_a_gzip_bomb(self):
        self.refused("gzip_bomb", "larger than max_response_bytes", memory=LARGE)

    def test_gzip_that_breaks_off(self):
        self.refused("gzip_broken")

    def test_a_body_without_an_end(self):
        self.refused("endless", "larger than max_response_bytes", memory=LARGE)

    def test_headers_without_an_end(self):
        self.refused("endless_headers")
        self.refused("endless_line")

    def test_redirects_without_an_end(self):
        self.refused("redirects", "more than 10 redirects")
        self.assertLess(self.server.requests("/redirects"), 30)

    def pages(self, path, paginate="{next_url: next}"):
        return self.fetch(path, f"records: items\n      paginate: {paginate}")

    def test_pages_in_a_circle(self):
        code, said = self.pages("circle")
        self.assertEqual(code, leat.OK, said)
        self.assertEqual(self.server.requests("/circle"), 3)
        self.assertIn("names page 2 as the next one: the pages go in a circle", said)
        self.assertEqual(self.names(), ["n1", "n2", "n3"])

    def test_a_page_parameter_that_nobody_heeds(self):
        for kind in ("page: {}", "offset: {}"):
            before = self.server.requests("/heeds_no_page")
            code, said = self.pages("heeds_no_page", f"{{{kind}}}")
            self.assertEqual(code, leat.OK, said)
            self.assertEqual(self.server.requests("/heeds_no_page") - before, 2)
            self.assertIn("has the very records of page 1", said)
        self.assertEqual(self.names(), ["n1"])

    def test_a_next_link_that_is_none(self):
        code, said = self.pages("next_is_false")
        self.assertEqual(code, leat.OK, said)
        self.assertEqual(self.server.requests("/next_is_false"), 1)
        code, said = self.pages("next_is_a_number")
        self.assertEqual(code, leat.USER_ERROR, said)
        self.assertEqual(self.server.requests("/next_is_a_number"), 1)
        self.assertIn("next is a number, which is no URL", said)
        self.assertIn("write `paginate: {page: …}` or `paginate: {cursor: {path: next, param: …}}`", said)
        self.assertIn(f"while GET {self.server.origin}/next_is_a_number", said)

    def test_a_key_that_comes_back_in_a_link(self):
        code, said = self.fetch("repeats_the_key?key=${secret:KEY}",
                                "records: items\n      paginate: {next_url: next}", KEY="sEcret/key")
        self.assertEqual(code, leat.OK, said)
        self.assertEqual(self.names(), ["n1", "n2"])
        self.assertEqual(self.server.requests("/repeats_the_key"), 2)
        for folder, _, names in os.walk(self.data.directory):
            for name in names:
                path = pathlib.Path(folder, name)
                if path.is_socket():
                    continue
                for secret in (b"sEcret", b"s%45cret", b"%2fkey"):
                    self.assertNotIn(secret, path.read_bytes(), path)

    def test_nearly_right(self):
        for path, options, names in (("gzip_padded", "", ["n1", "n2"]),
                                     ("gzip_in_name_only", "", ["n1", "n2"]),
                                     ("gzip_undeclared", "format: ndjson", ["n1", "n2"]),
                                     ("latin1", "", ["Jürgen", "n2"])):
            code, said = self.fetch(path, options)
            self.assertEqual(code, leat.OK, said)
            self.assertEqual(self.names(), names, path)

    def test_a_part_of_an_answer(self):
        self.refused("partial", "status 206: only a part of the answer came (bytes 0-9/100)")

    def test_a_transfer_encoding_that_nobody_knows(self):
        self.refused("xchunked", "the transfer encoding \"xchunked\"")

    def test_a_byte_a_second(self):
        self.refused("slow", "the response was not complete after 3000 ms", idle="2s", total="3s")

    def test_a_server_that_falls_silent(self):
        self.refused("silent", "no byte arrived for 2000 ms", idle="2s")


if __name__ == "__main__":
    unittest.main()
