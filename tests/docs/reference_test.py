"""The documents and the program say the same: the file reference, the commands, links."""
import re
import unittest

import leat
import write_reference
from documents import DOCUMENTS, short_name

DOCS = leat.ROOT / "docs"
COMMAND = re.compile(r"^  ([a-z][a-z-]*)  +\S", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def subcommands(*command):
    text = leat.must(leat.leat(*command, "--help")).stdout
    _, _, listed = text.partition("Subcommands:\n")
    return COMMAND.findall(listed.partition("\nExamples:")[0])


class Reference(unittest.TestCase):
    maxDiff = None

    def test_pipeline_file_is_what_the_program_prints(self):
        self.assertEqual(write_reference.FILE.read_text(), write_reference.reference(),
                         "\nwrite it again: python3 tests/docs/write_reference.py")

    def test_every_command_and_flag_is_in_cli_md(self):
        text = (DOCS / "cli.md").read_text()
        missing = []
        for command in subcommands():
            for full in [[command]] + [[command, each] for each in subcommands(command)]:
                if f"leat {' '.join(full)}" not in text:
                    missing.append(" ".join(full))
                help_text = leat.must(leat.leat(*full, "--help")).stdout
                missing += [f"{' '.join(full)} {flag}" for flag in re.findall(r"^  (?:-\w,)?(--[a-z-]+)", help_text, re.MULTILINE)
                            if f"`{flag}" not in text]
        self.assertEqual(missing, [])

    def test_links_lead_somewhere(self):
        broken = [f"{short_name(document)}: {target}" for document in DOCUMENTS
                  for target in LINK.findall(document.read_text())
                  if "://" not in target and not (document.parent / target).exists()]
        self.assertEqual(broken, [])

    def test_docs_readme_lists_every_document(self):
        text = (DOCS / "README.md").read_text()
        self.assertEqual([each.name for each in DOCS.glob("*.md") if each.name != "README.md" and each.name not in text], [])


if __name__ == "__main__":
    unittest.main()
