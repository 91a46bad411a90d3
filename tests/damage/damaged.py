"""Data directories to be damaged. Three are made once; every test gets a copy of one:

  closed  a pipeline has run to its end: a task, two streams, two tables
  killed  the same, killed between two epochs: DuckDB's write-ahead log is there, and SQLite's
  unread  ten batches of twenty records each in a topic of three segments, which nobody has read
"""
import functools
import json
import os
import pathlib
import re
import shutil
import struct
import tempfile
import unittest

import leat

ORDERS = 200
STREAMS = """\
streams:
  amounts:
    sql: SELECT id, customer, amount::DECIMAL(10,2) AS amount FROM orders
    into: {table: amounts, key: id}
  copies:
    sql: SELECT id, amount FROM orders
    into: {table: copies}
"""
SHOP = """\
pipeline: shop
tasks:
  load_orders:
    file: {path: orders.ndjson}
    into: {topic: orders, key: id}
topics:
  orders: {partitions: 2}
""" + STREAMS
READER = "pipeline: shop\n" + STREAMS
EPOCHS = {"LEAT_EPOCH_RECORDS": 10}
UNREAD_BATCH = 20


def order(number):
    return {"id": number, "customer": f"c{number % 7}", "amount": f"{number}.50"}


def lines(first, last):
    return "".join(json.dumps(order(number)) + "\n" for number in range(first, last))


class Made:
    """The directories that tests copy."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-damage-")
        self.path = pathlib.Path(self.folder.name)
        (self.path / "orders.ndjson").write_text(lines(0, ORDERS))
        (self.path / "shop.yaml").write_text(SHOP)
        data = self.path / "data"
        crash = leat.leat("run", "shop.yaml", "--once", "--data", data, cwd=self.path,
                          env={"LEAT_CRASH_AFTER_EPOCH": 15, **EPOCHS})
        if crash.returncode != leat.KILLED:
            raise leat.Unexpected(f"not killed, but {crash.returncode}: {crash.stderr}")
        self.keep(data, "killed")
        leat.must(leat.leat("run", "shop.yaml", "--once", "--data", data, cwd=self.path,
                            env=EPOCHS))
        self.keep(data, "closed")
        shutil.rmtree(data)
        for first in range(0, ORDERS, UNREAD_BATCH):
            leat.must(leat.leat("topic", "produce", "orders", "--data", data,
                                input=lines(first, first + UNREAD_BATCH)))
            topics = data / "log/topics"
            topics.write_text(re.sub(r"(?m)^(orders .*segment.bytes=)\d+", r"\g<1>4000", topics.read_text()))
        self.keep(data, "unread")

    def keep(self, data, name):
        shutil.copytree(data, self.path / name, ignore=shutil.ignore_patterns("leat.sock"))


@functools.cache
def made():
    return Made()


def batches(segment):
    """(position, size, first offset) of every record batch in a segment file."""
    content, found, at = segment.read_bytes(), [], 0
    while at + 61 <= len(content) and content[at + 16] == 2:
        offset, length = struct.unpack_from(">qi", content, at)
        found.append((at, 12 + length, offset))
        at += 12 + length
    return found


class DamageTest(unittest.TestCase):
    maxDiff = None

    def start(self, name, pipeline=SHOP):
        folder = tempfile.TemporaryDirectory(prefix="leat-damaged-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.data = self.path / "data"
        shutil.copytree(made().path / name, self.data)
        shutil.copy(made().path / "orders.ndjson", self.path)
        (self.path / "shop.yaml").write_text(pipeline)
        self.database = self.data / "pipelines/shop.duckdb"
        self.wal = self.data / "pipelines/shop.duckdb.wal"

    def segment(self, partition, base=0):
        return self.data / "log" / partition / f"{base:020}.log"

    # -- damaging

    def flip(self, file, at):
        content = bytearray(file.read_bytes())
        content[at] ^= 0x40
        file.write_bytes(content)

    def cut(self, file, size):
        file.write_bytes(file.read_bytes()[:size])

    def zero(self, file, begin, end):
        content = bytearray(file.read_bytes())
        content[begin:end] = bytes(end - begin)
        file.write_bytes(content)

    # -- looking

    def leat(self, *arguments, code=0, **env):
        result = leat.leat(*arguments, "--data", self.data, cwd=self.path,
                           env={**EPOCHS, **env})
        self.assertEqual(result.returncode, code, f"{' '.join(arguments)}\n{result.stdout}{result.stderr}")
        return result

    def run_once(self, code=0, *flags):
        return self.leat("run", "shop.yaml", "--once", *flags, code=code)

    def refused(self, *parts, code=1, command=("run", "shop.yaml", "--once")):
        """The command fails, and says all of `parts`."""
        text = self.leat(*command, code=code).stderr
        for part in parts:
            self.assertIn(part, text)
        return text

    def files(self):
        """Every file with its content, but those that say who holds the directory."""
        return {str(file.relative_to(self.data)): file.read_bytes() for file in self.data.rglob("*")
                if file.is_file() and file.name not in ("lock", ".lock", "meta.db-shm")}

    def damages(self):
        """What `leat repair` would do; it does nothing."""
        before = self.files()
        text = self.leat("repair", code=1).stdout
        self.assertIn("nothing was changed", text)
        damages = json.loads(self.leat("repair", "--json", code=1).stdout)["damages"]
        self.assertEqual(self.files(), before)
        for damage in damages:
            self.assertFalse(damage["repaired"])
            self.assertIn(damage["damage"], text)
            self.assertIn(damage["repair"], text)
            self.assertIn(damage["loss"], text)
        return damages

    def repair(self):
        """Repairs; what is gone from the files is in others. Returns the damages."""
        damages = json.loads(self.leat("repair", "--yes", "--json").stdout)["damages"]
        for damage in damages:
            self.assertTrue(damage["repaired"])
            for kept in damage["kept"]:
                self.assertIn(".damaged-", kept)
                self.assertTrue(os.path.lexists(kept), kept)
        self.assertIn("nothing is damaged", self.leat("repair").stdout)
        return damages

    def one_damage(self, file):
        """The only damage is of this file; it is repaired."""
        damages = self.damages()
        self.assertEqual([pathlib.Path(each["file"]) for each in damages], [file], damages)
        repaired = self.repair()
        self.assertEqual([each["file"] for each in repaired], [each["file"] for each in damages])
        return repaired[0]

    def check_tables(self, lost=()):
        """The tables are those of an undamaged run, but for the records that are lost."""
        want = [[str(number), f"{number}.50"] for number in range(ORDERS) if number not in lost]
        for table in ("amounts", "copies"):
            rows = leat.Data(self.data).rows(f"SELECT id, amount FROM {table} ORDER BY id")
            self.assertEqual(rows[1:], want, table)

    def check_run(self, lost=(), code=0):
        result = self.run_once(code)
        self.check_tables(lost)
        return result
