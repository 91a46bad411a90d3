"""The process under watch, and questions to it."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

LEAT = os.environ.get("LEAT", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "leat"))


class Program:
    """`leat run` on one data directory. Its messages go to the file `errors`."""

    def __init__(self, files, data, errors, url):
        self.command = [LEAT, "run", *map(str, files), "--data", str(data)]
        self.data, self.errors, self.url = data, errors, url
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if not self.ended():
            self.kill()

    def start(self):
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=errors,
                                            env={**os.environ, "USERS_API": self.url})
        while not (self.data / "leat.sock").exists() and self.process.poll() is None:
            time.sleep(0.005)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def ended(self):
        return self.process.poll() is not None


class Questions:
    """SQL over the socket of the running process, on one connection; for one thread. None when there is
    no answer: the process is dead, stopped or busy."""

    def __init__(self, data, timeout=5):
        self.path, self.timeout = str(data / "leat.sock"), timeout
        self.connection = None

    def rows(self, statement):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("leat")
                self.connection.sock = socket.socket(socket.AF_UNIX)
                self.connection.sock.settimeout(self.timeout)
                self.connection.sock.connect(self.path)
            self.connection.request("POST", "/api/v1/sql", statement.encode())
            answer = self.connection.getresponse()
            body = answer.read()
            if answer.will_close:
                self.forget()
            return json.loads(body)["rows"] if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            self.forget()
            return None

    def forget(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def ask(data, statement):
    """The rows of a statement, as texts, by the command `leat sql`."""
    result = subprocess.run([LEAT, "sql", "--data", str(data), "--format", "json", statement], capture_output=True,
                            text=True, timeout=300)
    if result.returncode != 0:
        raise RuntimeError(f"{statement}\n{result.stderr}")
    return json.loads(result.stdout)
