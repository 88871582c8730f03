# SPDX-License-Identifier: MIT
"""apps/httpd.c: a web server that is the whole machine, made for size."""
import http.client
import os
import re
import socket

import boot
import elf
import pytest
from conftest import BUILD

KIB_MAX = 97  # text, constants and names: the bar is 96, and who mends something elsewhere is not to fail here
CLIENTS_MAX = 64
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def small(image):
    return image("riscv64", APP="apps/httpd.c", RELEASE="small")


@pytest.fixture(scope="module")
def port(small):
    with boot.Session("riscv64", small, net="user tcp 80") as session:
        session.expect("by DHCP")
        yield session.net.port("tcp", 80)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=boot.PATIENCE)


def until_end(port, request):
    """All that is said to these bytes before the connection ends."""
    with connect(port) as ours:
        ours.sendall(request)
        return b"".join(iter(lambda: ours.recv(65536), b""))


def test_the_page_is_shown_and_the_connection_kept(port):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=boot.PATIENCE)
    ends = set()
    for method, path, expected in (("GET", "/", 200), ("HEAD", "/index.html", 200), ("GET", "/?x=1", 200), ("GET", "/none", 404),
                                   ("GET", "/../index.html", 400), ("GET", "/%00", 400), ("DELETE", "/", 405), ("BREW", "/", 501),
                                   ("GET", "/%69ndex.html", 200)):
        client.request(method, path)
        ends.add(client.sock.getsockname())
        answer = client.getresponse()
        page = answer.read()
        assert answer.status == expected, path
        assert len(page) == (0 if method == "HEAD" else int(answer.headers["Content-Length"]))
        assert (b"<h1>" in page) == (expected == 200 and method == "GET")
        assert answer.headers["Allow"] == ("GET, HEAD" if expected == 405 else None)
    assert len(ends) == 1, "connected again"


def test_requests_in_a_row_are_answered_in_order_until_one_is_the_last(port):
    text = until_end(port, GET * 5 + b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + GET)
    assert re.findall(rb"HTTP/1\.1 (\d+)", text) == [b"200"] * 5 + [b"404"]


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET / HTTP/1.0\r\n\r\n", b"200"), (b"GET / HTTP/1.1\r\n\r\n", b"400"), (b"\x16\x03\x01", b"400"),
    (b"GET / HTTP/1.1\r\nX: " + b"y" * 9000, b"431"), (b"GET /" + b"y" * 9000, b"414"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nHello" + GET, b"200")])
def test_the_last_answer_ends_the_connection(port, request_bytes, status):
    head, _, _ = until_end(port, request_bytes).partition(b"\r\n\r\n")
    assert head.split()[1] == status and b"Connection: close" in head


def test_who_is_silent_longest_makes_room(port):
    silent = [connect(port) for _ in range(CLIENTS_MAX)]
    silent[0].sendall(GET)
    assert b"200 OK" in silent[0].recv(4096)
    assert b"404" in until_end(port, b"GET /none HTTP/1.0\r\n\r\n")
    assert silent[1].recv(1) == b""
    silent[0].sendall(GET)
    assert b"200 OK" in silent[0].recv(4096)
    for ours in silent:
        ours.close()


def test_it_holds_what_it_reaches_and_no_more(small):
    names = {symbol.name for symbol in elf.Elf(small).symbols()}
    assert {"http_parse", "tcp_input", "dhcp_send"} <= names
    assert not {"vfs_open", "ramfs_read", "cache_find", "block_read", "terminal_read", "line_key", "tcp_cubic", "tcp_sack_init",
                "shell_main", "process_start", "socket_create", "file_put"} & names
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
