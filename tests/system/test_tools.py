# SPDX-License-Identifier: MIT
"""What stands around the kernel: setup, doctor, the boot watchdog, the chapter check, layers, gdb, a learner's folder."""
import os
import re
import shutil
import socket
import subprocess
import sys

import boot
import elf
import network
import pytest
from conftest import BUILD

TREE = boot.ROOT


def run(*command, **options):
    return subprocess.run(command, cwd=TREE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=boot.PATIENCE,
                          check=False, **options)


# ---- A machine that lacks things -----------------------------------------------------------------------------------
@pytest.fixture
def poor_path(tmp_path):
    """A PATH with little more than a shell and make: what a fresh machine has."""
    for name in ("sh", "sed", "tr", "sort", "make", "id", "awk", "uname", "cat", "grep", "env", "python3"):
        os.symlink(shutil.which(name, path="/usr/bin:/bin"), tmp_path / name)
    return {**os.environ, "PATH": str(tmp_path)}


@pytest.mark.parametrize("purpose, named", [("build", ["RISC-V gcc"]), ("qemu", ["RISC-V gcc", "qemu-system-riscv64"]),
                                            ("gdb", ["gdb-multiarch"]), ("test", ["clang", "dtc", "gdb", "tshark"])])
def test_setup_names_what_is_missing_and_why(poor_path, purpose, named):
    done = run("tools/setup", "--check", purpose, env=poor_path)
    assert done.returncode == 1
    for name in named:
        assert re.search(rf"(?m)^(a )?{name}: \w+", done.stdout), done.stdout


def test_setup_finds_nothing_missing_here():
    for purpose in ("build", "tools", "qemu", "check", "gdb", "test", "all"):
        done = run("tools/setup", "--check", purpose)
        assert (done.returncode, done.stdout) == (0, ""), purpose


def test_setup_looks_for_what_was_chosen(poor_path):
    llvm = run("tools/setup", "--check", "build", env={**poor_path, "LLVM": "-99"}).stdout
    assert "clang-99" in llvm and "gcc" not in llvm
    assert "gcc" in run("tools/setup", "--check", "build", env={**poor_path, "MACHINE": "host"}).stdout
    x86 = run("tools/setup", "--check", "qemu", env={**poor_path, "MACHINE": "x86_64"}).stdout
    assert "x86-64 gcc" in x86 and "qemu-system-x86_64" in x86 and "RISC-V" not in x86


@pytest.mark.parametrize("manager", ["dnf", "pacman", "zypper", "apk", "brew"])
def test_setup_prints_the_command_of_other_systems(poor_path, manager):
    script = os.path.join(poor_path["PATH"], manager)
    with open(script, "w") as file:
        file.write("#!/bin/sh\necho this must not be run; exit 1\n")
    os.chmod(script, 0o755)
    done = run("tools/setup", "qemu", env=poor_path)
    assert done.returncode == 1
    assert re.search(rf"this installs it:  (sudo )?{manager} .*qemu", done.stdout), done.stdout
    assert "must not be run" not in done.stdout


@pytest.mark.parametrize("goal", ["image", "qemu", "gdb", "test"])
def test_make_asks_for_what_is_missing_first(poor_path, goal):
    done = run("make", goal, f"BUILD={BUILD}-poor", env=poor_path)
    assert done.returncode != 0
    assert "missing on this machine" in done.stdout and "RISC-V gcc" in done.stdout, done.stdout
    assert "not found" not in done.stdout.split("missing on this machine")[0]


def test_help_and_clean_need_nothing(poor_path):
    done = run("make", "help", env={**poor_path, "PATH": poor_path["PATH"]})
    assert "missing" not in done.stdout


def test_help_lists_every_target():
    with open(os.path.join(TREE, "Makefile")) as file:
        makefile = file.read()
    named = " ".join(re.findall(r"(?m)^\.PHONY: (.*)$", makefile))
    targets = set(re.findall(r"(?<!\S)[a-zA-Z-]+(?!\S)", named)) - {"FORCE", "all"}  # not those that make makes up
    documented = set(re.findall(r"(?m)^([a-z-]+):.*##", makefile))
    assert targets <= documented, f"without a line of help: {targets - documented}"
    listed = run("make", "help").stdout
    for target in documented:
        assert re.search(rf"(?m)^  {target} +\S", listed), target


def test_doctor_judges_every_tool():
    done = run(sys.executable, "tools/doctor")
    assert done.returncode == 0, done.stdout
    for tool in ("make", "qemu-system-riscv64", "OpenSBI", "clang", "cmocka", "pytest"):
        assert re.search(rf"(?m)^{tool}.* good", done.stdout), done.stdout


def test_doctor_fails_when_something_needed_is_missing(poor_path):
    done = run("tools/doctor", env=poor_path)
    assert done.returncode == 1
    assert re.search(r"qemu-system-riscv64 .*MISSING", done.stdout) and "make setup" in done.stdout


