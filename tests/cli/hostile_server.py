"""A server that means no good: each path misbehaves in its own way, byte for byte.

As a program it prints its port, and listens until its standard input ends. It is a process of its own
because a child's peak memory, as the kernel counts it, begins with that of its parent: the answers
that are made here would count as the program's.
"""
import gzip
import json
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zlib

MEGABYTE = 1 << 20


def head(*headers, status="200 OK"):
    return "".join(line + "\r\n" for line in (f"HTTP/1.1 {status}", "Connection: close", *headers, "")).encode()


def whole(body, *headers):
    return head(f"Content-Length: {len(body)}", *headers) + body


def bomb(megabytes):
    """That many megabytes of zeros in a thousandth of their size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers to what came before: the same bytes unpack to the same zeros.
    again = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * (megabytes - 1) + packer.flush()


def person(number, **more):
    return json.dumps({"id": number, "name": f"n{number}", **more}).encode()


class HostileServer:
    """The program, while the block runs."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, str(pathlib.Path(__file__).resolve())],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.origin = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def requests(self, path):
        """How often the path was asked for."""
        with urllib.request.urlopen(f"{self.origin}/requests") as answer:
            return json.load(answer).get(path, 0)


class Listener:
    """Answers each connection on a thread of its own."""

    def __init__(self):
        self.asked = {}
        self.request = threading.local()  # the query of the one that this thread answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            path, _, self.request.query = request.split(b" ")[1].decode().partition("?")
            self.asked[path] = self.asked.get(path, 0) + 1
            try:
                for piece in getattr(self, path.strip("/"))():
                    connection.sendall(piece)
            except OSError:
                pass  # the client has seen enough

    # -- one method for each path: the pieces of its answer

    def requests(self):
        yield whole(json.dumps(self.asked).encode())

    def no_utf8(self):
        yield whole(b'[{"id":1,"name":"\xff\xfe"}]')

    def deep(self):
        yield whole(b'[{"id":1,"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}]")

    def deep_objects(self):
        yield whole(b'{"a":' * 100_000)

    def numbers_and_keys(self):
        yield whole(b'[{"id":1,"name":"a","amount":1e400},{"id":2,"name":"b","name":"c","amount":-1e400},'
                    b'{"id":3,"name":"d","amount":2}]')

    def lines(self):
        """Good and bad lines in turn: only the bad ones may be lost."""
        bad = [b'{"id":100,"name":"\xc3("}', b'{"id":101,"name":' + b"[" * 100_000, b'{"id":102,"name":"' + b"x" * 40,
               b'{"id":103,"name":"' + b"y" * (20 * MEGABYTE) + b'"}', b"\x00\x01\x02", b"]"]
        made = [person(number) for number in range(12)]
        for number, line in enumerate(bad):
            made.insert(2 * number + 1, line)
        yield whole(b"\n".join(made), "Content-Type: application/x-ndjson")

    def huge_string(self):
        yield whole(b'[' + person(1) + b',{"id":2,"name":"' + b"x" * (100 * MEGABYTE) + b'"},' + person(3) + b"]")

    def huge_key(self):
        yield whole(b'[{"id":"' + b"k" * (10 * MEGABYTE) + b'","name":"a"},' + person(2) + b"]")

    def gzip_bomb(self):
        yield whole(bomb(10_000), "Content-Encoding: gzip")

    def gzip_broken(self):
        yield whole(gzip.compress(b"[" + person(1) + b"]")[:-12], "Content-Encoding: gzip")

    def endless(self):
        yield head("Transfer-Encoding: chunked")
        while True:
            yield b"100000\r\n" + b"[" * MEGABYTE + b"\r\n"

    def endless_headers(self):
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X-Padding: " + b"x" * 1000 + b"\r\n"

    def endless_line(self):
        yield b"HTTP/1.1 200 OK\r\nX-Padding: "
        while True:
            yield b"x" * 1000

    def redirects(self):
        yield head(f"Location: {self.origin}/redirects?{time.monotonic_ns()}", "Content-Length: 0", status="302 Found")

    def page(self, number, following):
        return whole(json.dumps({"items": [{"id": number, "name": f"n{number}"}], "next": following}).encode())

    def circle(self):
        """The first page, then two that name each other; their records are always new."""
        yield self.page(self.asked["/circle"], "/circle?c=A" if self.request.query == "c=B" else "/circle?c=B")

    def heeds_no_page(self):
        yield whole(json.dumps({"items": [{"id": 1, "name": "n1"}], "took": self.asked["/heeds_no_page"]}).encode())

    def nothing_new(self):
        yield whole(json.dumps({"items": [], "next": f"/nothing_new?t={self.asked['/nothing_new']}"}).encode())

    def next_is_a_number(self):
        yield self.page(1, 2)

    def next_is_false(self):
        yield self.page(1, False)

    def repeats_the_key(self):
        """A key in the address comes back in the link, written otherwise."""
        second = self.request.query.endswith("p=2")
        yield self.page(2, None) if second else self.page(1, "/repeats_the_key?key=s%45cret%2fkey&p=2")

    def partial(self):
        yield head("Content-Range: bytes 0-9/100", "Content-Length: 10", status="206 Partial Content") + b'[{"id":1}]'

    def xchunked(self):
        yield whole(b"[" + person(1) + b"]", "Transfer-Encoding: xchunked")

    def gzip_padded(self):
        body = gzip.compress(b"[" + person(1) + b",") + gzip.compress(person(2) + b"]") + bytes(512)
        yield whole(body, "Content-Encoding: gzip")

    def gzip_in_name_only(self):
        yield whole(b"[" + person(1) + b"]", "Content-Encoding: gzip")

    def gzip_undeclared(self):
        yield whole(gzip.compress(person(1) + b"\n" + person(2) + b"\n"), "Content-Type: application/gzip")

    def latin1(self):
        yield whole('[{"id":1,"name":"J\u00fcrgen"}]'.encode("latin-1"), "Content-Type: application/json; charset=ISO-8859-1")

    def slow(self):
        for byte in whole(b"[" + person(1) + b"]"):
            yield bytes([byte])
            time.sleep(1)

    def silent(self):
        yield head("Content-Length: 100")
        threading.Event().wait()


def main():
    listener = Listener()
    threading.Thread(target=listener.accept, daemon=True).start()
    print(listener.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
