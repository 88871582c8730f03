# SPDX-License-Identifier: MIT
"""The build: other toolchains, no warnings, nothing done twice, changed headers noticed, a learner's folder."""
import glob
import os
import re
import shutil
import subprocess
import time

import boot
import pytest
from conftest import BUILD

CROSS = [p for p in ("riscv64-unknown-elf-", "riscv64-linux-gnu-", "riscv64-elf-", "riscv64-none-elf-")
         if shutil.which(p + "gcc")]
VARIANTS = {"debug": {}, "release": {"RELEASE": "1"}, "llvm": {"LLVM": "1"}, "llvm-release": {"LLVM": "1", "RELEASE": "1"},
            "small": {"RELEASE": "small"}}
# A whole system is 400 files: clang builds one for the fuzzers, and here the first thirteen chapters for the bare machines
# (its process: test_a_call_chain_has_every_caller). What is the same code on all machines is built for size on one.
WHOLE = [(machine, variant) for machine in boot.MACHINES for variant in VARIANTS
         if machine == "riscv64" or variant in ("debug", "release") or (machine, variant) == ("x86_64", "llvm")]
PARTS = {variant: {"CHAPTER": "13"} for variant in ("llvm", "llvm-release", "small")}


@pytest.mark.parametrize("machine, variant", WHOLE)
def test_builds_without_a_warning_and_boots(machine, variant):
    """With warnings as errors, as all is built here (conftest.py); the image answers a command."""
    done = boot.make("-j2", "print-image", MACHINE=machine, BUILD=BUILD, **VARIANTS[variant],
                     **PARTS.get(variant, {}))
    assert "warning" not in done.stdout, done.stdout
    image = os.path.join(boot.ROOT, done.stdout.strip().splitlines()[-1])
    with open(image, "rb") as file:
        assert boot.ROOT.encode() + b"\0" not in file.read(), "the image names the folder that it was built in"
    with boot.Session(machine, image, append='run="echo hello; seq 3 | wc; false"') as session:
        session.expect("hello")
        session.expect("3 3 6")
        session.end(1)


def test_unit_tests_stay_in_pieces_in_an_image_made_for_speed(image):
    """There the kernel's files become one object (JOINED), but what a test puts in the place of one has to get there."""
    with boot.Session("riscv64", image("riscv64", RELEASE="1", UNIT="tcp_open"), append="unit=tcp_open") as session:
        session.expect(re.compile(r"^0 failed", re.M))
        session.end(0)


def test_clang_takes_what_chapter_02_prints(image):
    image("riscv64", LLVM="1", CHAPTER="02")  # %b, which its older versions do not know


@pytest.mark.parametrize("prefix", CROSS)
def test_every_prefix_builds_and_boots(prefix):
    folder = BUILD if prefix == CROSS[0] else f"{BUILD}-{prefix.rstrip('-')}"  # the first is make's own choice
    done = boot.make("-j2", "print-image", CROSS=prefix, BUILD=folder, **({} if prefix == CROSS[0] else {"CHAPTER": "13"}))
    with boot.Session("riscv64", os.path.join(boot.ROOT, done.stdout.strip().splitlines()[-1]),
                      append="run=true") as session:
        session.end(0)


def test_nothing_is_done_twice(image, machine):
    image(machine)
    again = boot.make("print-image", MACHINE=machine, BUILD=BUILD)
    assert not re.search(r"(?m)^  (CC|LINK)", again.stdout), again.stdout


def copy_of_tree(tmp_path):
    target = tmp_path / "tree"
    shutil.copytree(boot.ROOT, target, ignore=shutil.ignore_patterns("build", ".git"))
    return str(target)


def test_a_changed_header_builds_those_who_include_it(tmp_path):
    tree = copy_of_tree(tmp_path)
    boot.make("-C", tree, "-j2", "CHAPTER=12", "image")
    boot.make("-C", tree, "CHAPTER=12", "image")
    time.sleep(0.01)
    os.utime(os.path.join(tree, "kernel/mutex.h"))
    again = boot.make("-C", tree, "CHAPTER=12", "image").stdout
    compiled = set(re.findall(r"(?m)^  CC +(\S+)", again))
    assert "kernel/mutex.c" in compiled, again
    assert "kernel/page.c" not in compiled, again


