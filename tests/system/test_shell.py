# SPDX-License-Identifier: MIT
"""Sessions at the prompt: editing, history, pipes, jobs, Ctrl-C, pasting, bad input."""
import re
import time

import pytest

LEFT, RIGHT, UP, DOWN, HOME, END, DELETE = ("\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[3~")
CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_K, CTRL_L, CTRL_U, CTRL_W = "\x01\x03\x04\x05\x0b\x0c\x15\x17"
BACKSPACE, TAB = "\x7f", "\t"

# What is typed, and what the line must be in the end.
EDITS = {
    "backspace": ("echo helq" + BACKSPACE + "lo", "hello"),
    "left and insert": ("echo hllo" + LEFT * 3 + "e", "hello"),
    "right": ("echo hllo" + LEFT * 4 + RIGHT + "e", "hello"),
    "delete": ("echo hexllo" + LEFT * 4 + DELETE, "hello"),
    "home": ("cho hello" + HOME + "e", "hello"),
    "end": ("echo hell" + HOME + END + "o", "hello"),
    "ctrl-a": ("cho hello" + CTRL_A * 2 + "e", "hello"),  # the terminal takes the first: Ctrl-A then x leaves
    "ctrl-e": ("echo hell" + CTRL_A * 2 + CTRL_E + "o", "hello"),
    "ctrl-k": ("echo hello world" + LEFT * 6 + CTRL_K, "hello"),
    "ctrl-u": ("nonsense" + CTRL_U + "echo hello", "hello"),
    "ctrl-w": ("echo goodbye" + CTRL_W + "hello", "hello"),
    "ctrl-l": ("echo he" + CTRL_L + "llo", "hello"),
}


@pytest.mark.parametrize("keys, printed", EDITS.values(), ids=EDITS)
def test_editing_keys(shell, keys, printed):
    shell.send(keys + "\n")
    shell.expect(re.compile(rf"(?m)^{printed}\n"))
    shell.prompt()


def test_history(shell):
    for word in ("one", "two", "three"):
        shell.run(f"echo {word}")
    shell.send(UP + UP + "\n")
    shell.expect(re.compile(r"(?m)^two\n"))
    shell.prompt()
    shell.send(UP * 3 + DOWN + "\n")
    shell.expect(re.compile(r"(?m)^three\n"))
    shell.prompt()
    assert "echo one" in shell.run("history")


def test_a_shell_in_the_shell_leaves_nothing_behind(shell):
    """Its lines and jobs are its own: the outer one's are as they were."""
    shell.run("echo outer")
    shell.run("shell")
    assert "outer" not in shell.run("history")
    shell.run("sleep 100 &")
    shell.run("echo inner")
    shell.run("exit 3")
    assert shell.run("echo $?") == "3\n"
    assert shell.run("jobs") == ""
    lines = shell.run("history")
    assert "echo outer" in lines and "inner" not in lines
    shell.send(UP * 5 + "\n")
    shell.expect(re.compile(r"(?m)^outer\n"))
    shell.prompt()


def test_tab_completes_commands(shell):
    shell.send("irq" + TAB + "\n")
    shell.expect("SOURCE")
    shell.prompt()


def test_ctrl_c_gives_up_a_line_and_ctrl_d_ends_nothing_by_half(shell):
    shell.send("echo nev" + CTRL_C)
    shell.prompt()
    assert shell.run("echo after") == "after\n"


@pytest.mark.parametrize("command, printed", [
    ("seq 5 | head -n 2", "1\n2\n"), ("seq 1000 | wc", "1000 1000 3893\n"), ("echo a; echo b", "a\nb\n"),
    ("echo 'a  b'", "a  b\n"), ('echo "a  b" c', "a  b c\n"), ("echo a\\ \\ b", "a  b\n"), ("echo a''b", "ab\n"),
    ("false; echo $?", "1\n"), ("true; echo $?", "0\n"), ("nosuch 2; echo $?", None), ("echo 'a;b|c&d'", "a;b|c&d\n"),
    ("true && echo yes", "yes\n"), ("false && echo yes", ""), ("false || echo no", "no\n"), ("", ""), ("   ", ""),
    ("seq 3 | cat | cat | cat | wc", "3 3 6\n"), ("yes | head -n 3", "y\ny\ny\n"),
    ("yes | head -n 100000 | wc", "100000 100000 200000\n"), ("echo -n x", "x"),
])
def test_commands(start, machine, command, printed):
    session = start(machine)
    session.prompt()
    session.send(command + "\n")
    session.expect("\n")
    if printed is None:
        assert "no such program" in session.prompt()
    elif printed == "x":
        session.expect("xtsumiki$ ")
    else:
        assert session.prompt().split() == printed.split()
    assert session.run("echo still here") == "still here\n"


@pytest.mark.parametrize("line", ["echo 'open", 'echo "open', "|", "| wc", "a |", "&", ";;", "&&", "echo a | | wc", "\\",
                                  "sleep", "sleep x", "head -n", "seq x", "kill 99999", "kill x", "seq 1 2 3 4",
                                  "echo $", "poweroff 256", "wc x", "cat nofile"])
