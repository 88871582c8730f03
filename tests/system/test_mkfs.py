# SPDX-License-Identifier: MIT
"""The host tools: whole trees into images and out again, and fsck on images that were damaged."""
import filecmp
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess

import boot
import disks
import pytest
from conftest import BUILD

BLOCK = 4096


@pytest.fixture(scope="module")
def tool():
    """tool("tsfs", "x.img", "ls"): runs it, with the sanitizers in it; the finished process."""
    images = {name: boot.build("host", TOOL=name, BUILD=BUILD) for name in ("mkfs.tsfs", "fsck.tsfs", "tsfs")}

    def run(name, *words, status=0, binary=False, environment=None):
        done = subprocess.run([images[name], *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, check=False, env={**os.environ, **(environment or {})})
        output = done.stdout if binary else done.stdout.decode(errors="replace")
        assert status is None or done.returncode == status, f"{name} {words}: {done.returncode}\n{output}"
        done.stdout = output
        return done
    return run


@pytest.fixture
def tree(tmp_path):
    """A folder with one of everything."""
    top = tmp_path / "tree"
    dice = random.Random(5)
    (top / "a" / "b" / "c").mkdir(parents=True)
    (top / "nothing").mkdir()
    (top / "empty").write_bytes(b"")
    (top / "one").write_bytes(b"1")
    (top / "block").write_bytes(dice.randbytes(BLOCK))
    (top / "large").write_bytes(dice.randbytes(1234567))
    (top / "a" / ("long" * 63 + "er")).write_text("a name of 254 bytes")
    (top / "a" / "b" / "mit Umlauten ä\nund Zeile").write_text("names are bytes")
    with open(top / "sparse", "wb") as file:
        for i in range(50):
            file.seek(i * 100000)
            file.write(b"island")
        file.truncate(6000000)
    os.symlink("a/b", top / "link")
    os.symlink("x" * 1000, top / "far")
    os.link(top / "one", top / "a" / "other name of one")
    for i in range(300):
        (top / "a" / "b" / "c" / f"file {i}").write_text(str(i) * i)
    os.utime(top / "one", ns=(10**18, 10**18 + 5))
    return top


def summary(top):
    """{path: (kind, contents)} of a folder."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, top)
            if os.path.islink(path):
                found[key] = ("link", os.readlink(path))
            elif os.path.isdir(path):
                found[key] = ("folder", int(os.stat(path).st_mtime))
            else:
                with open(path, "rb") as file:
                    found[key] = ("file", hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns)
    return found


# ---- In and out ------------------------------------------------------------------------------------------------------
def test_a_tree_comes_out_as_it_went_in(tool, tree, tmp_path):
    image, out = tmp_path / "x.img", tmp_path / "out"
    tool("mkfs.tsfs", image, "16M", tree)
    assert "clean" in tool("fsck.tsfs", image).stdout
    tool("tsfs", image, "get", "/", out)
    assert summary(tree) == summary(out)
    assert os.stat(out / "one").st_ino == os.stat(out / "a" / "other name of one").st_ino
    assert os.stat(out / "sparse").st_blocks * 512 < 1000000, "holes have become zeros"


def test_put_and_get(tool, tree, tmp_path):
    image = tmp_path / "x.img"
    tool("mkfs.tsfs", image, "16M")
    tool("tsfs", image, "put", tree, "/copy")        # a new name
    tool("tsfs", image, "put", tree / "one", tree / "a", "/copy/nothing")  # into a folder that is there
    tool("tsfs", image, "put", tree / "block", "/copy/one")  # over a file
    assert "clean" in tool("fsck.tsfs", image).stdout
    assert tool("tsfs", image, "cat", "/copy/nothing/one").stdout == "1"
    assert tool("tsfs", image, "cat", "copy/one", binary=True).stdout == (tree / "block").read_bytes()
    tool("tsfs", image, "get", "/copy/nothing/a", "/copy/large", tmp_path)
    assert summary(tmp_path / "a") == summary(tree / "a")
    assert filecmp.cmp(tmp_path / "large", tree / "large", shallow=False)


def test_ls_and_stat_say_what_is_there(tool, tree, tmp_path):
    image = tmp_path / "x.img"
    tool("mkfs.tsfs", image, "16M", tree)
    said = tool("tsfs", image, "ls").stdout
    for words in ("link -> a/b", "6000000  ", "file      2            1  2001-09-09 01:46:40  one"):
        assert words in said, said
    assert tool("tsfs", image, "ls", "-R").stdout.count("\n") > 310
    assert "names     2" in tool("tsfs", image, "stat", "/one").stdout
    assert "blocks    " in tool("tsfs", image, "stat").stdout


def test_the_same_folder_gives_the_same_image(tool, tree, tmp_path):
    first, second = tmp_path / "1.img", tmp_path / "2.img"
    tool("mkfs.tsfs", first, "16M", tree)
    (tree / "large").read_bytes()  # reading it changes nothing
    tool("mkfs.tsfs", second, "16M", tree)
    assert filecmp.cmp(first, second, shallow=False)
    copy = tmp_path / "later"
    subprocess.run(["cp", "-a", tree, copy], check=True)
    for folder, folders, files in os.walk(copy):
        for name in folders + files:
            os.utime(os.path.join(folder, name), follow_symlinks=False)  # now
    for folder, image in ((tree, first), (copy, second)):
        tool("mkfs.tsfs", image, "16M", folder, environment={"SOURCE_DATE_EPOCH": "1000"})
    assert filecmp.cmp(first, second, shallow=False)


def copy_backwards(tree, target):
    """The same tree, its names made in the opposite order, now, and with other permissions."""
    for folder, folders, names in sorted(os.walk(tree), reverse=True):
        inside = target / os.path.relpath(folder, tree)
        inside.mkdir(0o700, parents=True, exist_ok=True)
        for name in sorted(folders + names, reverse=True):
            source = os.path.join(folder, name)
            if os.path.islink(source):
                os.symlink(os.readlink(source), inside / name)
            elif os.path.isfile(source):
                shutil.copyfile(source, inside / name)
                os.chmod(inside / name, 0o600)
    return target


def test_a_copy_differs_in_its_times_alone(tool, tree, tmp_path):
    """On another host, or in a fresh clone, the same names get the same inodes, blocks and places in their directories."""
    (tree / "a" / "other name of one").unlink()  # the copy has no hard links
    (tree / "sparse").unlink()                   # nor holes
    copy, images = copy_backwards(tree, tmp_path / "copy"), []
    for folder, words in ((tree, {}), (copy, {}), (tree, {"SOURCE_DATE_EPOCH": "1000"}), (copy, {"SOURCE_DATE_EPOCH": "1000"})):
        images.append(tmp_path / f"{len(images)}.img")
        tool("mkfs.tsfs", images[-1], "16M", folder, environment=words)
    assert filecmp.cmp(images[2], images[3], shallow=False)
    first, second = Image(images[0].read_bytes()), Image(images[1].read_bytes())
    assert first.data[96:112] == second.data[96:112], "another id"
    assert first.metadata == second.metadata
    for kind in ("Di", "Tr", "Bb", "Ib", "St"):
        for number in first.of_kind(kind):
            assert first.block(number) == second.block(number), f"block {number}, {kind}"
    inodes = [int(re.search(r"number +(\d+)", tool("tsfs", images[1], "stat", f"/a/b/c/{name}").stdout)[1])
              for name in sorted(os.listdir(copy / "a" / "b" / "c"))]
    assert inodes == sorted(inodes), "not taken in the order of their names"


def test_what_is_put_has_no_time_of_its_own(tool, tree, tmp_path):
    """With SOURCE_DATE_EPOCH, as `make disk` uses it."""
    images = [tmp_path / "1.img", tmp_path / "2.img"]
    for image, folder in zip(images, (tree / "a", copy_backwards(tree / "a", tmp_path / "a"))):
        (folder / "other name of one").unlink()
        tool("mkfs.tsfs", image, "16M", environment={"SOURCE_DATE_EPOCH": "1000"})
        tool("tsfs", image, "put", folder, "/", environment={"SOURCE_DATE_EPOCH": "1000"})
    assert filecmp.cmp(*images, shallow=False)


def test_a_fat_disk_has_its_names_in_order(tmp_path):
    """Where two short names are alike, the order decides who is ~1."""
    tree, image = tmp_path / "tree", tmp_path / "fat.img"
    (tree / "sub" / "sub").mkdir(parents=True)
    for name in sorted((f"some long name {i}" for i in range(30)), reverse=True):
        for folder in (tree, tree / "sub", tree / "sub" / "sub"):
            (folder / name).write_text(name)
    disks.make_disk(image, disks.Disk("fat", "4M", str(tree)), None)
    for folder in ("::", "::sub", "::sub/sub"):
        listing = subprocess.run(["mdir", "-i", image, folder], check=True, text=True, stdout=subprocess.PIPE).stdout
        names = re.findall(r"some long name \d+", listing)
        assert len(names) == 30 and names == sorted(names)


# ---- What does not work says so ----------------------------------------------------------------------------------------
def test_a_folder_that_does_not_fit_says_how_much_is_missing(tool, tree, tmp_path):
    image = tmp_path / "x.img"
    said = tool("mkfs.tsfs", image, "1M", tree, status=1).stdout
    assert "does not fit" in said and "are missing" in said, said
    assert not image.exists()


@pytest.mark.parametrize("words, said", [
    (["x.img", "big"], "expected a size"), (["x.img", "100K"], "too small for a tsfs: 512K at least"),
    (["x.img"], "usage:"), ([], "usage:"), (["x.img", "17T"], "too large"), (["-L", "l" * 40, "x.img", "1M"], "31 bytes"),
    (["no/such/x.img", "1M"], "no such file"), (["x.img", "1M", "no/such"], "no/such: no such file")])
def test_mkfs_refuses(tool, tmp_path, words, said):
    done = tool("mkfs.tsfs", *(tmp_path / w if w.endswith(".img") else w for w in words), status=None)
    assert done.returncode in (1, 2) and said in done.stdout, done.stdout


def test_no_tsfs_is_no_tsfs(tool, tmp_path):
    image = tmp_path / "x.img"
    image.write_bytes(bytes(1 << 20))
    assert "holds no tsfs" in tool("tsfs", image, "ls", status=1).stdout
    assert "This is no tsfs" in tool("fsck.tsfs", image, status=8).stdout
    assert "no such file" in tool("fsck.tsfs", tmp_path / "none", status=8).stdout
    assert "usage:" in tool("fsck.tsfs", status=16).stdout
    image.write_bytes(b"short")
    assert "too small for a tsfs" in tool("fsck.tsfs", image, status=8).stdout


def test_a_disk_that_was_cut_is_explained(tool, tmp_path):
    image = tmp_path / "x.img"
    tool("mkfs.tsfs", image, "4M")
    os.truncate(image, 3 << 20)
    assert "the disk has 768" in tool("fsck.tsfs", image, status=8).stdout
    assert "it was cut" in tool("tsfs", image, "ls", status=1).stdout


# ---- Damage ------------------------------------------------------------------------------------------------------------
TABLE = [0] * 256
for i in range(256):
    crc = i
    for _ in range(8):
        crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    TABLE[i] = crc


def crc32c(crc, data):
    crc ^= 0xffffffff
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffffffff


class Image:
    """An image that damage is done to."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.seed = crc32c(0, data[96:112])
        behind_journal = struct.unpack_from("<I", data, 52)[0]
        self.metadata = [n for n in range(behind_journal, len(data) // BLOCK) if self.kind(n) in ("In", "Tr", "Di", "St", "Bb", "Ib")]

    def kind(self, number):
        magic = self.data[number * BLOCK:number * BLOCK + 4]
        return magic[2:].decode("latin1") if magic[:2] == b"ts" else ""

    def block(self, number):
        return bytes(self.data[number * BLOCK:(number + 1) * BLOCK])

    def of_kind(self, kind):
        return [number for number in self.metadata if self.kind(number) == kind]

    def seal(self, number):
        block = self.block(number)
        checksum = crc32c(crc32c(self.seed, block[:4]), block[8:])
        self.data[number * BLOCK + 4:number * BLOCK + 8] = struct.pack("<I", checksum)

    def damage(self, dice):
        """Does something bad to a block; half of the time so that its checksum is right."""
        number = dice.choice(self.of_kind(self.kind(dice.choice(self.metadata))))
        start, kind = number * BLOCK, dice.random()
        if kind < 0.6:
            self.data[start + dice.randrange(dice.choice((32, 512, BLOCK)))] ^= 1 << dice.randrange(8)
        elif kind < 0.7:
            self.data[start:start + BLOCK] = bytes(BLOCK)
        elif kind < 0.85:
            other = dice.choice(self.metadata) * BLOCK
            self.data[start:start + BLOCK] = self.data[other:other + BLOCK]
        else:
            at = start + dice.randrange(BLOCK - 8)
            self.data[at:at + 8] = dice.randbytes(8)
        if dice.random() < 0.5:
            self.seal(number)


@pytest.fixture
def base(tool, tree, tmp_path):
    """An image with a bit of everything, trees among it."""
    for i in range(1200):
        (tree / "nothing" / f"{'n' * 60}{i}").write_text("")
    tool("mkfs.tsfs", tmp_path / "base.img", "6M", tree)
    return (tmp_path / "base.img").read_bytes()


def test_whatever_was_damaged_is_clean_after_repair(tool, base, tmp_path):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    path = tmp_path / "damaged.img"
    for number in range(seed, seed + 25):
        image, dice = Image(base), random.Random(number)
        for _ in range(dice.choice((1, 1, 3))):
            image.damage(dice)
        path.write_bytes(image.data)
        looked = tool("fsck.tsfs", path, status=None)
        assert path.read_bytes() == image.data, "looking has changed it"
        repaired = tool("fsck.tsfs", "-y", path, status=None)
        again = tool("fsck.tsfs", path, status=None)
        found = (looked.returncode, repaired.returncode, again.returncode)
        assert found in ((0, 0, 0), (4, 1, 0)), f"seed {number}: {found}\n{looked.stdout}\n{repaired.stdout}{again.stdout}"


def damaged(base, kind, offset, value, which=-1):
    image = Image(base)
    number = image.of_kind(kind)[which]
    image.data[number * BLOCK + offset:number * BLOCK + offset + len(value)] = value
    image.seal(number)
    return image.data


def checked(tool, path, data, *words):
    """Both runs of fsck say these words; then all is well."""
    path.write_bytes(data)
    for arguments, status in (([], 4), (["-y"], 1)):
        said = tool("fsck.tsfs", *arguments, path, status=status).stdout
        for word in words:
            assert word in said, said
    return tool("fsck.tsfs", path)


def test_findings_name_what_and_where(tool, base, tmp_path):
    path = tmp_path / "damaged.img"
    checked(tool, path, bytes(BLOCK) + base[BLOCK:], "block 0, the superblock: it is something else")
    checked(tool, path, base[:-BLOCK] + bytes(BLOCK), "the superblock's copy")
    checked(tool, path, damaged(base, "St", 16, b"\1\0\0\0"), "the state", "blocks are free, not 1")
    checked(tool, path, damaged(base, "Bb", 16, bytes(8), 0), "block bitmap: blocks 0 to 63 are in use, and marked as free")
    checked(tool, path, damaged(base, "In", 16 + 272 + 4, b"\x63\0\0\0", 0), "inode 1, a directory: it counts 99 links")
    checked(tool, path, damaged(base, "Tr", 24 + 4, b"\xff\xff\xff\x7f"), "it points out of the data area")


def test_lost_files_are_found(tool, base, tmp_path):
    """The root's names are gone: its files, and the folders with all in them, come back under /lost+found."""
    image, path = Image(base), tmp_path / "damaged.img"
    root = next(n for n in image.of_kind("Di") if struct.unpack_from("<I", image.data, n * BLOCK + 12)[0] == 1)
    image.data[root * BLOCK:(root + 1) * BLOCK] = bytes(BLOCK)
    checked(tool, path, image.data, "names of directory 1", "it has no name")
    out = tmp_path / "out"
    tool("tsfs", path, "get", "/lost+found", out)
    names = os.listdir(out)
    assert len(names) == 8 and all(name.startswith("#") for name in names)
    assert any(os.path.isdir(out / name / "b" / "c") for name in names)