# ---- make qemu -------------------------------------------------------------------------------------------------------
def assemble(tmp_path, base="0x80200000", script="linker.ld"):
    """An image that does nothing for ever."""
    prefix = next(p for p in ("riscv64-unknown-elf-", "riscv64-linux-gnu-") if shutil.which(p + "gcc"))
    source, image = tmp_path / "silent.S", tmp_path / "silent"
    source.write_text('.section .text.start, "ax"\n.globl _start\n.type _start, @function\n_start: j _start\n'
                      ".size _start, . - _start\n")
    subprocess.run([prefix + "gcc", "-nostdlib", "-static", "-march=rv64imac", "-mabi=lp64", "-Wl,--build-id=none",
                    "-Wl,-T," + os.path.join(TREE, script), f"-Wl,--defsym=image_base={base},--defsym=linear_map=0",
                    str(source), "-o", str(image)], check=True)
    return str(image)


def watch(image, seconds="1"):
    """What tools/qemu says of a silent image; QEMU is ended when it has said it."""
    with subprocess.Popen([sys.executable, "tools/qemu", image], cwd=TREE, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env={**os.environ, "TSUMIKI_WATCHDOG": seconds}) as process:
        said = ""
        for line in process.stderr:
            said += line
            if line == "----\n":
                break
        still_running = process.poll() is None
        process.terminate()
        process.stderr.read()
    return said, still_running


def test_a_silent_kernel_is_explained(tmp_path):
    said, still_running = watch(assemble(tmp_path), "2")
    assert still_running
    for words in ("banner came", "QEMU emulator version", r"entry 0x80200000 \(_start\)", "first section .text",
                  r"hart 0 +pc 0x80200000, in the kernel: _start", "it stands still", "make qemu-gdb"):
        assert re.search(words, said), f"{words} is not in\n{said}"


def test_a_kernel_at_the_wrong_address_is_explained(tmp_path):
    said, _ = watch(assemble(tmp_path, "0x80600000"), "2")
    assert "this image begins at 0x80600000" in said


def test_something_that_is_no_image_is_explained(tmp_path):
    path = tmp_path / "text"
    path.write_text("no image")
    said, _ = watch(str(path), "2")
    assert "is no 64-bit" in said and "make clean" in said


def test_a_kernel_that_speaks_is_left_alone(image):
    done = run(sys.executable, "tools/qemu", "--append", 'run="poweroff 3"', image("riscv64"),
               stdin=subprocess.DEVNULL)
    assert done.returncode == 3
    assert "What to try" not in done.stdout
    for words in ("qemu-system-riscv64 -machine virt", "To quit: `poweroff`", "Ctrl-A then x"):
        assert words in done.stdout


def test_the_printed_line_can_be_pasted(image):
    line = run(sys.executable, "tools/qemu", "--print", "--append", 'run="poweroff 4"', image("riscv64")).stdout
    done = run("sh", "-c", line.strip(), stdin=subprocess.DEVNULL)
    assert done.returncode == 4, done.stdout


