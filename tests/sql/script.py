"""The format of tests/sql/*.test (README.md): sections that begin with `-- NAME [ARGUMENT]`."""
import dataclasses
import re

KNOWN = {"query", "into", "stream", "topics", "pipeline", "file", "input", "records", "round", "expect",
         "dead letters", "counts", "summary", "refused"}
HEAD = re.compile(r"^-- (dead letters|[a-z]+)(?: (.*))?$")


@dataclasses.dataclass
class Section:
    name: str
    argument: str
    lines: list


class Script:
    def __init__(self, sections):
        self.sections = sections

    def all(self, name):
        return [section for section in self.sections if section.name == name]

    def only(self, name):
        found = self.all(name)
        return found[0] if found else None

    def rounds(self):
        """The inputs of each round; a `-- round` begins the next one."""
        rounds = [[]]
        for section in self.sections:
            if section.name == "round":
                rounds.append([])
            elif section.name in ("input", "records"):
                rounds[-1].append(section)
        return rounds

    def pipeline(self):
        """The pipeline file: the one in `-- pipeline`, or one stream around `-- query`."""
        whole = self.only("pipeline")
        if whole:
            return "\n".join(whole.lines) + "\n"
        into = self.only("into")
        lines = ["pipeline: test", "streams:", "  out:", "    sql: |",
                 *(f"      {line}" for line in self.only("query").lines),
                 f"    into: {' '.join(into.lines) if into else '{table: out}'}"]
        for name, indent in (("stream", "    "), ("topics", "")):
            section = self.only(name)
            if section:
                lines += ["topics:"] if name == "topics" else []
                lines += [(indent or "  ") + line for line in section.lines]
        return "\n".join(lines) + "\n"


def parse(file):
    sections = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        head = HEAD.match(line)
        if head:
            if head.group(1) not in KNOWN:
                raise ValueError(f"{file.name}:{number}: unknown section {head.group(1)}")
            sections.append(Section(head.group(1), head.group(2) or "", []))
        elif sections:
            sections[-1].lines.append(line)
        elif line and not line.startswith("#"):
            raise ValueError(f"{file.name}:{number}: text before the first section")
    for section in sections:
        while section.lines and not section.lines[-1].strip():
            section.lines.pop()
    return Script(sections)
