# SPDX-License-Identifier: MIT
"""apps/httpd.c: a web server that is the whole machine, made for size."""
import http.client
import os
import re

import boot
import elf
import pytest
from conftest import BUILD

KIB_MAX = 128  # text, constants and names; the bar is 96


@pytest.fixture(scope="module")
def small(image):
    return image("riscv64", APP="apps/httpd.c", RELEASE="small")


def ask(port, method, path, **fields):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read()


def test_the_page_is_shown(small):
    with boot.Session("riscv64", small, net="user tcp 80") as session:
        session.expect("by DHCP")
        port = session.net.port("tcp", 80)
        status, fields, page = ask(port, "GET", "/")
        assert status == 200 and b"<h1>" in page and fields["Content-Type"].startswith("text/html")
        assert ask(port, "GET", "/index.html", If_None_Match=fields["ETag"])[0] == 304
        assert ask(port, "GET", "/", Range="bytes=2-8")[::2] == (206, page[2:9])
        assert ask(port, "HEAD", "/")[::2] == (200, b"")
        for path, expected in (("/none", 404), ("/index.html/", 404), ("/../index.html", 400), ("/%00", 400)):
            assert ask(port, "GET", path)[0] == expected, path


def test_it_holds_what_it_reaches_and_no_more(small):
    names = {symbol.name for symbol in elf.Elf(small).symbols()}
    assert {"httpd_main", "tcp_input", "dhcp_send"} <= names
    assert not {"vfs_open", "ramfs_read", "cache_find", "block_read", "terminal_read", "line_key", "tcp_cubic", "tcp_sack_init",
                "shell_main"} & names
    sizes = {section.name: section.size for section in elf.Elf(small).sections}
    assert sum(sizes[name] for name in (".text", ".rodata", ".symbols")) < KIB_MAX << 10


def test_its_call_chains_have_names(tmp_path):
    """Frames without frame pointers: small ones, one with many registers, one of many bytes, and those of variadic calls."""
    app = tmp_path / "deep.c"
    app.write_text(APP_THAT_GIVES_UP)
    done = boot.make("print-image", MACHINE="riscv64", APP=str(app), CHAPTER="05", RELEASE="small", BUILD=BUILD)
    with boot.Session("riscv64", os.path.join(boot.ROOT, done.stdout.strip().splitlines()[-1])) as session:
        for step, function in enumerate(("given", "many", "large", "kernel_main", "boot_main")):
            session.expect(re.compile(rf"#{step} +{function}\+0x[0-9a-f]+\r?\n"))
        session.end(1)


APP_THAT_GIVES_UP = r"""
#include "boot/boot.h"
#include "panic.h"
#include "print.h"
#include "trap.h"

static volatile int numbers[16];
static volatile int is_wrong = 1;

static __attribute__((noinline)) int given(const char *format, ...)
{
    if (is_wrong)
        panic("on purpose: %s", format);
    print("%s\n", format);
    return is_wrong;
}

static __attribute__((noinline)) int many(void)
{
    int a = numbers[0], b = numbers[1], c = numbers[2], d = numbers[3], e = numbers[4], f = numbers[5];
    int g = numbers[6], h = numbers[7], i = numbers[8], j = numbers[9];
    int k = given("many", a, b);
    return (a ^ b) * (c ^ d) * (e ^ f) * (g ^ h) * (i ^ j) + k;
}

static __attribute__((noinline)) int large(void)
{
    volatile char bytes[3000];
    bytes[0] = 1;
    return many() + bytes[0];
}

int kernel_main(const struct boot_info *boot)
{
    trap_init();
    return large() + numbers[0];
}
"""
