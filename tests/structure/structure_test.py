"""The shape of the tree: who includes whom, sizes, names, and words that must not appear."""
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
sys.path.insert(0, str(ROOT / "tests"))
from counted import run_and_count

MAX_LINES = 600
MAX_FILES = 24  # about twenty
DUCKDB_FOLDERS = {"codec", "store", "stream", "sink"}
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)(_|\.|$)")
BESIDE = re.compile(r"_(test|bench|fuzz)\.cc$")
FOR_TESTS = re.compile(r"_(test|bench|fuzz)\.cc$|_for_test\.(h|cc)$")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)

# Places of one machine and addresses of registries. Each is put together from two parts here, so
# that this list does not hold what it forbids.
FORBIDDEN_WORDS = [first + second for first, second in [
    ("/wo", "rk/"), ("/tmp/bu", "ild"), ("/ro", "ot/"), ("/ho", "me/"),
    ("registry.npm", "js"), ("npm", "js.com"), ("npm", "js.org"), ("crates", ".io"), ("deb.deb", "ian"),
    ("pypi", ".org"), ("proxy.go", "lang"), ("repo.ma", "ven"), ("git", "lab.com"),
    ("nodes", "ource"), ("TO", "DO"), ("FIX", "ME"), ("X" * 2, "X:"),
]]


