# SPDX-License-Identifier: MIT
"""Machines that are killed while they write, and what their disk must hold afterwards.

    plug = Plug("riscv64", image, folder, tools="build", seed=1)
    for _ in range(6):
        plug.pull()          # boot, write, SIGKILL at a random moment, compare

A script writes, renames and removes below /k. Each of its lines ends with a promise, printed when all of it is on the disk
for good (`sync`, `dd conv=fsync`). When the machine is gone, fsck.tsfs has to find the disk clean, and everything must be as
the last promise said, but for what the line behind it was just doing: of that, the old or the new, and of a tree that was
renamed, all at one of the two places. The next boot mounts this disk, compares checksums, and goes on.
"""
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import namedtuple

import boot
import disks

LINES = 60
NOISE = ["cp -r /tree /noise/x; mv /noise/x /noise/y; rm -r /noise/y", "cat /source >> /noise/long", "rm -f /noise/long"]

# A line of the script. after: what the files are when it is done; loose: names (and all below) of which anything may be
# there meanwhile; grows: the one that gets longer; together: what changes at once or not at all.
Line = namedtuple("Line", "command after loose grows together", defaults=((), None, False))


class Wrong(AssertionError):
    """The disk is not as it must be."""


def moved(files, source, target):
    """The files, with a directory renamed."""
    return {target + name[len(source):] if name.startswith(source + "/") else name: data for name, data in files.items()}


class Writer:
    """Invents lines for the script."""

    def __init__(self, dice, source, tree):
        self.dice, self.source, self.tree, self.count = dice, source, tree, 0

    def part(self):
        """A piece of the source: words for dd, and its bytes."""
        size = self.dice.choice([100, 4096, 5000, 16384])
        skip, count = self.dice.randrange(8), self.dice.randint(1, 5)
        return f"if=/source bs={size} skip={skip} count={count}", self.source[size * skip:size * (skip + count)]

    def overwrite(self, files):
        words, data = self.part()
        name = f"f{self.dice.randrange(4)}"
        return Line(f"dd {words} of=/k/{name} conv=fsync", {**files, name: data}, (name,))

    def replace(self, files):
        words, data = self.part()
        name, new = f"r{self.dice.randrange(4)}", f"new{self.count}"
        return Line(f"dd {words} of=/k/{new} conv=fsync && mv /k/{new} /k/{name} && sync /k/{name}", {**files, name: data},
                    (new,))

    def append(self, files):
        words, data = self.part()
        name = f"log{self.dice.randrange(3)}"
        return Line(f"dd {words} >> /k/{name} && sync /k/{name}", {**files, name: files.get(name, b"") + data}, (), name)

    def tree_comes(self, files):
        name = f"t{self.count}"
        return Line(f"cp -r /tree /k/{name} && sync", {**files, **{f"{name}/{n}": d for n, d in self.tree.items()}}, (name,))

    def tree_moves(self, files):
        old = self.some_tree(files)
        new = f"u{self.count}"
        return Line(f"mv /k/{old} /k/{new} && sync", moved(files, old, new), (), None, True)

    def tree_goes(self, files):
        old = self.some_tree(files)
        return Line(f"rm -r /k/{old} && sync", {n: d for n, d in files.items() if not n.startswith(old + "/")}, (old,))

    def remove(self, files):
        name = self.dice.choice(sorted(n for n in files if "/" not in n) or ["none"])
        return Line(f"rm -f /k/{name} && sync", {n: d for n, d in files.items() if n != name})

    def link(self, files):
        old = f"{self.some_tree(files)}/{self.dice.choice(sorted(self.tree))}"
        return Line(f"ln '/k/{old}' /k/l{self.count} && sync", {**files, f"l{self.count}": files[old]})

    @staticmethod
    def trees(files):
        return sorted({name.split("/")[0] for name in files if "/" in name})

    def some_tree(self, files):
        return self.dice.choice(self.trees(files))

    def line(self, files):
        self.count += 1
        kinds = [self.overwrite, self.replace, self.append, self.tree_comes, self.remove]
        whole = all(f"{t}/{n}" in files for t in self.trees(files) for n in self.tree)
        if self.trees(files) and whole:
            kinds += [self.tree_moves, self.tree_goes, self.link]
        if len(self.trees(files)) > 4 or not whole:
            kinds = [self.tree_goes]
        return self.dice.choice(kinds)(files)


def read_folder(folder):
    files = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def compare(found, files, line):
    """Whether this is what may be found while the line was at work: None, or words that say why not."""
    changed = {n for n in {*files, *line.after} if files.get(n) != line.after.get(n)}
    for name in sorted({*files, *line.after, *found}):
        is_loose = any(name == loose or name.startswith(loose + "/") for loose in line.loose)
        if name == line.grows:
            old, new = files.get(name, b""), line.after[name]
            data = found.get(name, b"")
            if not (data.startswith(old) and new.startswith(data)):
                return f"{name}: neither what it was, nor on its way to what it becomes"
        elif not is_loose and found.get(name) not in (files.get(name), line.after.get(name)):
            return f"{name}: {describe(found.get(name))}; promised: {describe(files.get(name))}"
    if line.together and not any(all(found.get(n) == state.get(n) for n in changed) for state in (files, line.after)):
        return "a rename was done by halves"
    return None


