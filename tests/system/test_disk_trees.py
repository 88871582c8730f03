# SPDX-License-Identifier: MIT
"""Trees of files on their way: from this host into an image, through the kernel, to a FAT volume, and back; by checksum.

The tree has what trees have: names of 255 bytes, with blanks, signs, bytes that are no UTF-8; empty files, holes, symbolic
and hard links, a deep path, a directory of thousands. SEED= repeats a run.
"""
import hashlib
import os
import random
import shutil
import subprocess
import time

import boot
import disks
import pytest
from conftest import BUILD

SEED = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
NAMES = [b"with blank", b" leading", b"trailing ", "日本語の名前".encode(), "é".encode() * 127, b"n" * 255, b"-r", b"--", b"*", b"a*b",
         b"[x]", b"'quoted'", b'"', b"back\\slash", b"dollar$HOME", b"semi;colon", b"new\nline", b"\xff\xfe not UTF-8", b"#", b"~",
         b"...", b".hidden", b"a&b|c>d", b"\x01\x7f", b"%s%n", b"CON", b"x\ty"]
PLAIN = ["with blank.txt", "Ünïcode.text", "UPPER.TXT", "lower.txt", "a very long name, but one that FAT knows.data", "no-extension"]
MANY = 999


@pytest.fixture(scope="module", autouse=True)
def tools():
    print(f"SEED={SEED}")
    boot.make("tools", BUILD=BUILD)


def tool(name, *words):
    disks.run(os.path.join(BUILD, name), *map(os.fspath, words))


def write(path, data, hole_before=0):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.seek(hole_before)
        file.write(data)


def make_tree(folder, dice):
    """Everything that a tree can have in it; the path as bytes."""
    root = os.fsencode(str(folder))
    for name in NAMES:
        write(os.path.join(root, b"names", name), dice.randbytes(dice.choice([0, 1, 4095, 4096, 4097, 30000])))
        os.makedirs(os.path.join(root, b"folders", name))
    for name in PLAIN:
        write(os.path.join(root, b"plain", name.encode()), dice.randbytes(dice.randrange(40000)))
    write(os.path.join(root, b"holes/end"), b"", 0)
    os.truncate(os.path.join(root, b"holes/end"), 300_000_000)
    write(os.path.join(root, b"holes/middle"), b"behind", 70_000_001)
    write(os.path.join(root, b"large"), dice.randbytes(3_000_000))
    write(os.path.join(root, *[b"deeper"] * 60, b"bottom"), b"here")
    for i in range(MANY):
        write(os.path.join(root, b"many", b"file %d" % i), b"%d" % i)
    os.makedirs(os.path.join(root, b"links"))
    for name, target in {b"to": b"../large", b"nowhere": b"/not/there", b"itself": b"itself", b"long": b"t" * 3000,
                         b"folder": b"../plain"}.items():
        os.symlink(target, os.path.join(root, b"links", name))
    os.link(os.path.join(root, b"large"), os.path.join(root, b"links/hard"))
    return root


def sum_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def sums_of(folder):
    """{path: checksum, `-> target` of a symbolic link, or 'folder'}"""
    root, found = os.fsencode(folder), {}
    for where, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(where, name)
            found[os.path.relpath(path, root)] = (b"-> " + os.readlink(path) if os.path.islink(path) else
                                                  "folder" if os.path.isdir(path) else sum_of(path))
    return found


def differences(found, wanted):
    return [(n, found.get(n), wanted.get(n)) for n in sorted({*found, *wanted}) if found.get(n) != wanted.get(n)][:5]


def run(machine, image, images, *commands):
    """What each command printed."""
    with boot.Session(machine, image(machine), memory="24M", disks=[{"file": i, "snapshot": False} for i in images]) as session:
        session.prompt()
        said = [session.run(command) for command in commands]
        session.send("poweroff\n")
        session.end()
    return said