def test_changed_flags_build_everything_again(tmp_path):
    tree = copy_of_tree(tmp_path)
    boot.make("-C", tree, "-j2", "CHAPTER=02", "image")
    again = boot.make("-C", tree, "CHAPTER=02", "WARNINGS=-Wall", "image").stdout
    assert "kernel/print.c" in again


def test_editors_get_a_list_of_commands(tmp_path):
    import json
    tree = copy_of_tree(tmp_path)
    boot.make("-C", tree, "-j2", "CHAPTER=05", "image")
    with open(os.path.join(tree, "compile_commands.json")) as file:
        entries = json.load(file)
    files = {entry["file"] for entry in entries}
    assert {"kernel/print.c", "boot/riscv64/entry.S"} <= files
    assert all(entry["command"].startswith("riscv64-") for entry in entries)


def test_a_learners_folder_replaces_files_one_by_one(tmp_path):
    folder = tmp_path  # a build knows a learner's folder by its name
    for path, old, new in (("user/echo.c", None, None), ("user/true.c", "{\n", '{\n    os_printf("my own\\n");\n')):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with open(os.path.join(boot.ROOT, path)) as file:
            text = file.read()
        (folder / path).write_text(text.replace(old, new) if old else text.replace('#include "os.h"',
                                   '#include "os.h"\n// mine'))
    image = boot.build("riscv64", WORK=str(folder), CHAPTER="13", BUILD=BUILD)
    with boot.Session("riscv64", image, append='run="echo hello; true"') as session:
        session.expect("hello")
        session.expect("my own")
        session.end(0)


def test_a_file_may_leave_the_learners_folder(tmp_path):
    """What was built from it goes with it."""
    folder = tmp_path
    (folder / "kernel").mkdir(parents=True)
    broken = folder / "kernel/print.c"
    broken.write_text("#include \"print.h\"\nthis is no C\n")
    assert boot.make("print-image", WORK=str(folder), CHAPTER="02", BUILD=BUILD, check=False).returncode != 0
    broken.unlink()
    boot.build("riscv64", WORK=str(folder), CHAPTER="02", BUILD=BUILD)


def test_a_learners_header_reaches_the_trees_sources(tmp_path):
    """Else one image would hold two layouts of a struct."""
    folder = tmp_path
    (folder / "kernel").mkdir(parents=True)
    with open(os.path.join(boot.ROOT, "kernel/panic.h")) as file:
        header = file.read()
    (folder / "kernel/panic.h").write_text(header.replace("panic_at(__FILE__", 'panic_at("mine"'))
    image = boot.build("riscv64", WORK=str(folder), CHAPTER="13", BUILD=BUILD)
    with boot.Session("riscv64", image, append='run="crash double-free"') as session:
        session.expect(re.compile(r"^at mine:\d+$", re.M))
        session.end(1)


def test_a_learner_adds_a_program(tmp_path, machine):
    """A list of the learner's own replaces the chapter's."""
    folder, lists = tmp_path, "docs/chapters/13-shell/files"
    (folder / "user").mkdir(parents=True)
    (folder / lists).parent.mkdir(parents=True)
    with open(os.path.join(boot.ROOT, lists)) as file:
        (folder / lists).write_text(file.read() + "user/mine.c\n")
    (folder / "user/mine.c").write_text('// mine: says so\n#include "os.h"\nint mine_main(int argc, char **argv)\n'
                                        '{\n    return os_printf("it is mine\\n") < 0;\n}\n')
    image = boot.build(machine, WORK=str(folder), CHAPTER="13", BUILD=BUILD)
    with boot.Session(machine, image, append='run="mine; help mine"') as session:
        session.expect("it is mine")
        session.expect("mine: says so")
        session.end(0)