def describe(data):
    return "not there" if data is None else f"{len(data)} bytes, {hashlib.sha256(data).hexdigest()[:16]}"


class Plug:
    """A machine's disk, and the machine that is killed again and again."""

    def __init__(self, machine, image, folder, tools, seed):
        self.machine, self.image, self.tools, self.seed = machine, image, tools, seed
        self.dice = random.Random(f"{seed} {machine}")
        self.folder = folder
        self.disk, self.script_disk = os.path.join(folder, "vda.img"), os.path.join(folder, "vdb.img")
        first = os.path.join(folder, "first")
        tree = {f"file {i}": self.dice.randbytes(self.dice.choice([0, 10, 4096, 9000])) for i in range(6)}
        tree["deep/er/inner"] = self.dice.randbytes(20000)
        source = self.dice.randbytes(220000)
        for name, data in {"source": source, "k/begin": b"0", "noise/long": b"",
                           **{f"tree/{n}": d for n, d in tree.items()}}.items():
            os.makedirs(os.path.dirname(os.path.join(first, name)), exist_ok=True)
            with open(os.path.join(first, name), "wb") as file:
                file.write(data)
        self.make(self.disk, "16M", first)
        self.writer = Writer(self.dice, source, tree)
        self.files = {"begin": b"0"}

    def make(self, path, size, folder):
        disks.make_disk(path, disks.Disk("tsfs", size, folder), self.tools)

    def write_script(self):
        """The next lines, on the second disk; with the checksums of what there is."""
        files, lines = self.files, []
        for _ in range(LINES):
            lines.append(self.writer.line(files))
            files = lines[-1].after
        folder = os.path.join(self.folder, "script")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with open(os.path.join(folder, "script"), "w") as file:
            file.write("".join(f"{line.command} && echo promised {i}.\n" for i, line in enumerate(lines, 1)))
        with open(os.path.join(folder, "noise"), "w") as file:
            file.write("\n".join(self.dice.choices(NOISE, k=LINES)) + "\n")
        with open(os.path.join(folder, "sums"), "w") as file:
            file.write("".join(f"{hashlib.sha256(data).hexdigest()}  /k/{name}\n" for name, data in self.files.items()))
        self.make(self.script_disk, "2M", folder)
        return lines

    def pull(self, at=None):
        """One boot, and its end."""
        lines = self.write_script()
        at = self.dice.randrange(LINES - 1) if at is None else at
        pause = self.dice.uniform(0, 0.05)
        plugged = [{"file": self.disk, "snapshot": False}, {"file": self.script_disk, "readonly": True}]
        with boot.Session(self.machine, self.image, memory="32M", disks=plugged) as session:
            session.prompt()
            session.run("mkdir -p /s; mount -o ro /dev/vdb /s; rm -rf /noise; mkdir /noise")
            said = session.run("sha256sum -c /s/sums | grep -v ': OK$'; echo")
            if said.strip():
                raise Wrong(f"seed {self.seed}: after the boot: {said}")
            session.send("sh /s/noise > /dev/null & sh /s/script 2>&1\n")
            if at:
                session.expect(f"promised {at}.\n")
            time.sleep(pause)
            os.kill(session.child.pid, signal.SIGKILL)
            while session.pump(1):
                pass
            promised = [int(n) for n in re.findall(r"promised (\d+)\.", session.text)]
        if promised != list(range(1, len(promised) + 1)):
            raise Wrong(f"seed {self.seed}: a line failed: only these have ended well: {promised}\n{session.text[-2000:]}")
        self.judge(lines, len(promised))

    def judge(self, lines, promised):
        """Compares the disk with what was promised; what is there now is where the next boot begins."""
        checked = subprocess.run([os.path.join(self.tools, "fsck.tsfs"), self.disk], text=True, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if checked.returncode:
            raise Wrong(f"seed {self.seed}: {checked.stdout}")
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        disks.run(os.path.join(self.tools, "tsfs"), self.disk, "get", "/k", out)
        found, complaints = read_folder(out), []
        # The last promise may have been on its way to us when it all ended: then the next line was at work.
        for done in (promised, promised + 1):
            files = lines[done - 1].after if done else self.files
            line = lines[done] if done < len(lines) else Line("nothing", files)
            complaint = compare(found, files, line)
            if not complaint:
                self.files = found
                return
            complaints.append(f"while `{line.command}` was at work: {complaint}")
        raise Wrong(f"seed {self.seed}, killed behind promise {promised}: " + "; or ".join(complaints))
