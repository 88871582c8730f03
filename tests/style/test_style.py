# SPDX-License-Identifier: MIT
"""The limits and edges of the project's style: sizes, what may include what, the chapters' lists, file headers."""
import glob
import os
import re
import subprocess
import warnings

import boot

FILE_LINES, HEADER_LINES, FUNCTION_LINES, WIDTH = 400, 200, 60, 96
CODE = (".c", ".h", ".S")
KERNEL_FOLDERS = ("kernel/", "boot/", "drivers/", "user/")


def tracked(*suffixes):
    """All files of ours with these suffixes: those git knows and those it would add."""
    names = subprocess.run(["git", "-C", boot.ROOT, "ls-files", "-co", "--exclude-standard"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split("\n")
    return sorted(n for n in names if n.endswith(suffixes) and os.path.isfile(os.path.join(boot.ROOT, n)))


def lines_of(path):
    with open(os.path.join(boot.ROOT, path), encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def complain(complaints):
    complaints = list(complaints)
    assert not complaints, "\n" + "\n".join(complaints)


# ---- Sizes -------------------------------------------------------------------------------------------------------------
def test_files_fit_one_sitting():
    complain(f"{path}: {len(lines_of(path))} lines" for path in tracked(*CODE)
             if len(lines_of(path)) > (HEADER_LINES if path.endswith(".h") else FILE_LINES))


def test_functions_fit_one_screen():
    paths = tracked(".c")
    found = subprocess.run(["ctags", "-x", "--c-kinds=f", "--_xformat=%F:%n %{end} %N", "-L", "-"], text=True, check=True,
                           input="\n".join(paths), cwd=boot.ROOT, stdout=subprocess.PIPE).stdout.splitlines()
    assert len(found) > 300, "ctags found hardly any function"
    sizes = []
    for entry in found:
        place, end, name = entry.split()
        sizes.append((int(end) - int(place.rsplit(":", 1)[1]) + 1, place, name))
    complain(f"{place}: {name}() has {size} lines" for size, place, name in sizes if size > FUNCTION_LINES)


def test_lines_are_not_too_wide():
    complain(f"{path}:{number}: {len(line)} columns" for path in tracked(*CODE)
             for number, line in enumerate(lines_of(path), 1) if len(line) > WIDTH)


def test_no_tabs_no_blanks_at_the_end():
    complain(f"{path}:{number}" for path in tracked(*CODE, ".py") for number, line in enumerate(lines_of(path), 1)
             if line != line.rstrip() or "\t" in line)


# ---- What a file holds ---------------------------------------------------------------------------------------------------
def test_no_conditional_compilation_in_c_files():
    complain(f"{path}:{number}: {line}" for path in tracked(".c") if not path.startswith("tests/")
             for number, line in enumerate(lines_of(path), 1) if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line))


def test_no_conditional_compilation_in_portable_headers():
    complain(f"{path}:{number}: {line}" for path in tracked(".h") if "/machine/" not in path
             and not path.startswith("tests/")
             for number, line in enumerate(lines_of(path), 1) if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line))


def test_no_extern_in_c_files():
    complain(f"{path}:{number}: {line}" for path in tracked(".c") for number, line in enumerate(lines_of(path), 1)
             if re.match(r"\s*extern\b", line))


def test_what_asks_who_called_is_never_inlined():
    """In optimised images it would name its caller's caller (Makefile: LTO)."""
    for path in (path for path in tracked(".c") if path.startswith(("kernel/", "drivers/", "boot/"))):
        function = ""
        for number, line in enumerate(lines_of(path), 1):
            function = line if re.match(r"[a-z_].*\(", line) else function
            if "__builtin_return_address(0)" in line:
                assert "noinline" in function, f"{path}:{number}: {function}"


def test_headers_are_included_once():
    complain(path for path in tracked(".h") if "#pragma once" not in lines_of(path))


def test_every_file_says_its_licence():
    programs = [p for p in tracked("") if p.startswith((".ci/", "tools/")) and "." not in os.path.basename(p)]
    complain(path for path in tracked(*CODE, ".py") + programs
             if "SPDX-License-Identifier: MIT" not in "\n".join(lines_of(path)[:3]))


def test_every_kernel_file_opens_with_what_it_is_for():
    """After the licence: at least two lines of comment."""
    for path in tracked(".c", ".S"):
        if path.startswith(KERNEL_FOLDERS):
            head = lines_of(path)[1:4]
            assert head[0].startswith("//") and head[1].startswith("// "), path


def chapters():
    return {os.path.basename(folder)[:2]: folder for folder in
            sorted(glob.glob(os.path.join(boot.ROOT, "docs/chapters/[0-9]*")))}


def listed():
    """[(chapter, path with <machine>)]"""
    for number, folder in chapters().items():
        with open(os.path.join(folder, "files")) as file:
            for line in file:
                name = line.split("#")[0].strip()
                if name:
                    yield number, name


def test_a_file_names_its_own_chapter():
    """Where a header comment says "Chapter NN", it is the chapter whose list holds the file."""
    for number, name in listed():
        for path in glob.glob(name.replace("<machine>", "*"), root_dir=boot.ROOT):
            head = [line for line in lines_of(path)[:60] if line.startswith(("//", " *", "/*"))]
            said = re.findall(r"\bChapters? (\d\d)\b", "\n".join(head))
            assert not said or number in said, f"{path} says chapter {said}, and {number} lists it"


def test_comments_are_neither_missing_nor_everywhere():
    """Over the whole kernel; files differ, and may."""
    comments = total = 0
    for path in tracked(".c", ".h", ".S"):
        if path.startswith(KERNEL_FOLDERS):
            lines = [line.strip() for line in lines_of(path) if line.strip()]
            total += len(lines)
            comments += sum(line.startswith(("//", "/*", "*")) for line in lines)
    share = comments / total
    warnings.warn(f"comment-only lines: {share:.1%} of {total} lines that are not blank", stacklevel=1)
    assert 0.12 < share < 0.35


def test_no_personal_or_workplace_names():
    forbidden = re.compile(r"/work/|/root/|/home/\w|\bTODO\b|\bFIXME\b|\bXXX\b|FOUNDING")
    here = os.path.relpath(__file__, boot.ROOT)
    complain(f"{path}:{number}: {line.strip()}" for path in tracked("")
             if path != here and not path.startswith("tests/fuzz/corpus") and not path.endswith((".png", ".dtb", ".bin"))
             for number, line in enumerate(lines_of(path), 1) if forbidden.search(line))


# ---- The parts list ------------------------------------------------------------------------------------------------------
def test_every_kernel_file_is_in_exactly_one_chapter():
    owners = {}
    for number, name in listed():
        matches = glob.glob(name.replace("<machine>", "*"), root_dir=boot.ROOT)
        assert matches, f"chapter {number} lists {name}, which does not exist"
        for path in matches:
            owners.setdefault(path, []).append(number)
    complain(f"{path} is listed by chapters {', '.join(numbers)}" for path, numbers in owners.items()
             if len(numbers) > 1)
    sources = {path for path in tracked(".c", ".S") if path.startswith(KERNEL_FOLDERS) and path != "kernel/main.c"}
    complain(f"{path} is in no chapter" for path in sorted(sources - set(owners)))


def test_every_chapter_is_complete():
    for number, folder in chapters().items():
        for name in ("README.md", "main.c", "files", "expect"):
            # 00 is the tour: its program is the whole system.
            if (number, name) != ("00", "main.c"):
                assert os.path.exists(os.path.join(folder, name)), f"{folder} has no {name}"


def test_diagrams_can_be_drawn():
    """Mermaid ends a line of a sequence diagram or of a state diagram at a semicolon; what follows is a syntax error then, and
    the reader sees no picture."""
    for path in tracked(".md"):
        for diagram in re.findall(r"```mermaid\n(sequenceDiagram|stateDiagram-v2)\n(.*?)```", "\n".join(lines_of(path)), re.S):
            complain(f"{path}: {line.strip()}" for line in diagram[1].split("\n") if ";" in line)


# ---- What may include what ---------------------------------------------------------------------------------------------------
def includes():
    """(file, included path) for every quoted include of the kernel."""
    for path in tracked(*CODE):
        if path.startswith(KERNEL_FOLDERS):
            for line in lines_of(path):
                match = re.match(r'\s*#\s*include "([^"]+)"', line)
                if match:
                    yield path, match.group(1)


def test_programs_see_the_application_interface_only():
    """user/os.h itself shares three headers with the kernel; a program may have a header of its own."""
    for path, header in includes():
        if path.startswith("user/") and path != "user/os.h":
            assert header == "os.h" or os.path.exists(os.path.join(boot.ROOT, "user", header)), f"{path}: {header}"


def test_drivers_and_file_systems_do_not_know_each_other():
    for path, header in includes():
        if path.startswith("drivers/"):
            device_class = header in ("net/ethernet.h", "net/netdev.h")
            assert device_class or not header.startswith(("kernel/fs/", "kernel/net/", "fs/", "net/")), f"{path}: {header}"
        if path.startswith(("kernel/fs/", "kernel/net/")):
            assert not header.startswith("drivers/"), f"{path}: {header}"


def test_the_portable_kernel_knows_no_driver():
    """Only kernel/main.c does: it is a program, and chooses the drivers of its image."""
    for path, header in includes():
        if path.startswith("kernel/") and path != "kernel/main.c":
            assert not header.startswith("drivers/"), f"{path}: {header}"


def test_machine_headers_stay_in_the_machine():
    """A header that only one machine has is no business of the portable kernel's."""
    machines = [set(os.listdir(os.path.join(boot.ROOT, "kernel/machine", machine))) for machine in boot.MACHINES]
    private = set.union(*machines) - set.intersection(*machines)
    for path, header in includes():
        if os.path.basename(header) in private and header.endswith(".h"):
            assert path.startswith(("kernel/machine/", "boot/")), f"{path}: {header}"
        if os.path.basename(header) == "machine_inline.h":
            assert path == "kernel/machine.h", f"{path} includes {header}: include machine.h"
