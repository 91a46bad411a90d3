"""A folder with a pipeline that has run once: five orders, one of them bad."""
import pathlib
import subprocess
import tempfile
import unittest

import leat

PIPELINE = """\
pipeline: shop
tasks:
  load_orders:
    file: {path: "${DIR}/orders.ndjson"}
    into: {topic: orders, key: id}
streams:
  amounts:
    sql: SELECT id, customer, amount::DECIMAL(10,2) AS amount FROM orders
    into: {table: amounts, key: id}
"""
ORDERS = """\
{"id":1,"customer":"Ada","amount":"10.50"}
{"id":2,"customer":"Bob","amount":"20.00"}
{"id":3,"customer":"Eve","amount":"a lot"}
{"id":4,"customer":"Jürgen","amount":"0.01"}
{"id":5,"customer":null,"amount":null}
"""


class Workplace:
    def __init__(self, pipeline=PIPELINE, orders=ORDERS):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-cli-")
        self.path = pathlib.Path(self.folder.name)
        self.pipeline = self.path / "shop.yaml"
        self.pipeline.write_text(pipeline)
        (self.path / "orders.ndjson").write_text(orders)
        self.data = self.path / "leat-data"

    def leat(self, *arguments, input=None, **env):
        """A command as a user in this folder types it: --data is ./leat-data by default."""
        return leat.leat(*arguments, input=input, env={"DIR": self.path, **env}, cwd=self.path)

    def popen(self, *arguments, **env):
        return subprocess.Popen([str(leat.PROGRAM), *arguments], cwd=self.path, text=True,
                                env=leat.environment(DIR=self.path, **env), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def start(self, **env):
        """`leat run` in this folder, which answers when this returns."""
        process = self.popen("run", "shop.yaml", **env)
        leat.wait_until((self.data / "leat.sock").exists)
        return process

    def close(self):
        self.folder.cleanup()


class InWorkplace(unittest.TestCase):
    """Tests that only read share one folder, in which the pipeline has run once."""

    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.close)
        cls.run_result = cls.place.leat("run", "shop.yaml", "--once")

    def leat(self, *arguments, code=0, **more):
        result = self.place.leat(*arguments, **more)
        self.assertEqual(result.returncode, code, f"{' '.join(arguments)}\n{result.stdout}{result.stderr}")
        return result