def test_nonsense_is_answered_and_survived(shell, line):
    shell.send(line + "\n")
    shell.pump(0.2)
    shell.send(CTRL_C)  # where the shell asks for the rest of a quotation
    shell.send("\n")
    shell.send("echo still here\n")
    shell.expect(re.compile(r"(?m)^still here\n"))


def test_ctrl_c_ends_the_foreground_program(shell):
    for command in ("sleep 1000", "yes", "yes | cat", "cat", "seq 100000000 | wc"):
        shell.send(command + "\n")
        shell.expect("\n")
        shell.pump(0.3)
        shell.send(CTRL_C)
        shell.prompt()
        assert shell.run("echo $?") == "130\n", command


def test_programs_in_the_background(shell):
    shell.run("sleep 1000 &")
    listed = shell.run("ps")
    number = re.search(r"(?m)^ *(\d+) +sleep", listed).group(1)
    assert "sleep" in shell.run("jobs")
    shell.run(f"kill {number}")
    time.sleep(0.2)
    assert not re.search(r"(?m)^ *\d+ +sleep", shell.run("ps"))


def test_sleep_takes_its_time(shell):
    since = time.monotonic()
    shell.run("sleep 1")
    assert time.monotonic() - since >= 0.9


def test_eight_kib_pasted_at_once(shell):
    lines = [f"echo {i:04} {'x' * 54}" for i in range(128)]
    paste = "\n".join(lines) + "\n"
    assert len(paste) >= 8192
    shell.send(paste.encode())
    for i in range(128):
        shell.expect(re.compile(rf"(?m)^{i:04} x{{54}}\n"))
    shell.prompt()


def test_a_long_line(shell):
    """A line is cut, refused or carried out; the next one is as good as new."""
    shell.send(b"echo " + b"y" * 3000 + b"\n")
    shell.pump(1)
    shell.send(CTRL_C + "\n")
    shell.send("echo still here\n")
    shell.expect(re.compile(r"(?m)^still here\n"))


def test_garbage_on_the_console(shell):
    # Not those with a meaning of their own: Ctrl-A, -C, -D, Enter, and Ctrl-\, with which a host machine is stopped.
    garbage = bytes(byte for byte in range(256) if byte not in (1, 3, 4, 10, 13, 28)) * 4
    shell.send(garbage)
    shell.send(CTRL_C.encode() + b"\n")
    shell.send("echo still here\n")
    shell.expect(re.compile(r"(?m)^still here\n"))
    assert "PANIC" not in shell.text


def test_no_memory_is_lost(shell):
    """The same again costs nothing more: threads, pipes and what programs take come back."""
    def used():
        pages = int(re.search(r"(\d+) used", shell.run("free")).group(1))
        return pages, shell.run("free")
    commands = ("seq 100 | wc", "yes | head -n 5", "sleep 0.01", "true & ", "echo a | cat | cat", "stress 1 1")
    for _ in range(3):
        for command in commands:
            shell.run(command)
    shell.run("sleep 0.2")
    before, words_before = used()
    for _ in range(6):
        for command in commands:
            shell.run(command)
    shell.run("sleep 0.2")
    after, words_after = used()
    assert after <= before + 8, f"{words_before}\n{words_after}"


def test_out_of_memory_is_an_error_at_the_caller(start):
    """A machine as small as they come, and more background programs than fit: errors, and all comes back."""
    session = start("riscv64", memory="8M")
    session.prompt()
    for _ in range(400):
        answer = session.run("sleep 1000 &")
        if "memory" in answer or "failed" in answer or "no room" in answer:
            break
    assert "PANIC" not in session.text
    session.send("echo still here\n")
    session.expect(re.compile(r"still here|memory"))


def test_dates_and_counters(shell):
    assert re.search(r"20\d\d", shell.run("date"))
    assert re.search(r"\d", shell.run("uptime"))
    assert "console" in shell.run("irqstat") or "uart" in shell.run("irqstat")
    shell.run("dmesg")
    assert re.search(r"\d", shell.run("time true"))


def test_every_program_that_help_lists_says_what_it_does(shell):
    names = re.findall(r"(?m)^(\w+) {2,}\S", shell.run("help"))
    for wanted in ("help echo ps free uptime date irqstat dmesg sleep seq yes head wc cat time kill crash stress clear "
                   "reboot poweroff").split():
        assert wanted in names, f"`help` does not list {wanted}"
        assert shell.run(f"help {wanted}").strip(), wanted


def test_poweroff_ends_the_machine(shell):
    shell.send("poweroff\n")
    shell.end(0)


def test_what_has_been_expected_can_be_forgotten(shell):
    """A session of hours (tests/soak) does not keep all that was said."""
    shell.run("seq 1000")
    shell.send("echo a; echo b\n")
    shell.expect("a\n")
    shell.forget()
    assert len(shell.text) < 100 and "999" not in shell.raw
    assert shell.prompt().endswith("b\n")
    assert shell.run("echo c") == "c\n"
