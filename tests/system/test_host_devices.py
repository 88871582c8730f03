# SPDX-License-Identifier: MIT
"""The devices that the host machine plays: disks over files, the second console, faults, and what drivers may not do."""
import os
import re
import resource
import signal
import subprocess
import time

import boot
import pytest

SIZE = 1 << 20


@pytest.fixture(scope="module")
def disk_user(image):
    """run(drive, ..., append=, before=): what the disks' user says, and its status."""
    program = image("host", APP="tests/system/disk_user.c")

    def run(*drives, append="", options=(), before=None):
        words = [word for drive in drives for word in ("-drive", drive)]
        done = subprocess.run([program, *words, *options, "-append", append], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=boot.PATIENCE, preexec_fn=before)
        return done.returncode, done.stdout + done.stderr
    run.program = program
    return run


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk.img"
    path.write_bytes(b"A" * SIZE)
    return path


# ---- Disks -------------------------------------------------------------------------------------------------------------
def test_what_is_written_is_in_the_file(disk_user, disk):
    status, output = disk_user(f"file={disk}", append="written=B")
    assert "2048 sectors, blocks of 512, discards" in output and "read: no error, A" in output
    assert status == 0 and output.count("no error") == 4
    assert disk.read_bytes() == b"B" * 512 + bytes(512) + b"A" * (SIZE - 1024)


def test_a_snapshot_leaves_the_file_alone(disk_user, disk):
    for _ in range(2):
        _, output = disk_user(f"file={disk},snapshot=on", append="written=B")
        assert "read: no error, A" in output and output.count("no error") == 4
    assert disk.read_bytes() == b"A" * SIZE


def test_a_read_only_disk_is_not_written(disk_user, disk):
    disk.chmod(0o444)
    _, output = disk_user(f"file={disk},readonly=on", append="written=B")
    assert "read-only" in output and "discards" not in output
    assert "write: read-only" in output and "flush: no error" in output
    assert disk.read_bytes() == b"A" * SIZE


def test_disks_come_in_the_order_of_the_options(disk_user, tmp_path):
    drives = []
    for letter in "XYZ":
        path = tmp_path / f"a,b {letter}"  # a comma in a name is doubled
        path.write_bytes(letter.encode() * 4096)
        drives.append(f"file={str(path).replace(',', ',,')},format=raw,discard=off")
    _, output = disk_user(*drives, options=["-no-rng"])
    assert re.findall(r"(vd.): 8 sectors, blocks of 512\nread: no error, (.)", output) == \
        [("vda", "X"), ("vdb", "Y"), ("vdc", "Z")]


@pytest.mark.parametrize("bytes_there, block_size, sectors", [(0, 512, 0), (511, 512, 0), (1300, 512, 2),
                                                              (9000, 4096, 16), (100, 4096, 0)])
@pytest.mark.parametrize("snapshot", ["on", "off"])
def test_a_disk_has_whole_blocks(disk_user, disk, bytes_there, block_size, sectors, snapshot):
    disk.write_bytes(b"A" * bytes_there)
    status, output = disk_user(f"file={disk},logical_block_size={block_size},snapshot={snapshot}")
    assert f"vda: {sectors} sectors, blocks of {block_size}" in output and status == 0


def test_a_disk_that_is_written_has_one_user(disk_user, disk):
    holder = subprocess.Popen([disk_user.program, "-drive", f"file={disk}", "-append", "reads=1000000000"],
                              stdout=subprocess.PIPE, text=True)
    try:
        while "read:" not in holder.stdout.readline():
            pass
        holder.send_signal(signal.SIGSTOP)  # it keeps the file for as long as this takes
        for drive in (f"file={disk}", f"file={disk},readonly=on"):
            status, output = disk_user(drive)
            assert status == 1 and "another process is using it" in output
        status, output = disk_user(f"file={disk},snapshot=on")
        assert status == 0 and "read: no error, A" in output
    finally:
        holder.kill()
        holder.wait()


