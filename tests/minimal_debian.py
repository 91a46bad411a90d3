"""A minimal Debian of the machine's own release, made by debootstrap: a system on which nothing is installed yet.

It reaches what the machine reaches in the way that the machine does: name service, certificates, and the settings of the
clients of package registries are the machine's. Nothing else of the machine is in it.
"""
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

RELEASE = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
PATIENCE_SECONDS = 1800
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/srv", "LC_ALL": "C.UTF-8",
         "DEBIAN_FRONTEND": "noninteractive"}

# Where clients look for their settings: of the machine, and of the user.
MACHINE_FILES = ("etc/resolv.conf", "etc/hosts", "etc/npmrc", "usr/etc/npmrc", "etc/pip.conf",
                 "usr/local/share/ca-certificates", "etc/ssl/certs/ca-certificates.crt")
USER_FILES = (".npmrc", ".cargo/config.toml", ".cargo/config")
# They name files of the machine, too, which come along.
VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE",
             "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE")


def run(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE_SECONDS, **more)


def mirror(release):
    """Where the machine's own apt has this release from."""
    listed = run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(IDENTIFIER) $(SITE)")
    for line in listed.stdout.splitlines():
        *what, site = line.split()
        if what == [release, "main", "Packages"]:
            return site
    return None


def obstacle():
    """Why none can be made here, or None."""
    if os.geteuid() != 0:
        return "only root can make a system with debootstrap"
    if shutil.which("debootstrap") is None:
        return "there is no debootstrap (apt-get install debootstrap)"
    if mirror(RELEASE) is None:
        return f"apt names no mirror of {RELEASE or 'this system'}"
    if run("unshare", "--mount", "--pid", "--fork", "true").returncode != 0:
        return "this root may not have mounts of its own (unshare --mount)"
    return None


class MinimalDebian:
    """REQUIRES: obstacle() is None. remove() ends it."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"leat-{name}-"))
        self.root = self.folder / "system"
        made = run("debootstrap", "--variant=minbase", "--include=ca-certificates", RELEASE, self.root, mirror(RELEASE))
        if made.returncode != 0:
            raise RuntimeError(f"debootstrap: {made.stdout[-2000:]}{made.stderr[-2000:]}")
        self._take_settings()

    def _take_settings(self):
        for name in MACHINE_FILES:
            self._copy(pathlib.Path("/") / name)
        for name in USER_FILES:
            self._copy(pathlib.Path.home() / name, self.root / "srv" / name)
        self.variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        for value in self.variables.values():
            if value.startswith("/"):
                self._copy(pathlib.Path(value))
        # It need not outlive a power loss: without this dpkg syncs every file that it unpacks.
        (self.root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        # apt: its sources with their keys, and how it fetches.
        shutil.rmtree(self.root / "etc/apt/sources.list.d", ignore_errors=True)
        (self.root / "etc/apt/sources.list").unlink(missing_ok=True)
        for name in ("sources.list", "sources.list.d", "keyrings", "trusted.gpg.d"):
            self._copy(pathlib.Path("/etc/apt") / name)
        settings = run("apt-config", "dump").stdout.splitlines()
        (self.root / "etc/apt/apt.conf.d/90machine").write_text(
            "".join(line + "\n" for line in settings if line.lower().startswith("acquire::") and '""' not in line))

    def _copy(self, path, to=None):
        to = to or self.root / path.relative_to("/")
        if not path.exists():
            return
        to.parent.mkdir(parents=True, exist_ok=True)
        # Links in there are of that system: what they lead to out here is not to be written.
        done = run("cp", "--remove-destination", *(("-aT",) if path.is_dir() else ("-L",)), path, to)
        if done.returncode != 0:
            raise RuntimeError(f"copying {path}: {done.stderr[-1000:]}")

    def command(self, *command, at="/srv", binds=None, **variables):
        """The command in there, with a /proc, a /dev and `binds` (folder there: folder here) that only it sees, and
        that are gone with it: no folder of the machine can be reached through `folder` from outside. A variable that
        is None is not set."""
        mounts = {"/proc": "-t proc proc", "/dev": "--rbind /dev"}
        mounts |= {there: f"--bind '{here}'" for there, here in (binds or {}).items()}
        for there in mounts:
            (self.root / there.lstrip("/")).mkdir(parents=True, exist_ok=True)
        script = " && ".join(f"mount {what} '{self.root}{there}'" for there, what in mounts.items())
        inside = ["chroot", self.root, "env", "-C", at, "-i",
                  *(f"{name}={value}" for name, value in {**CLEAN, **self.variables, **variables}.items()
                    if value is not None), *command]
        return [str(word) for word in ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                                       f'{script} && exec "$@"', "sh", *inside)]

    def run(self, *command, **more):
        return run(*self.command(*command, **more))

    def tell(self, *command, **more):
        """The same; what it says is also shown while it runs. Standard error comes with the output."""
        process = subprocess.Popen(self.command(*command, **more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace")
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                sys.stdout.write(line)
                sys.stdout.flush()
        except BaseException:
            process.kill()  # it heeds no other signal; what runs in there goes with it
            raise
        return subprocess.CompletedProcess(command, process.wait(), "".join(lines), "")

    def remove(self):
        # A mount that is left all the same is not gone through.
        for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
            if line.split()[1].startswith(f"{self.folder}/"):
                run("umount", "--lazy", line.split()[1])
        run("rm", "-rf", "--one-file-system", "--", self.folder)
