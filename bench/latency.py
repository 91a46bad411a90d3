#!/usr/bin/env python3
"""From the last byte of an API answer to its rows in the table, at a steady rate, every commit durable; beside the
disk's own sync.

  bench/latency.py [RECORDS A SECOND, 10000] [SECONDS, 20]

The server has its answers made before, and holds each back until it is due. Queries over the program's socket look for the
rows; they begin shortly after an answer has gone out and follow each other after a pause, on the cores that the program
needs. Two times are printed: when a query began that has the rows (they were committed by then), and when its answer came.
"""
import http.server
import json
import multiprocessing
import os
import statistics
import sys
import time

from measured import percentile, process_figures, sync_seconds, workplace
from people import COLUMNS, RECORDED, stream
from long_run.program import Program, Questions

ANSWERS_A_SECOND = 50
PAUSE = 0.0005
EARLIEST = 0.0025  # no row was seen sooner; a query in between would only take a core from what it waits for
PIPELINE = """\
schedule: "@once"
tasks:
  get:
    http:
      url: http://127.0.0.1:{port}/
      records: "results[*]"
      paginate: {{page: {{param: page, start: 1}}}}
      max_pages: {pages}
    into: {{topic: people, key: login.uuid}}
"""


class Paced(http.server.ThreadingHTTPServer):
    """Gives the answer `page` of `pages` at its time; `sent` has when its last byte went. In a process of its own, so that
    making answers does not hold up those who look."""

    def __init__(self, rate, seconds):
        super().__init__(("127.0.0.1", 0), Answer)
        self.pages = int(seconds * ANSWERS_A_SECOND)
        self.size = max(1, rate // ANSWERS_A_SECOND)
        people = json.loads(RECORDED.read_text())["results"]
        self.people = [json.dumps(person, ensure_ascii=False, separators=(",", ":")) for person in people]
        self.uuids = [person["login"]["uuid"] for person in people]
        self.bodies = [self.body(page) for page in range(self.pages + 1)] + [b'{"results":[]}']
        self.origin = None
        self.sent = multiprocessing.Array("d", self.pages + 2, lock=False)
        multiprocessing.Process(target=self.serve_forever, daemon=True).start()

    def body(self, page):
        """People with a key of their own each, and the page's number."""
        texts = []
        for i in range(self.size):
            text, old = self.people[i % len(self.people)], self.uuids[i % len(self.people)]
            text = text.replace(old, f"{page:08x}-0000-4000-8000-{i:012x}")
            texts.append(f'{{"page":{page},{text[1:]}')
        return f'{{"results":[{",".join(texts)}]}}'.encode()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        page = int(self.path.split("page=")[1].split("&")[0])
        body = self.server.bodies[page]
        if self.server.origin is None:
            self.server.origin = time.monotonic() + 1
        time.sleep(max(0, self.server.origin + page / ANSWERS_A_SECOND - time.monotonic()))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self.server.sent[page] = time.monotonic()
        self.wfile.write(head + body)

    def log_message(self, *_):
        pass


def main():
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20
    with workplace() as work:
        sync = sync_seconds(work)
        server = Paced(rate, seconds)
        file = work / "latency.yaml"
        text = stream("latency", "{table: people, key: id}", columns=COLUMNS + ", page::BIGINT AS page")
        file.write_text(text + PIPELINE.format(port=server.server_address[1], pages=server.pages + 1))
        visible, answered, asked = {}, {}, []
        with Program([file], work / "data", work / "errors", "") as program:
            questions = Questions(work / "data")
            seen = 0
            cpu_before = None
            deadline = time.monotonic() + seconds + 30
            while seen < server.pages and time.monotonic() < deadline and not program.ended():
                time.sleep(PAUSE)
                sent = server.sent[seen + 1]
                if sent == 0 or time.monotonic() - sent < EARLIEST:
                    continue
                began = time.monotonic()
                rows = questions.rows("SELECT max(page) FROM latency.main.people")
                now = time.monotonic()
                if rows is None or not rows[0][0]:
                    continue
                if cpu_before is None:
                    cpu_before = process_figures(program.process.pid)[1], now
                asked.append(now - began)
                for page in range(seen + 1, int(rows[0][0]) + 1):
                    visible[page], answered[page] = began, now
                seen = int(rows[0][0])
            if program.ended():
                sys.exit((work / "errors").read_text())
            pss, cpu = process_figures(program.process.pid)
            share = (cpu - cpu_before[0]) / (time.monotonic() - cpu_before[1])
            program.stop()
        pages = [page for page in visible if page > ANSWERS_A_SECOND]  # the first second warms up
        if seen < server.pages or not pages:
            sys.exit(f"only {seen} of {server.pages} answers became visible")
        print(f"{rate} records/s, {server.size} in an answer; {len(pages)} answers")
        for name, times in (("response -> a query can begin that has the rows", visible), ("response -> that query's answer", answered)):
            taken = [times[page] - server.sent[page] for page in pages]
            print(f"{name:48} p50 {statistics.median(taken) * 1e3:6.1f} ms   p99 {percentile(taken, 0.99) * 1e3:6.1f} ms"
                  f"   most {max(taken) * 1e3:6.1f} ms")
        print(f"{'the query that looks':48} p50 {statistics.median(asked) * 1e3:6.1f} ms")
        print(f"{'append and sync of 4 KiB':48} p50 {sync * 1e3:6.2f} ms   p50 of the answer is {statistics.median(taken) / sync:.0f} times as long")
        print(f"{'memory (PSS), CPU with queries':48} {pss / 1e6:6.0f} MB {share * 100:5.0f} % of a core")


if __name__ == "__main__":
    main()
