# SPDX-License-Identifier: MIT
"""The host machine as a process among others: its options, its terminal, its ways out."""
import os
import signal
import subprocess
import termios
import time
from pathlib import Path

import boot
import pexpect
import pytest

# The kernel's process group gets the terminal's signals; the shell around it lives on and tells the status.
AROUND = 'trap : QUIT INT; sleep 0.2; "$0" "$@"; echo "status=$?"; sleep 9'


@pytest.fixture(scope="module")
def kernel(image):
    """The path of the whole system as a process."""
    return os.path.abspath(image("host"))


def run(kernel, *arguments):
    return subprocess.run([kernel, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=boot.PATIENCE)


class OnTerminal:
    """The kernel on a terminal; `before` is how the terminal was."""

    def __init__(self, kernel):
        self.child = pexpect.spawn("/bin/sh", ["-c", AROUND, kernel], timeout=boot.PATIENCE,
                                   encoding="latin1")
        self.before = termios.tcgetattr(self.child.child_fd)

    def wait_until_raw(self):
        deadline = time.monotonic() + boot.PATIENCE
        while termios.tcgetattr(self.child.child_fd)[3] & termios.ICANON:
            assert time.monotonic() < deadline, "the terminal never became raw"
            time.sleep(0.01)
        return self

    def send_signal(self, number):
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        os.kill(int(children[0]), number)

    def end(self):
        """The kernel's status, once it has ended and the terminal is as it was."""
        self.child.expect(r"status=(\d+)")
        status = int(self.child.match.group(1))
        assert termios.tcgetattr(self.child.child_fd) == self.before, "the terminal was not given back"
        self.child.close(force=True)
        return status


@pytest.mark.parametrize("arguments, expected", [
    (["-m"], "-m: expected"), (["-m", "12x"], "expected a size"), (["-m", "-5M"], "expected a size"),
    (["-m", "0"], "expected a size"), (["-append"], "-append: expected"), (["-smp", "4"], "-smp: no such option"),
    (["word"], "expected an option")])
def test_wrong_options_say_what_was_expected(kernel, arguments, expected):
    result = run(kernel, *arguments)
    assert result.returncode == 2 and expected in result.stderr and "usage:" in result.stderr


def test_memory_is_what_was_asked_for(kernel):
    assert "8192 MiB of memory" in run(kernel, "-m", "8G", "-append", 'run="free"').stdout
    assert "16 MiB of memory" in run(kernel, "-m", "16384K", "-append", 'run="free"').stdout


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGHUP, signal.SIGABRT])
def test_a_deadly_signal_leaves_the_terminal_as_it_was(kernel, signal_number):
    session = OnTerminal(kernel).wait_until_raw()
    session.send_signal(signal_number)
    assert session.end() == 128 + signal_number


@pytest.mark.parametrize("way", ["null", "stack", "overrun", "assert"])
def test_a_crash_leaves_the_terminal_as_it_was(kernel, way):
    session = OnTerminal(kernel).wait_until_raw()
    session.child.send(f"crash {way}\r")
    assert session.end() == 1


def test_ctrl_a_x_ends_the_process(kernel):
    session = OnTerminal(kernel).wait_until_raw()
    session.child.send("\x01x")
    assert session.end() == 0


def test_ctrl_backslash_asks_a_kernel_that_hangs(kernel):
    session = OnTerminal(kernel).wait_until_raw()
    session.child.send("crash hang\r")
    time.sleep(0.5)
    session.child.send("\x1c")
    session.child.expect("PANIC: stopped from outside")
    session.child.expect("crash_hang")
    assert session.end() == 1


def test_an_idle_prompt_costs_no_processor_time(kernel):
    process = subprocess.Popen([kernel], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    time.sleep(0.5)
    times = []
    for _ in range(2):
        times.append(sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().split()[13:15])))
        time.sleep(1)
    process.kill()
    process.wait()
    assert times[1] - times[0] <= 1  # hundredths of a second


@pytest.mark.parametrize("script", ["echo one; false\necho two $?\n", "echo one\nfalse\necho two $?"])
def test_the_end_of_the_input_ends_the_shell(kernel, script):
    done = subprocess.run([kernel], input=script, capture_output=True, text=True, timeout=boot.PATIENCE)
    assert "one" in done.stdout and "two 1" in done.stdout
    assert done.returncode == 0


def test_a_program_sees_the_end_of_the_input(kernel):
    done = subprocess.run([kernel, "-append", "run=wc"], input="a b\nc\n", capture_output=True, text=True,
                          timeout=boot.PATIENCE)
    assert "2 3 6" in done.stdout
    assert done.returncode == 0


def test_a_slow_nonblocking_reader_loses_nothing(kernel):
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    process = subprocess.Popen([kernel, "-append", 'run="seq 20000"'], stdin=subprocess.DEVNULL,
                               stdout=write_end)
    os.close(write_end)
    time.sleep(0.5)
    with os.fdopen(read_end, "rb") as output:
        lines = output.read().split(b"\r\n")
    assert [line for line in lines if line.isdigit()] == [b"%d" % i for i in range(1, 20001)]
    assert process.wait() == 0