def may_include():
    """Of the folders of src/ and, where a folder has lines for its parts, of those."""
    folders, parts = {}, {}
    for line in (ROOT / "tests/structure/may_include.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, allowed = line.partition(":")
            table = parts if "/" in folder else folders
            names = allowed.split()
            table[folder.strip()] = set(table) if names == ["all"] else set(names)
    return folders, parts


def sources():
    return [file for file in sorted(SRC.rglob("*")) if file.suffix in (".cc", ".h")]


def folder_of(file):
    return file.relative_to(SRC).parts[0]


def part_of(file):
    """log/batch of src/log/batch/x.h; none of what lies in src/log itself."""
    parts = file.relative_to(SRC).parts
    return "/".join(parts[:2]) if len(parts) > 2 else None


def included_by(file):
    return [SRC / name for name in INCLUDE.findall(file.read_text()) if (SRC / name).is_file()]


def with_all_included(file, found):
    for other in included_by(file):
        if other not in found:
            found.add(other)
            with_all_included(other, found)
    return found


def arrows_between_folders():
    """Who includes whom, of all folders at any depth: {folder: {other: [example]}}.

    A folder's own files are of two kinds: words that its parts share (a header that none of the parts
    stands behind), and what joins the parts. A part may include the words; that is no arrow. Tests
    may use what stands above the thing that they test."""
    arrows = {}
    for file in sources():
        if FOR_TESTS.search(file.name):
            continue
        folder = file.parent
        for other in included_by(file):
            if other.parent == folder:
                continue
            if other.parent in folder.parents and not any(
                    folder in [each.parent, *each.parent.parents] for each in with_all_included(other, set())):
                continue
            arrows.setdefault(folder, {}).setdefault(other.parent, []).append(
                f"{short(file)} includes {other.relative_to(SRC)}")
    return arrows


def circles(arrows):
    """The sets of folders that reach each other."""
    def reached(folder):
        found, left = set(), [folder]
        while left:
            for other in arrows.get(left.pop(), {}):
                if other not in found:
                    found.add(other)
                    left.append(other)
        return found

    reach = {folder: reached(folder) for folder in arrows}
    return {frozenset(other for other in reach[folder] if folder in reach.get(other, ()))
            for folder in arrows if folder in reach[folder]}


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def short(file):
    return str(file.relative_to(ROOT))


class Structure(unittest.TestCase):
    maxDiff = None

    def test_arrows_point_only_where_the_table_says(self):
        table, _ = may_include()
        wrong = []
        for file in sources():
            folder = folder_of(file)
            for name in INCLUDE.findall(file.read_text()):
                other = name.split("/")[0]
                if "/" in name and other in table and other != folder and (SRC / name).exists():
                    if other not in table.get(folder, set()):
                        wrong.append(f"{short(file)} includes {name}: {folder} may not include {other}")
        self.assertEqual(wrong, [])

    def test_parts_point_only_where_the_table_says(self):
        _, table = may_include()
        wrong = []
        for file in sources():
            part = part_of(file)
            if part not in table or FOR_TESTS.search(file.name):
                continue
            for other in included_by(file):
                to = part_of(other)
                if to and to != part and folder_of(other) == folder_of(file) and to not in table[part]:
                    wrong.append(f"{short(file)} includes {other.relative_to(SRC)}: {part} may not include {to}")
        self.assertEqual(wrong, [])

    def test_the_parts_of_a_folder_are_in_the_table_together(self):
        _, table = may_include()
        folders = {part.split("/")[0] for part in table}
        there = {str(each.relative_to(SRC)) for folder in folders for each in (SRC / folder).iterdir() if each.is_dir()}
        self.assertEqual(set(table), there)

    def test_no_two_folders_include_each_other(self):
        arrows = arrows_between_folders()
        wrong = [examples[0] for circle in circles(arrows) for folder in circle
                 for other, examples in arrows[folder].items() if other in circle]
        self.assertEqual(wrong, [])

    def test_every_folder_is_in_the_table(self):
        table, _ = may_include()
        folders = [each.name for each in SRC.iterdir() if each.is_dir()]
        self.assertEqual([each for each in folders if each not in table], [])

    def test_cmake_links_what_the_table_allows(self):
        table, _ = may_include()
        wrong = []
        for folder in table:
            lists = SRC / folder / "CMakeLists.txt"
            if not lists.exists():
                continue
            found = re.search(r"INCLUDES([^)A-Z]*)", lists.read_text())
            for other in (found.group(1).split() if found else []):
                if other not in table[folder]:
                    wrong.append(f"{short(lists)} lists {other}")
        self.assertEqual(wrong, [])

    def test_engine_header_stays_in_its_folders(self):
        wrong = [short(file) for file in sources()
                 if "duckdb.h" in INCLUDE.findall(file.read_text()) and folder_of(file) not in DUCKDB_FOLDERS]
        self.assertEqual(wrong, [])

    def test_every_folder_has_a_readme(self):
        wrong = [short(folder) for folder in sorted(SRC.iterdir())
                 if folder.is_dir() and any(folder.rglob("*.cc")) and not (folder / "README.md").exists()]
        self.assertEqual(wrong, [])

    def test_no_folder_is_crowded(self):
        wrong = []
        for folder in [SRC, *(each for each in SRC.rglob("*") if each.is_dir())]:
            files = [file for file in folder.iterdir()
                     if file.suffix in (".cc", ".h") and not BESIDE.search(file.name)]
            if len(files) > MAX_FILES:
                wrong.append(f"{short(folder)}: {len(files)} files")
        self.assertEqual(wrong, [])

    def test_no_file_is_too_long(self):
        programs = [file for file in tracked_files()
                    if file.suffix in (".cc", ".h", ".py", ".sh", ".cmake")] + sources()
        wrong = sorted({f"{short(file)}: {lines} lines" for file in programs
                        if (lines := len(file.read_text().splitlines())) > MAX_LINES})
        self.assertEqual(wrong, [])

    def test_names_say_what_a_file_is_for(self):
        everything = {part for file in tracked_files() for part in file.relative_to(ROOT).parts}
        self.assertEqual(sorted(name for name in everything if FORBIDDEN_NAMES.search(name)), [])

    def test_no_machine_and_no_registry_is_named(self):
        wrong = []
        for file in tracked_files():
            # Recorded input says what it said.
            if file.suffix in (".parquet", ".gz", ".zst", ".png") or "recordings" in file.parts:
                continue
            text = file.read_text(errors="replace")
            wrong += [f"{short(file)}: {word}" for word in FORBIDDEN_WORDS if word in text]
        self.assertEqual(wrong, [])

    def test_headers_are_guarded(self):
        wrong = [short(file) for file in sources()
                 if file.suffix == ".h" and "#pragma once" not in file.read_text()]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    run_and_count()