def fsck(path):
    done = subprocess.run([os.path.join(BUILD, "fsck.tsfs"), path], text=True, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stdout


def test_odd_trees(image, machine, tmp_path):
    """mkfs.tsfs takes the tree in, the kernel copies it and changes the copy, tsfs gives both back."""
    dice = random.Random(f"{SEED} {machine}")
    root, path, copy = make_tree(tmp_path / "host" / "in", dice), tmp_path / "disk.img", tmp_path / "copy"
    tool("mkfs.tsfs", path, "96M", tmp_path / "host")
    fsck(path)
    said = run(machine, image, [path], "cp -r /in /out; echo $?", "cd /out; find . | wc -l; find . -type f | wc -l",
               "mv names 'moved  names'; mv many/* .; rmdir many; echo $?", "rm 'file '*[13579]; ls | wc -l",
               "cp large larger; cat large >> larger; rm -r deeper", "cd /; stat /in/links/hard | grep link", "sync; du -s /in")
    wanted = sums_of(root)
    assert [said[0], said[2]] == ["0\n", "0\n"]
    files = sum(value != "folder" and isinstance(value, str) for value in wanted.values())
    assert [int(n) for n in said[1].split()] == [len(wanted) + 3, files + 1]  # names with a new line take two
    assert "with 2 links" in said[5]
    assert "M" in said[6] and float(said[6].split("M")[0]) < 40, "holes take space"
    fsck(path)
    shutil.rmtree(copy, ignore_errors=True)
    tool("tsfs", path, "get", "/in", copy)
    assert not differences(sums_of(copy), wanted)
    shutil.rmtree(copy)
    tool("tsfs", path, "get", "/out", copy)
    assert not differences(sums_of(copy), changed(wanted, root))


def changed(wanted, root):
    """What the commands above make of the tree."""
    after = {}
    for name, value in wanted.items():
        if name.startswith(b"names"):
            name = b"moved  " + name
        if name.startswith(b"deeper") or name == b"many":
            continue
        if name.startswith(b"many/"):
            name = name[5:]
            if name[-1] in b"13579":
                continue
        after[name] = value
    with open(os.path.join(root, b"large"), "rb") as file:
        after[b"larger"] = hashlib.sha256(file.read() * 2).hexdigest()
    return after


def test_put_and_get(tmp_path):
    """tsfs puts a tree beside what is there, again over it, and gets it back the same; the image stays sound."""
    root, path = make_tree(tmp_path / "tree", random.Random(SEED)), tmp_path / "disk.img"
    tool("mkfs.tsfs", path, "96M")
    tool("tsfs", path, "put", tmp_path / "tree", "/")
    tool("tsfs", path, "put", tmp_path / "tree" / "plain", "/")
    tool("tsfs", path, "put", tmp_path / "tree" / "plain", "/")
    fsck(path)
    tool("tsfs", path, "get", "/tree", tmp_path / "back")
    assert not differences(sums_of(tmp_path / "back"), sums_of(root))
    tool("tsfs", path, "get", "/plain", tmp_path / "plain")
    assert not differences(sums_of(tmp_path / "plain"), sums_of(tmp_path / "tree" / "plain"))


def test_from_one_disk_to_the_other(image, machine, tmp_path):
    """tsfs to FAT to tsfs, by cp and mv in the kernel; mtools and tsfs agree about what is there."""
    dice = random.Random(SEED)
    for name in PLAIN:
        for folder in ("", "sub folder/"):
            write(f"{tmp_path}/host/in/{folder}{name}", dice.randbytes(dice.randrange(60000)))
    path, fat, wanted = tmp_path / "disk.img", tmp_path / "fat.img", sums_of(tmp_path / "host" / "in")
    tool("mkfs.tsfs", path, "16M", tmp_path / "host")
    disks.make_disk(fat, disks.Disk("fat", "16M", None), BUILD)
    said = run(machine, image, [path, fat], "mkdir /mnt; mount /dev/vdb /mnt; cp -r /in /mnt/there; echo $?",
               "cp -r /mnt/there /back; mv /mnt/there /mnt/moved; echo $?", "mv /in /mnt/mv && ls /", "umount /mnt; echo $?")
    assert [said[0], said[1], said[3]] == ["0\n"] * 3 and " in " not in said[2]
    fsck(path)
    disks.run(disks.find_program("fsck.vfat"), "-n", str(fat))
    tool("tsfs", path, "get", "/back", tmp_path / "back")
    assert not differences(sums_of(tmp_path / "back"), wanted)
    for name in ("moved", "mv"):
        os.makedirs(tmp_path / "from-fat", exist_ok=True)
        subprocess.run([disks.find_program("mcopy"), "-s", "-n", "-i", str(fat), f"::{name}", str(tmp_path / "from-fat")], check=True,
                       env={**os.environ, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE)
        assert not differences(sums_of(tmp_path / "from-fat" / name), wanted), name
