"""The README's tour beside running processes: each `leat run FILE --once` on the usual data directory becomes a
`leat run FILE` that goes on until the next one, and the other commands work beside it."""
import dataclasses
import re
import tempfile
import unittest

import leat
from blocks_test import Session
from documents import blocks

README = leat.ROOT / "README.md"

# Waits until each task and stream of the process has told that it is done, or has nothing left to read.
BESIDE = """\
run_beside() {
  stop_beside
  leat run "$@" >run.log 2>&1 &
  echo $! >run.pid
  for _ in $(seq 600); do
    if grep -qE 'stream .*: running, [1-9][0-9]* records?.*lag 0' run.log; then sleep 2; return; fi
    sleep 0.1
  done
  cat run.log; return 1
}
stop_beside() {
  [ -e run.pid ] || return 0
  kill -INT "$(cat run.pid)"
  while grep -qs '^State:.[^Z]' "/proc/$(cat run.pid)/status"; do sleep 0.1; done
  rm run.pid
}
"""


class Beside(unittest.TestCase):
    def test_the_tour(self):
        tour = [block for block in blocks(README) if block.language == "sh"]
        self.assertTrue(any("dlq redrive" in block.text for block in tour))
        with tempfile.TemporaryDirectory(prefix="leat-docs-") as folder:
            session = Session(folder)
            try:
                for block in tour:
                    text, began = re.subn(r"^leat run (\S+) --once$", r"run_beside \1", block.text, flags=re.MULTILINE)
                    code, output = session.run(dataclasses.replace(block, text=BESIDE + text))
                    self.assertEqual(code, 0 if began else block.exit_code, f"{README.name}:{block.line}\n{output[-4000:]}")
                    if "dlq redrive" in text:
                        self.assertIn("1 redriven, 0 failed again", output)
                        self.assertIn("1200.00", output)
                        self.assertIn("(2 rows)", output)
                # The mended query is the running stream's from then on.
                later = """\
echo '{"id": 3, "amount": "7,50", "paid_at": "2024-05-01T10:02:00Z"}' | leat topic produce orders --key id
for _ in $(seq 100); do leat sql "SELECT * FROM paid_orders" | grep '7.50' && break; sleep 0.1; done
grep 'go on with their queries and targets of' run.log
stop_beside
"""
                code, output = session.run(dataclasses.replace(tour[-1], text=BESIDE + later))
                self.assertEqual(code, 0, output[-4000:])
                self.assertIn("7.50", output)
            finally:
                session.close()


if __name__ == "__main__":
    unittest.main()