def test_many_may_read_one_disk(disk_user, disk):
    drive = f"file={disk},readonly=on"
    status, output = disk_user(drive, drive)
    assert status == 0 and output.count("read: no error, A") == 2


def no_bigger_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))


def test_an_error_of_the_system_reaches_the_caller(disk_user, disk):
    _, output = disk_user(f"file={disk}", append="written=B", before=no_bigger_files)
    assert "read: no error, A" in output
    assert "write: the device failed" in output
    assert "error: vda: writing 1 sectors at 0 failed" in output


@pytest.mark.parametrize("drive, expected", [
    ("file=/nowhere/disk.img", "No such file"), ("file=/", "Is a directory"), ("", "expected file=PATH"),
    ("readonly=on", "expected file=PATH"), ("file", "expected file=PATH"), ("file=x,cache=none", "a drive knows file="),
    ("file=x,readonly=perhaps", "expected on or off"), ("file=x,logical_block_size=1000", "expected 512"),
    ("file=x,format=qcow2", "a drive knows"), ("file=x,", "expected file=PATH")])
def test_a_wrong_drive_says_what_was_expected(disk_user, drive, expected):
    status, output = disk_user(drive)
    assert status in (1, 2) and expected in output


# ---- Faults ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("faults", ["", "all", "lie,seed=0", "lie,rate=0", "lie,rate=x", "seed=1", "lie,,fail", "lie,"])
def test_wrong_faults_say_what_was_expected(disk_user, disk, faults):
    status, output = disk_user(f"file={disk}", options=["-faults", faults])
    assert status == 2 and "expected some of reorder,delay,fail,lie,withdraw" in output


def test_a_seed_gives_the_same_faults_again(disk_user, disk):
    def failures(seed):
        _, output = disk_user(f"file={disk}", append="reads=500",
                              options=["-faults", f"fail,delay,reorder,rate=4,seed={seed}"])
        return int(re.search(r"500 reads, (\d+) failed", output)[1])
    found = [failures(seed) for seed in range(1, 6)]
    assert found == [failures(seed) for seed in range(1, 6)]
    assert len(set(found)) > 1 and all(60 < count < 190 for count in found)


@pytest.mark.parametrize("faults", ["lie", "withdraw"])
def test_a_device_that_lies_or_goes_is_given_up(disk_user, disk, faults):
    status, output = disk_user(f"file={disk}", append="reads=500", options=["-faults", f"{faults},rate=20,seed=3"])
    assert status == 0 and output.count("the device is given up") == 1
    assert int(re.search(r"500 reads, (\d+) failed", output)[1]) > 300


def test_the_system_starts_whatever_its_devices_do(start):
    for seed in (1, 2, 3):
        with start("host", append='run="echo still here"',
                   extra=["-faults", f"reorder,delay,fail,lie,withdraw,rate=2,seed={seed}"]) as session:
            session.expect("still here")
            session.end(0)


# ---- What drivers may not do --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rule, expected", [
    ("step", "left out a step"), ("back", "took bits out"), ("feature", "wants the features 0x20"),
    ("width", "they have 4 each"), ("write-only", "there is none to read"), ("early", "expected FEATURES_OK"),
    ("size", "expected a power of two"), ("alignment", "aligned queue 0 wrongly"), ("rings", "where it has no memory"),
    ("notify", "before DRIVER_OK"), ("jump", "from 0 to 1000"), ("head", "named descriptor 77 of a table of 4"),
    ("address", "8 bytes at 0x8, where it has no memory"), ("empty", "a descriptor of 0 bytes"),
    ("order", "behind one that it writes"), ("loop", "more descriptors than the 4"), ("nested", "into an indirect table"),
    ("twice", "which is under way")])
def test_a_driver_that_breaks_a_rule_is_told_so(image, rule, expected):
    program = image("host", APP="tests/system/rule_breaker.c")
    words = ["-faults", "delay,rate=1"] if rule == "twice" else []
    done = subprocess.run([program, "-append", f"rule={rule}", *words], capture_output=True, text=True, timeout=boot.PATIENCE)
    assert done.returncode == 1 and "PANIC: virtio0: the driver of the rng device" in done.stdout
    assert expected in done.stdout and "nobody minded" not in done.stdout