def test_an_image_holds_only_what_it_reaches(image):
    """A hello world of one's own has no scheduler, no allocator, no shell."""
    import elf
    if not os.path.exists(os.path.join(boot.ROOT, "apps/hello.c")):
        pytest.fail("apps/hello.c is missing")
    names = {symbol.name for symbol in elf.Elf(image("riscv64", APP="apps/hello.c")).symbols()}
    assert "kernel_main" in names and "print" in names
    assert not names & {"thread_yield", "page_alloc", "heap_alloc", "shell_main", "fdt_open"}


@pytest.mark.parametrize("machine, variant", [pair for pair in WHOLE if pair[1] in ("debug", "llvm")])
def test_lines_are_those_of_addr2line(machine, variant):
    """What tools/lines.py reads, of both compilers and in both formats."""
    import elf
    import lines
    image = boot.build(machine, BUILD=BUILD, **VARIANTS[variant], **PARTS.get(variant, {}))
    file, where = elf.Elf(image), {}
    for address, path, line in lines.rows(file):
        if address >= file.loaded_range()[0]:  # what the linker has left out lies at 0
            where[address] = f"{path}:{line}"  # of several rows for one address the last counts
    where = {address: place for address, place in where.items() if place.startswith(("kernel/", "user/"))}
    assert len(where) > 5000
    some = sorted(where)[::len(where) // 200]
    prefix = CROSS[0] if machine == "riscv64" else ""
    said = subprocess.run([prefix + "addr2line", "-e", image, *map(hex, some)], text=True, check=True,
                               stdout=subprocess.PIPE).stdout.split("\n")
    pairs = [(os.path.relpath(line.split(" ")[0], boot.ROOT), where[address]) for address, line in zip(some, said)]
    other = [(theirs, ours) for theirs, ours in pairs if theirs != ours.replace(":0", ":?")]
    assert len(other) < 10, other  # binutils does not always take the last row


APP_THAT_TRAPS_EARLY = """
#include "boot/boot.h"
#include "cmdline.h"
#include "trap.h"

static volatile int calls;
static volatile int *volatile nothing = (volatile int *)16;

static __attribute__((noinline)) int other(int n)
{
    calls += n;
    return calls;
}

// Compiled for speed, it has a frame only where it goes on to call; it traps before that.
static __attribute__((noinline)) int reads(volatile int *place, int n)
{
    int value = *place;
    if (value == 5)
        value += other(n) * other(value) + n;
    return value;
}

// It calls no other, but has a frame.
static __attribute__((noinline)) int keeps(int n)
{
    volatile int *volatile place = nothing;
    return *place + n;
}

static __attribute__((noinline)) int caller(volatile int *place, bool is_kept)
{
    return (is_kept ? keeps(3) : reads(place, 3)) + other(2);
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    cmdline_init(boot);
    return caller(nothing, *cmdline_text() == 'k') + other(1);
}
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_call_chain_has_every_caller(tmp_path, machine, variant):
    """In an app from outside the tree, of a function that traps before it has a frame, and of one that calls no other."""
    app = tmp_path / "early.c"
    app.write_text(APP_THAT_TRAPS_EARLY)
    done = boot.make("print-image", MACHINE=machine, APP=str(app), CHAPTER="05", BUILD=BUILD, **VARIANTS[variant])
    for first in ("reads", "keeps"):
        with boot.Session(machine, os.path.join(boot.ROOT, done.stdout.strip().splitlines()[-1]), append=first) as session:
            for step, function in enumerate((first, "caller", "kernel_main")):
                session.expect(re.compile(rf"#{step} +{function}\+"))
            session.end(1)


def test_the_fuzz_targets_run_and_find_nothing():
    names = sorted(os.path.basename(path)[5:-2] for path in glob.glob(os.path.join(boot.ROOT, "tests/fuzz/fuzz_*.c")))
    for name in names:
        boot.build("host", FUZZ=name, BUILD=BUILD)  # one after the other: they share objects
    done = boot.make("-j2", "fuzz", FUZZ_SECONDS="1", BUILD=BUILD, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    executed = [int(number) for number in re.findall(r"stat::number_of_executed_units: +(\d+)", done.stdout)]
    assert len(executed) == len(names) >= 4 and min(executed) > 10, done.stdout[-2000:]
