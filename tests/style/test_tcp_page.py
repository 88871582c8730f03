# SPDX-License-Identifier: MIT
"""docs/tcp.md says where each requirement of RFC 9293 is answered, and by which test: they exist."""
import os
import re

import boot

PAGE = "docs/tcp.md"


def text_of(path):
    with open(os.path.join(boot.ROOT, path), encoding="utf-8") as file:
        return file.read()


def exists(path):
    return os.path.exists(os.path.join(boot.ROOT, path))


def complaint_of(name):
    """What is wrong with `tcp_input.c check_ack`, `tcp_input: challenges a SYN` or `sim: resets`, or None."""
    kind, _, what = re.split(r"( |: )", name, maxsplit=1)
    if kind == "sim":
        path, pattern = f"tests/sim/scenarios/{what}.py", ""
    elif name.startswith(f"{kind}: "):
        path, pattern = f"tests/unit/test_{kind}.c", rf'(?i)\{{"{re.escape(what)}",'
    else:
        path, pattern = f"kernel/net/{kind}", rf"(?m)^\w[^;\n]*\b{what}\([^;]*$"
    if not exists(path):
        return f"{name}: there is no {path}"
    return None if re.search(pattern, text_of(path)) else f"{name}: not in {path}"


def test_what_the_page_of_tcp_names_exists():
    names = [name for row in re.findall(r"(?m)^\|.*\|$", text_of(PAGE).split("## What is\n")[1])
             for cell in row.split("|")[3:] for name in re.findall(r"`([^`]+)`", cell)]
    complaints = [complaint for complaint in map(complaint_of, names) if complaint]
    assert len(names) > 100 and not complaints, "\n" + "\n".join(complaints)


def test_the_page_of_tcp_has_every_must():
    found = set()
    for kind, numbers in re.findall(r"\b(MUST|SHLD)-(\d+(?:(?:, | to )(?:\1-)?\d+)*)", text_of(PAGE)):
        for first, last in re.findall(r"(\d+)(?: to \D*(\d+))?", numbers):
            found |= {(kind, number) for number in range(int(first), int(last or first) + 1)}
    missing = [f"{kind}-{number}" for kind, last in (("MUST", 69), ("SHLD", 31)) for number in range(1, last + 1)
               if (kind, number) not in found]
    assert not missing, f"{PAGE} does not mention {', '.join(missing)}"
