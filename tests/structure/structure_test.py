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
    table = {}
    for line in (ROOT / "tests/structure/may_include.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, allowed = line.partition(":")
            names = allowed.split()
            table[folder.strip()] = set(table) if names == ["all"] else set(names)
    return table


def sources():
    return [file for file in sorted(SRC.rglob("*")) if file.suffix in (".cc", ".h")]


def folder_of(file):
    return file.relative_to(SRC).parts[0]


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def short(file):
    return str(file.relative_to(ROOT))


class Structure(unittest.TestCase):
    maxDiff = None

    def test_arrows_point_only_where_the_table_says(self):
        table = may_include()
        wrong = []
        for file in sources():
            folder = folder_of(file)
            for name in INCLUDE.findall(file.read_text()):
                other = name.split("/")[0]
                if "/" in name and other in table and other != folder and (SRC / name).exists():
                    if other not in table.get(folder, set()):
                        wrong.append(f"{short(file)} includes {name}: {folder} may not include {other}")
        self.assertEqual(wrong, [])

    def test_every_folder_is_in_the_table(self):
        table = may_include()
        folders = [each.name for each in SRC.iterdir() if each.is_dir()]
        self.assertEqual([each for each in folders if each not in table], [])

    def test_cmake_links_what_the_table_allows(self):
        table = may_include()
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
