"""An API whose answers are made before: its server does next to nothing, so that what is measured is the one who asks."""
import multiprocessing
import re
import socket
import threading

from measured import process_figures

PAGE = 5000  # people in an answer, the most that the real API gives


def store_answers(lines, file):
    """Puts the people of `lines` into a file as whole answers of a page each; the (place, size) of every one."""
    answers, people = [], []
    with lines.open("rb") as read, file.open("wb") as write:
        for line in read:
            people.append(line.rstrip(b"\n"))
            if len(people) < PAGE:
                continue
            body = b'{"results":[' + b",".join(people) + b'],"info":{"results":%d}}' % PAGE
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            answers.append((write.tell(), len(head) + len(body)))
            write.write(head + body)
            people = []
    return answers


class AnswerServer:
    """A process that answers `?page=N` with the Nth of the stored answers, while the `with` lasts."""

    def __init__(self, stored, answers):
        self.stored, self.answers = stored, answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.process = multiprocessing.Process(target=self._serve, daemon=True)

    def cpu(self):
        """CPU seconds that it has used."""
        return process_figures(self.process.pid)[1]

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()
        self.listener.close()

    def _serve(self):
        while True:
            threading.Thread(target=self._answer, args=(self.listener.accept()[0],), daemon=True).start()

    def _answer(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, self.stored.open("rb") as file, connection.makefile("rb") as requests:
            while line := requests.readline():
                while requests.readline().strip():
                    pass  # a header
                connection.sendfile(file, *self.answers[int(re.search(rb"page=(\d+)", line)[1]) - 1])
