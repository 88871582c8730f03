# SPDX-License-Identifier: MIT
"""FAT between us and the others: volumes of mkfs.vfat, trees of mtools, the judgement of fsck.vfat.

A random tree with odd names goes onto a volume by mcopy; the kernel reads it, copies it, changes it; fsck.vfat has nothing to
say to that, and mcopy gets back what there should be. The seed is in the test's name.
"""
import hashlib
import os
import random
import re
import shutil
import subprocess
import time

import pytest

import boot
from conftest import BUILD

SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
# (FAT's bits, size in KiB, more words for mkfs.vfat): small and large clusters, sectors, odd alignments, a single table.
SHAPES = {
    "12-floppy": (12, 1440, []),
    "12-cluster-512": (12, 2000, ["-s", "1"]),
    "16-cluster-2K": (16, 16384, ["-s", "4"]),
    "16-cluster-64K-reserved-3": (16, 300000, ["-s", "128", "-R", "3"]),
    "32-cluster-512": (32, 40000, ["-s", "1"]),
    "32-cluster-4K-label": (32, 300000, ["-s", "8", "-n", "STICK"]),
    "32-sector-4K": (32, 300000, ["-S", "4096"]),
    "16-one-table": (16, 20000, ["-f", "1", "-r", "64"]),
}
# mtools cannot add a name that takes more than a cluster of its directory: none is longer than 15 entries.
NAMES = ["README.TXT", "readme.md", "Mixed.Case", "a name with spaces.txt", "n" * 140 + ".text", "über.txt", "Ελληνικά.doc",
         "日本語のファイル", ".profile", "two.points.tar.gz", "longname1.txt", "longname2.txt", "longname3.txt",
         "longname4.txt", "longname5.txt", "longname6.txt", "a+b=c;[d],e", "NOEXT", "x", " begins with a blank", "~tilde~1",
         "LONGNA~9.TXT", "UPPER lower", "it's"]


def tool(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, "PATH": PATH, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"})
    assert not check or done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}"
    return done


def make_volume(path, shape):
    bits, kib, words = SHAPES[shape]
    with open(path, "wb") as image:
        image.truncate(kib * 1024)
    tool("mkfs.vfat", "-F", str(bits), *words, path)


def make_tree(folder, chance, budget=350_000, entries=60):
    """Files and directories with the names above, three deep at most; some sizes are near those of sectors and clusters."""
    folders = [(folder, 0)]
    os.makedirs(folder)
    while folders:
        here, depth = folders.pop(chance.randrange(len(folders)))
        for name in chance.sample(NAMES, chance.randint(4, len(NAMES))):
            path = os.path.join(here, name)
            entries -= 1
            if entries < 0:
                return
            if chance.random() < 0.2 and depth < 3:
                os.mkdir(path)
                folders.append((path, depth + 1))
                continue
            size = min(budget, chance.choice([0, 1, 511, 512, 513, 4096, 20000, chance.randint(0, 100000)]))
            budget -= size
            with open(path, "wb") as file:
                file.write(chance.randbytes(size))


