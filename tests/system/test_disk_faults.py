# SPDX-License-Identifier: MIT
"""Disks that fail, are full, too small, damaged, in use or not ours: each is an error in words, and nothing else is harmed.

QEMU's blkdebug makes the failing ones; afterwards the image is as fsck.tsfs wants it, and mounts.
"""
import os
import re
import subprocess

import boot
import disks
import pytest
from conftest import BUILD

SECTORS_PER_BLOCK = 8
FAILED = "the device failed"


@pytest.fixture(scope="module", autouse=True)
def tools():
    boot.make("tools", BUILD=BUILD)


def make_disk(folder, name="disk.img", size="16M", contents="disk", words=()):
    path = os.path.join(str(folder), name)
    disks.run(os.path.join(BUILD, "mkfs.tsfs"), *words, path, size, *([contents] if contents else []))
    return path


def fsck(path, *words):
    """(status, what it says)"""
    done = subprocess.run([os.path.join(BUILD, "fsck.tsfs"), *words, path], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def blkdebug(folder, path, rules):
    config = os.path.join(str(folder), "blkdebug.conf")
    with open(config, "w") as file:
        file.write(rules)
    return {"file": f"blkdebug:{config}:{path}", "snapshot": False}


def fail(kind, sector=None, once=False, state=None, event="none"):
    """A rule: requests of this kind fail, that of the sector or all, in QEMU's state or always."""
    return "\n".join(["[inject-error]", f'event = "{event}"', f'iotype = "{kind}"', 'errno = "5"',
                      *([f'sector = "{sector}"'] if sector is not None else []),
                      *([f'state = "{state}"'] if state else []), f'once = "{"on" if once else "off"}"', ""])


def after(number, event):
    """Rules: so many events take QEMU from state 1 to the one behind them."""
    return "".join(f'[set-state]\nevent = "{event}"\nstate = "{i}"\nnew_state = "{i + 1}"\n' for i in range(1, number + 1))


def power_off(session, status=0):
    session.send("poweroff\n")
    session.end(status)


def status_of(session, command):
    """(the exit status, what it printed before)"""
    *said, status = session.run(f"{command}; echo $?").splitlines()
    return int(status), "\n".join(said)


def is_sound(path):
    status, said = fsck(path)
    assert status == 0, said


def find_in_image(path, text):
    """The sector where a file's contents begin."""
    with open(path, "rb") as file:
        place = file.read().find(text)
    assert place > 0 and place % 4096 == 0
    return place // 512


# ---- Devices that fail -------------------------------------------------------------------------------------------
def test_a_read_fails(start, tmp_path):
    """The program gets -EIO, the log one line; other files are read; once the device can, that one as well."""
    path = make_disk(tmp_path)
    sector = find_in_image(path, open("disk/README", "rb").read(40))
    session = start("riscv64", disks=[blkdebug(tmp_path, path, fail("read", sector, once=True))])
    session.prompt()
    status, said = status_of(session, "cat /README > /dev/null")
    assert status == 1 and f"cat: /README: {FAILED}" in said
    assert status_of(session, "cat /texts/*.txt > /dev/null") == (0, "")
    assert status_of(session, "cat /README > /dev/null") == (0, "")
    assert session.run("dmesg | grep -c 'reading .* failed'") == "1\n"
    assert " (rw)" in session.run("mount | head -n 1")
    power_off(session)
    is_sound(path)


def test_a_directory_cannot_be_read(start, tmp_path):
    """What is behind it cannot be reached, what is beside it can."""
    path = make_disk(tmp_path)
    with open(path, "rb") as file:
        blocks = file.read()
    # The last: the journal may hold one like it.
    inside = [i for i in range(0, len(blocks), 4096) if blocks[i:i + 4] == b"tsDi" and b"fruits.txt" in blocks[i:i + 4096]]
    session = start("riscv64", disks=[blkdebug(tmp_path, path, fail("read", inside[-1] // 512))])
    session.prompt()
    for command in ("ls /texts", "cat /texts/fruits.txt", "touch /texts/new", "rm -r /texts", "find /texts"):
        status, said = status_of(session, command)
        assert status == 1 and FAILED in said, command
    assert status_of(session, "cat /README > /copy; cat /copy | wc -l; sync")[0] == 0
    power_off(session)
    is_sound(path)


def test_writes_fail_for_a_while(start, tmp_path):
    """sync says so; what was not written stays in memory, is read from there, and reaches the disk later."""
    path = make_disk(tmp_path)
    session = start("riscv64", disks=[blkdebug(tmp_path, path, fail("write", once=True))])
    session.prompt()
    session.run("cp /README /copy")
    status, said = status_of(session, "sync")
    assert status == 1 and f"sync: {FAILED}" in said
    assert session.run("dmesg | grep -c 'writing .* failed'") == "1\n"
    assert status_of(session, "sync") == (0, "")
    power_off(session)
    is_sound(path)
    disks.run(os.path.join(BUILD, "tsfs"), path, "get", "/copy", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == open("disk/README", "rb").read()


def test_what_cannot_be_saved_is_told_at_the_end(start, tmp_path):
    """Turned off by itself or by the end of the first shell: a line, and a status that is not 0."""
    path = make_disk(tmp_path)
    disk = blkdebug(tmp_path, path, fail("write"))
    for run, status in (("echo x > /new; poweroff", 1), ("echo x > /new; poweroff 3", 3), ("echo x > /new", 1)):
        session = start("riscv64", append=f'run="{run}"', disks=[disk])
        session.end(status)
        assert f"not everything is on the disks: {FAILED}" in session.text, run
    is_sound(path)


def test_the_kernel_s_threads_are_the_kernel_s(start, machine, tmp_path):
    """Those that outlive the program whose writing started them."""
    session = start(machine, disks=[make_disk(tmp_path)])
    session.prompt()
    threads = session.run("echo x > /new; ps")
    for name in ("main", "tsfs"):
        assert re.search(rf"\n +\d+  kernel +{name} ", "\n" + threads), threads


@pytest.mark.parametrize("kind,number", [("flush", 0), ("write", 7), ("write", 12), ("flush", 1)])
def test_the_journal_cannot_be_written(start, tmp_path, kind, number):
    """From some write or flush on, all fail: nothing hangs, what is promised before holds, and a failed journal makes the
    file system read-only, with one line that says so."""
    path = make_disk(tmp_path)
    event = {"flush": "flush_to_disk", "write": "write_aio"}[kind]
    rules = after(number, event) + fail(kind, state=number + 1, event=event)
    session = start("riscv64", disks=[blkdebug(tmp_path, path, rules)])
    session.prompt()
    promised, failed = [], False
    for i in range(8):
        status, said = status_of(session, f"cp /README /copy{i} && sync")
        failed = failed or status != 0
        if status == 0:
            assert not failed, "sync succeeds on a disk that takes nothing"
            promised.append(i)
        else:
            assert FAILED in said or "read-only" in said
    assert failed
    log = session.run("dmesg")
    if "the journal cannot be written" in log:
        assert log.count("the journal cannot be written") == 1
        assert " (ro)" in session.run("mount | head -n 1")
        assert "read-only file system" in session.run("touch /x")
    assert status_of(session, "cat /README > /dev/null") == (0, "")
    assert status_of(session, "ls / /texts > /dev/null") == (0, "")
    session.send("poweroff\n")
    session.wait()
    is_sound(path)
    session = start("riscv64", disks=[path])
    session.prompt()
    for i in promised:
        assert session.run(f"cat /copy{i} | wc -l") == session.run("cat /README | wc -l")
    assert status_of(session, "touch /x && sync") == (0, "")


@pytest.mark.parametrize("kind", ["withdraw", "fail"])
def test_a_disk_goes_away(start, tmp_path, kind):
    """The host's device is withdrawn, or fails now and then: commands end with words, the shell stays."""
    path = make_disk(tmp_path)
    rate = {"withdraw": 60, "fail": 6}[kind]
    session = start("host", append="root=none", extra=["-faults", f"{kind},seed=3,rate={rate}"], disks=[path])
    session.prompt()
    session.run("mkdir /mnt; mount /dev/vda /mnt")
    for i in range(25):
        session.run(f"cp /mnt/README /mnt/copy{i}; sync; ls /mnt | wc -l; rm -f /mnt/copy{i}")
    session.run("umount /mnt")
    assert status_of(session, "echo it goes on") == (0, "it goes on")
    session.send("poweroff\n")
    assert session.wait() == ("not everything is on the disks" in session.text)


# ---- Disks that are not what they should be ----------------------------------------------------------------------
def damage(path, place, data):
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(data)
    return path


def test_disks_that_cannot_be_mounted(start, machine, tmp_path):
    """Nothing, a sector, noise, an image that was cut: each is refused, and none takes the others along."""
    sizes = {"nothing": 0, "sector": 512, "noise": 1 << 20}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes((i * 7 + i // 256) & 255 for i in range(size)))
    cut = make_disk(tmp_path, "cut")
    os.truncate(cut, 8 << 20)
    session = start(machine, disks=[make_disk(tmp_path), *(str(tmp_path / name) for name in sizes), cut])
    session.prompt()
    session.run("mkdir /mnt")
    for disk in ("vdb", "vdc", "vdd", "vde"):
        for words in ("", "-t tsfs ", "-t fat "):
            status, said = status_of(session, f"mount {words}/dev/{disk} /mnt")
            assert status == 1 and f"mount: /dev/{disk} on /mnt: holds no such file system" in said, (disk, words)
        if disk == "vde":
            assert "the superblock says 4096 blocks, the disk has 2048" in said or "4096 blocks" in session.run("dmesg")
    assert status_of(session, "ls /mnt") == (0, "")
    assert status_of(session, "cat /README > /dev/null") == (0, "")


def test_a_damaged_superblock(start, machine, tmp_path):
    """Its copy is used, for reading; fsck.tsfs -y makes it whole."""
    path = damage(make_disk(tmp_path), 200, b"\xff")
    session = start(machine, append="root=none", disks=[{"file": path, "snapshot": False}])
    session.prompt()
    said = session.run("mkdir /mnt; mount /dev/vda /mnt; cat /mnt/poem | wc -l; touch /mnt/x")
    assert "the superblock is damaged" in said and "fsck.tsfs -y" in said
    assert "touch: /mnt/x: read-only file system" in said
    power_off(session)
    assert fsck(path)[0] != 0
    fsck(path, "-y")
    is_sound(path)


def test_a_read_only_disk(start, image, machine, tmp_path):
    """Everything can be read, nothing changed; also when a journal waits to be carried out, which then is used from memory."""
    path = make_disk(tmp_path)
    with boot.Session(machine, image(machine), disks=[{"file": path, "snapshot": False}]) as session:
        session.prompt()
        session.run("cp /README /in-the-journal; mkdir /mnt; sync")  # and its power goes
    before = open(path, "rb").read()
    session = start(machine, disks=[{"file": path, "readonly": True}])
    session.prompt()
    assert status_of(session, "sha256sum /README /in-the-journal | wc -l") == (0, "2")
    assert len(set(session.run("cat /README | sha256sum; cat /in-the-journal | sha256sum").split())) == 2
    for command in ("echo x > /x", "mkdir /x", "rm /README", "rm -r /texts", "touch /README", "ln -s a /b", "mv /README /x",
                    "ln /README /x", "echo more >> /README", "mount /dev/vda /mnt; false", "echo x > /dev/vda"):
        status, said = status_of(session, command)
        assert status == 1 and ("read-only" in said or "in use" in said or "busy" in said), command
    power_off(session)
    assert open(path, "rb").read() == before


def test_a_read_only_root_has_its_devices(start, machine, tmp_path):
    """`make disk` prepares their directories. Where an image has none, the log says so, and the shell comes nevertheless."""
    disk = str(tmp_path / "made.img")
    boot.make("disk", BUILD=BUILD, DISK=disk, DISK_SIZE="4M")
    session = start(machine, disks=[{"file": disk, "readonly": True}])
    assert "there is no" not in session.prompt()
    assert session.run("ls -d /dev/vda /proc/mounts; echo x > /tmp/x; cat /tmp/x") == "/dev/vda  /proc/mounts\nx\n"
    power_off(session)
    session = start(machine, disks=[{"file": make_disk(tmp_path), "readonly": True}])
    session.prompt()
    for place in ("/tmp", "/dev", "/proc"):
        assert f"there is no {place}: the root directory has none, and is read-only" in session.text
    assert session.run("cat /README | wc -l") != "0\n"


def test_one_disk_twice(start, machine, tmp_path):
    """One mount at a time; none goes while somebody uses it; neither does the disk open to writing."""
    session = start(machine, disks=[make_disk(tmp_path), make_disk(tmp_path, "b.img")])
    session.prompt()
    session.run("mkdir /a /b; mount /dev/vdb /a")
    for command in ("mount /dev/vdb /b", "mount /dev/vda /b", "mount -o ro /dev/vdb /b", "umount /", "cd /a; umount /a"):
        status, said = status_of(session, command)
        assert status == 1 and "in use" in said, command
    session.run("cd /; sleep 1000 < /a/README &")
    assert "in use" in session.run("umount /a")
    assert "busy" in session.run("echo x > /dev/vdb")


# ---- Limits ------------------------------------------------------------------------------------------------------
def test_a_full_disk(start, machine, tmp_path):
    """Who writes is told, what was there stays, what is removed makes room, down to the last block."""
    path = make_disk(tmp_path, size="2M")
    session = start(machine, disks=[{"file": path, "snapshot": False}])
    session.prompt()
    free = session.run("df / | tail -n 1")
    for command in ("dd if=/dev/zero of=/big bs=65536", "cp /texts/blocks.txt /copy", "mkdir /a /b /c /d /e /f /g",
                    "cat /texts/*.txt /texts/*.txt > /x"):
        status, said = status_of(session, command)
        assert status == 1 and "no space left on the device" in said, command
    assert status_of(session, "sync") == (0, "")
    assert session.run("cat /README | sha256sum") == session.run("sha256sum < /README")
    session.run("rm -rf /big /copy /x /a /b /c /d /e /f /g")
    assert session.run("df / | tail -n 1") == free
    assert status_of(session, "cp -r /texts /copy && sync") == (0, "")
    power_off(session)
    is_sound(path)


def test_limits_of_names_and_files(start, machine, tmp_path):
    path = make_disk(tmp_path, size="4M", words=("-i", "64"))
    session = start(machine, disks=[{"file": path, "snapshot": False}])
    session.prompt()
    long = "n" * 255
    assert status_of(session, f"cd /; mkdir /d; echo x > {long}; mv {long} d/{long}; cat d/{long}") == (0, "x")
    for command in (f"touch {long}n", f"mkdir {long}n", f"mv d/{long} {long}n", f"cat {long}n", f"ln -s x {long}n",
                    f"cd {long}n", f"echo > /d/{long}n"):
        status, said = status_of(session, command)
        assert status == 1 and "name too long" in said, command[:20]
    session.run(f"rm d/{long}")
    files = session.run("df -i / | tail -n 1")
    for letter in "abc":
        said = session.run("touch " + " ".join(f"{letter}{i}" for i in range(30)))
    assert said.count("no space left on the device") > 5
    assert "no space left" in session.run("mkdir another") + session.run("ln -s a symlink")
    assert status_of(session, "ln a0 one-more-name; echo x > a1; sync") == (0, "")
    session.run("rm a* b* c* one-more-name")
    assert session.run("df -i / | tail -n 1") == files
    power_off(session)
    is_sound(path)
