"""cmake --install and cpack: the tree may be moved, the package knows what it depends on."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import leat

BUILD = leat.ROOT / "build" / "release"


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-install-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def run_tool(self, *command):
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_the_installed_tree_may_be_moved(self):
        self.run_tool("cmake", "--install", BUILD, "--prefix", self.path / "first")
        shutil.move(self.path / "first", self.path / "second")
        self.assertIn("leat", self.run_tool(self.path / "second" / "bin" / "leat", "version"))
        loaded = self.run_tool("ldd", self.path / "second" / "bin" / "leat")
        self.assertIn(str(self.path / "second"), next(line for line in loaded.splitlines() if "libduckdb" in line))

    def test_the_debian_package_depends_on_what_it_links(self):
        self.run_tool("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.path)
        package = next(self.path.glob("*.deb"))
        fields = self.run_tool("dpkg-deb", "-f", package, "Package", "Depends")
        for name in ("leat", "libcurl4", "libyaml-cpp0.7", "libjemalloc2", "libc6", "tzdata"):
            self.assertIn(name, fields)
        self.assertNotIn("libduckdb", fields)
        files = self.run_tool("dpkg-deb", "-c", package)
        for name in ("./usr/bin/leat", "./usr/lib/leat/libduckdb.so", "./usr/share/doc/leat/copyright"):
            self.assertIn(name, files)


if __name__ == "__main__":
    unittest.main()