def sums_of(folder):
    """{path: checksum, or None for a directory}"""
    found = {}
    for where, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(where, name), folder)] = None
        for name in files:
            with open(os.path.join(where, name), "rb") as file:
                found[os.path.relpath(file.name, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


def check(path):
    """fsck.vfat has nothing to complain about."""
    done = tool("fsck.vfat", "-n", "-v", path, check=False)
    complaints = [line for line in done.stdout.splitlines() if re.search(
        r"dirty|differ|wrong|lost|free cluster summary|reclaim|bad|invalid|truncat|unused|shares|checksum|does not|duplicate", line,
        re.I) and not re.search(r"Checking (for )?(bad|unused|lost|free)|^Media byte|0 bad", line)]
    assert done.returncode == 0 and not complaints, f"fsck.vfat: {complaints}\n{done.stdout}"


def fetch(path, folder, name=""):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    tool("mcopy", "-s", "-n", "-i", path, f"::{name}/*" if name else "::*", f"{folder}/")
    return sums_of(folder)


def run(machine, path, *commands, snapshot=False):
    """Runs commands at the shell of the full system, the volume mounted on /mnt; what each has printed."""
    image = boot.build(machine, BUILD=BUILD)
    with boot.Session(machine, image, append="root=none", disks=[{"file": path, "snapshot": snapshot}]) as session:
        session.prompt()
        for command in ("mkdir /mnt", "mount -t fat /dev/vda /mnt"):
            assert session.run(command).strip() == "", command
        said = [session.run(command) for command in commands]
        assert session.run("umount /mnt").strip() == ""
        session.send("poweroff\n")
        session.end()
    return said


def put_sums(path, tree):
    """A file on the volume for `sha256sum -c`: how many files there are."""
    sums = {name: value for name, value in sums_of(tree).items() if value}
    (tree.parent / "sums").write_text("".join(f"{value}  {name}\n" for name, value in sums.items()))
    tool("mcopy", "-i", path, tree.parent / "sums", "::sums")
    return len(sums)


@pytest.mark.parametrize("machine,shape", [*(("host", shape) for shape in SHAPES), ("riscv64", "16-cluster-2K")])
def test_there_and_back(tmp_path, machine, shape):
    """What mtools wrote we read; what we copy mtools reads; fsck.vfat agrees."""
    chance = random.Random(f"{SEED} {shape}")
    path, tree = tmp_path / "fat.img", tmp_path / "tree"
    make_volume(path, shape)
    make_tree(tree, chance)
    tool("mmd", "-i", path, "::in")
    tool("mcopy", "-s", "-i", path, *(tree / name for name in sorted(os.listdir(tree))), "::in")
    check(path)
    print(f"SEED={SEED}")
    before = fetch(path, tmp_path / "back", "in")  # not just the tree: mtools reads "über" back as "Über"
    put_sums(path, tree)
    commands = ["cd /mnt/in", "sha256sum -c ../sums >/dev/null; echo $?", "cd /mnt; cp -r in out; echo $?",
                "cd out; sha256sum -c ../sums >/dev/null; echo $?", "cd /"]
    assert [line.strip() for line in run(machine, path, *commands)] == ["", "0", "0", "0", ""]
    check(path)
    assert fetch(path, tmp_path / "back", "out") == sums_of(tree)
    assert fetch(path, tmp_path / "back", "in") == before


def test_changes(tmp_path):
    """Renamed, cut, made longer, replaced, removed; directories moved; a directory that has to grow."""
    path = tmp_path / "fat.img"
    make_volume(path, "32-cluster-512")
    (tmp_path / "text").write_text("".join(f"line {i}\n" for i in range(1000)))
    tool("mcopy", "-i", path, tmp_path / "text", "::text")
    said = run(
        "host", path, "cd /mnt; mkdir -p a/b/c 'another directory'; echo one > a/b/c/one; cp text 'a/long name of a text'",
        "mv 'a/long name of a text' 'another directory/Text'; mv a/b 'another directory/b'; ls .. > /dev/null",
        "echo last >> text; head -n 3 text > short; mv short 'another directory/TEXT'; echo $?",
        "for i in 1; do echo; done 2>/dev/null; cat 'another directory/text'", "rm -r a; ls", "cd 'another directory/b/c/..'; pwd",
        "cd /; mkdir /mnt/many; seq 300 > /tmp/n", "cat /mnt/TEXT | wc")
    assert "0" in said[2]
    assert said[3].splitlines()[-3:] == ["line 0", "line 1", "line 2"]
    assert said[4].split() == ["another", "directory", "text"]
    assert said[5].strip() == "/mnt/another directory/b"
    check(path)
    found = fetch(path, tmp_path / "back")
    assert sorted(found) == ["another directory", "another directory/Text", "another directory/b", "another directory/b/c",
                             "another directory/b/c/one", "many", "text"]
    text = (tmp_path / "text").read_bytes() + b"last\n"
    assert found["text"] == hashlib.sha256(text).hexdigest()


def test_a_full_volume(tmp_path):
    """What does not fit says so; what was there is as it was, and what is removed makes room."""
    path = tmp_path / "fat.img"
    make_volume(path, "12-floppy")
    (tmp_path / "keep").write_bytes(random.Random(SEED).randbytes(700_000))
    tool("mcopy", "-i", path, tmp_path / "keep", "::keep")
    said = run("host", path, "cd /mnt; cp keep second; cp keep third", "ls -l", "rm second third; cp keep fourth; echo $?", "cd /")
    assert "no space left" in said[0]
    assert said[2].strip() == "0"
    check(path)
    wanted = hashlib.sha256((tmp_path / "keep").read_bytes()).hexdigest()
    assert fetch(path, tmp_path / "back") == {"keep": wanted, "fourth": wanted}


def test_a_volume_that_was_not_unmounted(tmp_path):
    """The mark is on the disk while it is used, and goes with the unmounting; one that was there before, stays."""
    path = tmp_path / "fat.img"
    make_volume(path, "16-cluster-2K")
    image = boot.build("host", BUILD=BUILD)
    with boot.Session("host", image, append="root=none", disks=[{"file": path, "snapshot": False}]) as session:
        session.prompt()
        for command in ("mkdir /mnt", "mount -t fat /dev/vda /mnt", "echo lost > /mnt/lost"):
            session.run(command)
    assert "Dirty bit is set" in tool("fsck.vfat", "-n", path, check=False).stdout
    tool("fsck.vfat", "-a", path, check=False)
    run("host", path, "echo kept > /mnt/kept", "sync")
    check(path)


def test_what_is_old_is_written(tmp_path):
    """Nobody syncs, nobody unmounts, and the machine is gone: what was done some seconds ago is there."""
    path = tmp_path / "fat.img"
    make_volume(path, "32-cluster-4K-label")
    with boot.Session("host", boot.build("host", BUILD=BUILD), append="root=none", disks=[{"file": path, "snapshot": False}]) as session:
        session.prompt()
        for command in ("mkdir /mnt", "mount -t fat /dev/vda /mnt", "mkdir /mnt/d; echo old > /mnt/d/old", "sleep 8"):
            session.run(command)
    check(path)
    assert fetch(path, tmp_path / "back") == {"d": None, "d/old": hashlib.sha256(b"old\n").hexdigest()}