def test_make_qemu_passes_commands_and_the_status(machine):
    done = run("make", "-s", "qemu", f"MACHINE={machine}", "RUN=echo it is me; poweroff 0", f"BUILD={BUILD}",
               stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "it is me" in done.stdout, done.stdout
    done = run("make", "-s", "qemu", f"MACHINE={machine}", "RUN=echo 'a  b'; false; echo st $?; false", f"BUILD={BUILD}",
               stdin=subprocess.DEVNULL)
    assert done.returncode != 0 and "a  b" in done.stdout and "st 1" in done.stdout, done.stdout


# ---- make check ------------------------------------------------------------------------------------------------------
def learner(tmp_path, path, change):
    """A learner's folder with one file, changed."""
    target = tmp_path / "work" / path
    target.parent.mkdir(parents=True)
    with open(os.path.join(TREE, path)) as file:
        text = file.read()
    assert change(text) != text
    target.write_text(change(text))
    return str(tmp_path / "work")


def check(machine, work, chapter, patience=boot.PATIENCE):
    return run(sys.executable, "tools/check", "--machine", machine, "--build", BUILD, *(["--work", work] if work
               else []), chapter, env={**os.environ, "TSUMIKI_PATIENCE": str(patience)})


def test_check_is_content_with_the_tree(machine):
    done = check(machine, None, "02")
    assert done.returncode == 0 and "It shows all that its text says." in done.stdout, done.stdout


def test_check_uses_the_learners_file_and_says_what_is_missing(tmp_path, machine):
    work = learner(tmp_path, "docs/chapters/01-boot/main.c", lambda text: text.replace("device tree", "device shrub"))
    done = check(machine, work, "01")
    assert done.returncode == 1
    for words in ("expected: the device tree is at", "device shrub", "reproduce:", "It ended by itself (status ",
                  "WORK=" + work):
        assert words in done.stdout, done.stdout


def test_check_diagnoses_a_hang(tmp_path):
    work = learner(tmp_path, "docs/chapters/01-boot/main.c",
                   lambda text: re.sub(r"(int kernel_main\([^)]*\)\n{)", r"\1\n    for (;;)\n        ;", text))
    done = check("riscv64", work, "01", patience=8)
    assert done.returncode == 1
    assert "Nothing was printed, and it is still running" in done.stdout, done.stdout
    assert "in the kernel: kernel_main" in done.stdout, done.stdout


def test_check_shows_what_the_compiler_said(tmp_path):
    work = learner(tmp_path, "docs/chapters/01-boot/main.c", lambda text: text + "\nthis is no C\n")
    done = check("riscv64", work, "01")
    assert done.returncode == 1 and "the build failed" in done.stdout and "main.c" in done.stdout


def test_check_says_which_chapters_there_are():
    assert "there is no chapter 99" in check("riscv64", None, "99").stdout


# ---- Layers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("release", ("", "1"))
def test_a_call_to_a_later_chapter_is_an_error(tmp_path, machine, release):
    """Even when the image does not reach it, and where files are optimised together."""
    work = learner(tmp_path, "kernel/error.c",
                   lambda text: text + "\nvoid page_free(void *, unsigned long);\nvoid reach_up(void);\n"
                                       "void reach_up(void)\n{\n    page_free(0, 1);\n}\n")
    done = boot.make("print-image", MACHINE=machine, CHAPTER="02", WORK=work, BUILD=BUILD, RELEASE=release, check=False)
    assert done.returncode != 0
    assert re.search(r"kernel/error.c \(chapter 02-print\) uses page_free of kernel/page.c, which chapter 06-pages",
                     done.stdout), done.stdout


# ---- gdb --------------------------------------------------------------------------------------------------------------
GDB_SESSION = ["break consume", "CONTINUE", "next", "backtrace", "threads", "thread-bt 1", "thread-bt all", "pages",
               "heap", "pending", "kill"]
GDB_EXPECTED = [r"Breakpoint 1, consume", r"#0 +consume \(.*main\.c:\d+", r"1  waiting  main +thread \"producer\"",
                r"waiting  producer +channel \"numbers\"", r"thread 1 \"main\", waiting",
                r"in thread_join at kernel/thread\.c:\d+", r"in kernel_main at docs/chapters/12-waiting/main\.c:\d+",
                r"\d+ of \d+ pages are free", r"service expire at kernel/timer\.c"]


def gdb(machine, image, commands, **options):
    words = [word for command in commands for word in ("-ex", command)]
    return run(sys.executable, "tools/gdb/run", "--machine", machine, image, "-batch", *words, stdin=subprocess.DEVNULL,
               **options).stdout


def gdb_with_machine(machine, machine_image, gdb_image, commands):
    """What gdb says with the symbols of one image on a machine that runs another, or the same."""
    environment = {**os.environ, "TSUMIKI_GDB_PORT": str(network.find_port("tcp"))}
    with subprocess.Popen([sys.executable, "tools/qemu", "--gdb", "--machine", machine, machine_image], cwd=TREE,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=environment) as waiting:
        for line in waiting.stderr:
            if "Waiting for gdb" in line:
                break
        said = gdb(machine, gdb_image, commands, env=environment)
        waiting.terminate()
    return said


@pytest.mark.parametrize("machine", boot.machines.BARE)
def test_gdb_session(image, machine):
    path = image(machine, CHAPTER="12")
    said = gdb_with_machine(machine, path, path, [c.replace("CONTINUE", "continue") for c in GDB_SESSION])
    assert "another image" not in said
    for words in GDB_EXPECTED:
        assert re.search(words, said), f"{words} is not in\n{said}"


def test_gdb_session_on_host(image):
    said = gdb("host", image("host", CHAPTER="12"), [c.replace("CONTINUE", "run") for c in GDB_SESSION])
    for words in GDB_EXPECTED:
        assert re.search(words, said), f"{words} is not in\n{said}"


@pytest.mark.parametrize("machine", boot.machines.BARE)
def test_gdb_notices_another_image(image, machine):
    """The other terminal's CHAPTER= was forgotten: no breakpoint would be where it seems to be. On x86_64 there is no image
    before the first stop in one."""
    other = image(machine, CHAPTER="12")
    start = next(symbol.value for symbol in elf.Elf(other).symbols() if symbol.name == "kernel_main")
    said = gdb_with_machine(machine, other, image(machine, CHAPTER="11"), [f"break *{start:#x}", "continue", "kill"])
    assert re.search("the machine runs another image than .*chapter-11", said), said


def test_a_taken_port_is_explained(image):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(sys.executable, "tools/qemu", "--gdb", image("riscv64"), stdin=subprocess.DEVNULL,
                   env={**os.environ, "TSUMIKI_GDB_PORT": port})
    assert done.returncode != 0 and f"port {port} is taken" in done.stdout