def test_a_driver_that_keeps_the_rules_is_served(image):
    program = image("host", APP="tests/system/rule_breaker.c")
    done = subprocess.run([program, "-append", "rule=none"], capture_output=True, text=True, timeout=boot.PATIENCE)
    assert done.returncode == 0 and "1 entry used, 8 bytes" in done.stdout


# ---- The second console ---------------------------------------------------------------------------------------------------
def read_until(descriptor, wanted):
    seen = b""
    deadline = time.monotonic() + boot.PATIENCE
    while wanted not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(descriptor, 4096)
    return seen


def test_a_terminal_is_a_console(image):
    ours, theirs = os.openpty()
    kernel = subprocess.Popen([image("host"), "-console", os.ttyname(theirs)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    try:
        read_until(ours, b"tsumiki$ ")
        os.write(ours, b"seq 3 | wc; poweroff\r")
        seen = read_until(ours, b"3 3 6")
        assert b"seq 3 | wc" in seen  # the echo of what was typed
        assert kernel.wait(timeout=boot.PATIENCE) == 0
        assert b"3 3 6" in kernel.stdout.read()  # both consoles get all words
    finally:
        kernel.kill()
        kernel.wait()
        os.close(ours)
        os.close(theirs)


def test_pipes_are_a_console(image, tmp_path):
    path = tmp_path / "console"
    os.mkfifo(f"{path}.in")
    os.mkfifo(f"{path}.out")
    kernel = subprocess.Popen([image("host"), "-console", path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        output = os.open(f"{path}.out", os.O_RDONLY)
        read_until(output, b"tsumiki$ ")
        with open(f"{path}.in", "wb", buffering=0) as typed:
            typed.write(b"echo a$((1))b; yes | head -20000 | wc\r")
        read_until(output, b"20000 20000 40000")
        with open(f"{path}.in", "wb", buffering=0) as typed:  # once more: the pipe stays open
            typed.write(b"poweroff\r")
        assert kernel.wait(timeout=boot.PATIENCE) == 0
    finally:
        kernel.kill()
        kernel.wait()


def test_a_file_gets_all_words(image, tmp_path):
    path = tmp_path / "words"
    path.write_text("what was there before, and longer than what comes " * 100)
    done = subprocess.run([image("host"), "-console", path, "-append", 'run="seq 2000; sleep 0"'], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=boot.PATIENCE)
    assert done.returncode == 0
    assert [line for line in path.read_bytes().split(b"\r\n") if line.isdigit()] == [b"%d" % i for i in range(1, 2001)]


def test_a_panic_is_on_both_consoles(image, tmp_path):
    path = tmp_path / "words"
    done = subprocess.run([image("host"), "-console", path, "-append", 'run="crash null"'], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=boot.PATIENCE)
    assert done.returncode == 1
    for words in (done.stdout, path.read_bytes()):
        assert b"PANIC" in words and b"crash_null" in words


def test_a_console_that_cannot_be_had(image):
    done = subprocess.run([image("host"), "-console", "/nowhere/at/all"], capture_output=True, text=True, timeout=boot.PATIENCE)
    assert done.returncode == 2 and "No such file" in done.stderr


def test_devices_that_wait_cost_no_processor_time(image, tmp_path, disk):
    path = tmp_path / "console"
    os.mkfifo(f"{path}.in")
    os.mkfifo(f"{path}.out")
    kernel = subprocess.Popen([image("host"), "-console", path, "-drive", f"file={disk}"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL)
    output = os.open(f"{path}.out", os.O_RDONLY)
    read_until(output, b"tsumiki$ ")
    time.sleep(0.5)
    times = []
    for _ in range(2):
        with open(f"/proc/{kernel.pid}/stat") as stat:
            times.append(sum(map(int, stat.read().split()[13:15])))
        time.sleep(1)
    kernel.kill()
    kernel.wait()
    assert times[1] - times[0] <= 1  # hundredths of a second
