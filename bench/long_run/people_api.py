"""An HTTP API that gives people at a steady rate, and misbehaves when it is told to.

People have running numbers. An answer holds those that are due since the last one; those of an answer
that was spoiled come again with the next, so that half of one, taken for whole, would show as people
that are there twice.
"""
import contextlib
import dataclasses
import json
import pathlib
import socket
import struct
import threading
import time
import uuid

PEOPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "users" / "randomuser_1000.json"
BAD_EVERY = 100  # one bad record in so many, while `bad records` is asked for
MOST_SECONDS = 5  # an answer holds at most what is due in so many seconds


@dataclasses.dataclass
class Answer:
    """One with all that were due: people [first, next), sent at a time of time.time()."""
    first: int
    next: int
    sent: float
    taken: bool  # the client read all of it; else nobody knows


def key_index(number, keys):
    """Scattered over the keys, so that updates hit all of the table."""
    return number * 2654435761 % 2**32 % keys


class PeopleApi:
    """Serves from its own threads. `misbehave(kind)` spoils what follows until `behave()`; the kinds are
    429, 500, hang, half, reset, gone and bad. `answers` is only appended to."""

    def __init__(self, rate, keys):
        self.rate, self.keys = rate, keys
        self.ids = [str(uuid.UUID(int=index * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128)) for index in range(keys)]
        self.parts = [self.split(person) for person in json.loads(PEOPLE.read_text())["results"]]
        self.answers = []
        self.without_key, self.bad_dates = set(), set()  # numbers of the bad records that were sent
        self.requests = self.spoiled = 0
        self.next, self.origin = 0, time.monotonic()
        self.kind, self.resting = None, False
        self.lock = threading.Lock()
        self.sent = threading.Condition()
        self.listener = self.listen(0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/people"
        threading.Thread(target=self.accept, daemon=True).start()

    @staticmethod
    def split(person):
        """A person's JSON, cut where its own values go: key, number, time, date."""
        person = json.loads(json.dumps(person))
        person["login"]["uuid"], person["number"], person["sent"], person["dob"]["date"] = "@ID", "@NR", "@AT", "@DATE"
        text = json.dumps(person, ensure_ascii=False, separators=(",", ":"))
        pieces, found = [], sorted((text.index(mark), mark) for mark in ('"uuid":"@ID"', '"@NR"', '"@AT"', '"@DATE"'))
        start = 0
        for at, mark in found:
            pieces += [text[start:at], mark]
            start = at + len(mark)
        return pieces + [text[start:]]

    def person(self, number, now, bad):
        values = {'"uuid":"@ID"': f'"uuid":"{self.ids[key_index(number, self.keys)]}"', '"@NR"': str(number),
                  '"@AT"': str(now), '"@DATE"': '"1980-02-29T10:00:00.000Z"'}
        if bad and number % (2 * BAD_EVERY) == 0:
            values['"uuid":"@ID"'] = '"no_uuid":0'
            self.without_key.add(number)
        elif bad and number % BAD_EVERY == 0:
            values['"@DATE"'] = '"never"'
            self.bad_dates.add(number)
        return "".join(values.get(piece, piece) for piece in self.parts[number % len(self.parts)])

    def listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def misbehave(self, kind):
        self.kind = kind
        if kind == "gone":
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def behave(self):
        kind, self.kind = self.kind, None
        if kind == "gone":
            self.listener = self.listen(self.port)

    def rest(self):
        """From now on answers are empty."""
        self.resting = True

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
            except OSError:
                time.sleep(0.02)  # gone

    def serve(self, connection):
        try:
            with connection:
                connection.settimeout(30)
                request = b""
                while b"\r\n\r\n" not in request:
                    received = connection.recv(65536)
                    if not received:
                        return
                    request += received
                self.requests += 1
                self.answer(connection)
        except OSError:
            pass  # the other side gave up, or was killed

    def answer(self, connection):
        kind = self.kind
        if kind in (None, "bad"):
            with self.lock:
                self.give(connection, bad=kind == "bad")
            return
        self.spoiled += 1
        if kind == "429":
            connection.sendall(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif kind == "500":
            connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif kind == "hang":
            connection.recv(1)  # until the client gives up
        elif kind == "half":
            with self.lock:
                head, body = self.body(self.due(), False)
            connection.sendall(head + body[:len(body) // 2])
        elif kind == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def due(self):
        """The number behind the last person of an answer of now."""
        if self.resting:
            return self.next
        everything = int((time.monotonic() - self.origin) * self.rate)
        most = int(self.rate * MOST_SECONDS)
        if everything - self.next > most:  # nobody asked for long: what was due then is forgotten
            self.origin += (everything - self.next - most) / self.rate
        return min(everything, self.next + most)

    def body(self, end, bad):
        now = int(time.time() * 1000)
        people = [self.person(number, now, bad) for number in range(self.next, end)]
        body = ('{"results":[' + ",".join(people) + "]}").encode()
        head = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        return head, body

    def give(self, connection, bad):
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            if not connection.recv(1):
                return  # the client has given up meanwhile
        connection.settimeout(30)
        end = self.due()
        head, body = self.body(end, bad)
        taken, sent = False, time.time()
        try:
            connection.sendall(head + body)
            sent = time.time()
            connection.shutdown(socket.SHUT_WR)
            taken = not connection.recv(1)  # a client that has not read everything resets the connection
        finally:
            if end > self.next:
                answer = Answer(self.next, end, sent, taken)
                self.next = end
                with self.sent:
                    self.answers.append(answer)
                    self.sent.notify_all()
