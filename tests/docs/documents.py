"""The documents and their fenced blocks."""
import dataclasses
import re

import leat

DOCUMENTS = [leat.ROOT / "README.md", leat.ROOT / "examples" / "README.md", *sorted((leat.ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# On the line above a block: what it is expected to do.
MARK = re.compile(r"<!-- (refused|exit)(?::)? (.+?) -->\n\Z")


@dataclasses.dataclass
class Block:
    language: str
    text: str
    line: int  # of the fence, from 1
    refused: str = ""  # it must fail with this text
    exit_code: int = 0


def short_name(document):
    return str(document.relative_to(leat.ROOT))


def blocks(document):
    text = document.read_text()
    found = []
    for fence in FENCE.finditer(text):
        block = Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 1)
        mark = MARK.search(text, 0, fence.start())
        if mark and mark[1] == "refused":
            block.refused = mark[2]
        elif mark:
            block.exit_code = int(mark[2])
        found.append(block)
    return found
