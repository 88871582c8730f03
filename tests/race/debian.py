# SPDX-License-Identifier: MIT
"""Packages of Debian for some machine, without root: a private list of packages and a private place for them.

    archive = Archive("riscv64", "trixie", folder)
    for path in archive.fetch("busybox-static"): ...        the .deb files; a second time without a network
    unpack(path, folder, "./usr/bin/*")                     the files of one that have such names

This machine's own packages are neither asked nor changed. The mirror is the one that its apt is set up for.
"""
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "riscv64": "riscv64"}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://deb.debian.org/debian"  # where this machine names no other


class Unavailable(Exception):
    """What a race needs cannot be had here; the text says why."""


def mirror_of(targets):
    """Debian's mirror among the archives that `apt-get indextargets` lists, one address a line."""
    return next((line.rstrip("/") for line in targets.splitlines() if re.search(r"/debian/?$", line)), MIRROR)


def run(*command, **options):
    """What the command says; Unavailable if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode:
        raise Unavailable(f"{' '.join(command[:1] + command[-2:])}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Archive:
    """One release for one machine. The folder keeps the list, and what was fetched."""

    def __init__(self, machine, release, folder):
        self.architecture, self.release = ARCHITECTURES[machine], release
        self.folder = os.path.abspath(folder)
        self.cache = os.path.join(self.folder, "packages")

    def fetch(self, *names, closure=False):
        """The packages' files. `closure`: with all that they depend on."""
        marker = os.path.join(self.cache, f"{'+'.join(names)}{'.closure' if closure else ''}.list")
        if os.path.exists(marker):
            with open(marker) as file:
                return [os.path.join(self.cache, line) for line in file.read().split()]
        self._update()
        wanted = self._closure(names) if closure else names
        before = self._fetched()
        for name in wanted:
            if not any(os.path.basename(path).startswith(name + "_") for path in before):
                self._apt("apt-get", "download", name, cwd=self.cache)
        files = [path for path in self._fetched() if os.path.basename(path).split("_")[0] in wanted]
        with open(marker, "w") as file:
            file.write("\n".join(os.path.basename(path) for path in files))
        return files

    def depends(self, name):
        """The names that a package depends on, first choices only."""
        self._update()
        words = self._apt("apt-cache", "depends", "--no-recommends", "--no-suggests", name)
        return re.findall(r"^ *\|?Depends: ([\w.+-]+)", words, re.M)

    def _closure(self, names):
        words = self._apt("apt-get", "install", "--no-install-recommends", "--simulate", *names)
        return re.findall(r"^Inst ([^ :]+)", words, re.M)

    def _fetched(self):
        return sorted(glob.glob(os.path.join(self.cache, "*.deb")))

    def _update(self):
        """Fetches the list of packages, if it is not here yet."""
        if glob.glob(os.path.join(self.folder, "state/lists/*_Packages*")):
            return
        if not shutil.which("apt-get") or not os.path.exists(KEYRING):
            raise Unavailable("Debian's packages need apt-get and the package debian-archive-keyring")
        for name in ("state/lists/partial", "cache/archives/partial", "packages"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        targets = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
        with open(os.path.join(self.folder, "sources.list"), "w") as file:
            file.write(f"deb [signed-by={KEYRING}] {mirror_of(targets)} {self.release} main\n")
        open(os.path.join(self.folder, "status"), "w").close()
        self._apt("apt-get", "update", "--error-on=any")

    def _apt(self, program, *words, **options):
        places = {"Dir::State": "state", "Dir::Cache": "cache", "Dir::State::status": "status",
                  "Dir::Etc::SourceList": "sources.list"}
        settings = {name: os.path.join(self.folder, place) for name, place in places.items()}
        settings.update({"APT::Architecture": self.architecture, "APT::Architectures": self.architecture,
                         "Dir::Etc::SourceParts": "/dev/null", "APT::Sandbox::User": "",
                         "Acquire::Languages": "none"})
        return run(program, *(f"-o{name}={value}" for name, value in settings.items()), *words, **options)


def unpack(package, folder, *patterns):
    """Puts the package's files whose names fit into the folder; returns their paths there."""
    found = []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as source:
        with tarfile.open(fileobj=source.stdout, mode="r|") as files:
            for member in files:
                if any(fnmatch.fnmatch(member.name, pattern) for pattern in patterns):
                    files.extract(member, folder)
                    found.append(os.path.join(folder, member.name))
    if source.returncode:
        raise Unavailable(f"{package} cannot be unpacked")
    return found
