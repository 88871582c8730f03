# SPDX-License-Identifier: MIT
"""httpd as its visitors see it: real clients, and sockets that do what no client should."""
import hashlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import time

import boot
import disks
import pytest

WWW = os.path.join(boot.ROOT, "disk/www")
SMALL, LARGE = b"small\n" * 100, bytes(range(256)) * 12000  # 600 bytes; 3 MiB


def read(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.fixture(scope="module", params=boot.MACHINES)
def site(request, image, tmp_path_factory):
    """A machine whose httpd shows the first page, two files and a directory with strange names."""
    folder = tmp_path_factory.mktemp("httpd")
    tree = folder / "tree"
    shutil.copytree(WWW, tree / "www")
    (tree / "www/small.txt").write_bytes(SMALL)
    (tree / "www/large.bin").write_bytes(LARGE)
    (tree / "www/names").mkdir()
    for name in ("a b", "c&d", "é", '<i>"', "100%", "x:y"):
        (tree / "www/names" / name).write_text(name)
    (tree / "secret").write_text("nobody may read this")
    built = image(request.param)
    tools = os.path.dirname(os.path.dirname(os.path.abspath(built)))
    boot.make("tools", BUILD=tools)
    disk = folder / "disk.img"
    disks.make_disk(disk, disks.parse("tsfs 32M x")._replace(folder=str(tree)), tools)
    with boot.Session(request.param, built, disks=[str(disk)], net="user tcp 80 tcp 81") as session:
        session.prompt()
        session.run("httpd -q &")
        session.run("httpd -q -c 4 -p 81 /www &")
        yield Site(session)


class Site:
    def __init__(self, session):
        self.session, self.machine = session, session.machine
        self.ports = {port: session.net.port("tcp", port) for port in (80, 81)}

    def url(self, path):
        return f"http://127.0.0.1:{self.ports[80]}{path}"

    def connect(self, port=80):
        return socket.create_connection(("127.0.0.1", self.ports[port]), timeout=boot.PATIENCE)

    def say(self, data, port=80):
        """All that comes back until the server closes."""
        with self.connect(port) as there:
            there.sendall(data)
            return everything(there)

    def status(self, data):
        """The status of the answer to bytes that ask for the end of the connection, or lead to it."""
        return int(self.say(data).split()[1])

    def get(self, path, method="GET", **fields):
        """(status, fields, body)"""
        client = http.client.HTTPConnection("127.0.0.1", self.ports[80], timeout=boot.PATIENCE)
        client.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = client.getresponse()
        result = answer.status, answer.headers, answer.read()
        client.close()
        return result


def everything(there):
    pieces = []
    while True:
        try:
            piece = there.recv(65536)
        except ConnectionResetError:
            break
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def head(path, *fields, version="1.1", method="GET"):
    lines = [f"{method} {path} HTTP/{version}", *(["Host: x"] if version == "1.1" else []), *fields, "", ""]
    return "\r\n".join(lines).encode()


# ---- Files --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted(os.listdir(WWW)))
def test_the_first_page_is_served_byte_for_byte(site, name):
    status, fields, body = site.get(f"/{name}")
    assert status == 200 and body == read(os.path.join(WWW, name))
    assert fields["Content-Type"].split(";")[0] == {"html": "text/html", "css": "text/css",
                                                    "svg": "image/svg+xml"}[name.split(".")[-1]]
    assert fields["Date"].endswith(" GMT") and fields["Last-Modified"].endswith(" GMT")


def test_a_directory_shows_its_first_page(site):
    assert site.get("/")[2] == read(os.path.join(WWW, "index.html"))


def test_a_large_file_arrives_whole(site):
    assert hashlib.sha256(site.get("/large.bin")[2]).digest() == hashlib.sha256(LARGE).digest()


def test_a_listing_leads_to_every_name(site):
    status, fields, body = site.get("/names/")
    assert status == 200 and fields["Transfer-Encoding"] == "chunked"
    links = re.findall(r'href="\./([^"]*)"', body.decode())
    assert len(links) == 6
    for link in links:
        status, _, body = site.get(f"/names/{link}")
        assert status == 200 and body.decode() in ("a b", "c&d", "é", '<i>"', "100%", "x:y")
    old = site.say(head("/names/", version="1.0"))
    assert b"chunked" not in old and old.count(b"href") == 7


def test_a_directory_without_slash_is_elsewhere(site):
    status, fields, _ = site.get("/names?a=b")
    assert (status, fields["Location"]) == (301, "/names/?a=b")
    assert site.get("//names")[1]["Location"] == "/names/"  # not the host "names"


def test_what_is_not_there(site):
    assert site.get("/nothing")[0] == 404
    assert site.get("/small.txt/x")[0] == 404
    assert site.get("/" + "x" * 300)[0] == 404


@pytest.mark.parametrize("path", ["/../secret", "/names/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/.%2e/secret",
                                  "/..\\secret", "/%5c..%5csecret", "/x%00", "/%", "/%zz", "secret", "/.."])
def test_no_path_leads_out(site, path):
    answer = site.say(head(path, "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 400 ") and b"nobody" not in answer


def test_an_encoded_path_and_a_whole_address(site):
    assert site.get("/%73mall%2Etxt?query")[2] == SMALL
    assert site.get("http://elsewhere/small.txt")[2] == site.get("HTTP://Elsewhere/small.txt")[2] == SMALL
    assert [site.get(scheme + "://elsewhere/small.txt")[0] for scheme in ("https", "httq", "htt", "")] == [400] * 4
    assert site.get("/./names/.././small.txt")[0] == 400


def test_a_file_is_known_by_what_asks_for_it(site):
    """Not by its query; and each way to write its name is one of its own."""
    for _ in range(2):
        for path in ("/small.txt", "/small.txt?a", "/small.txt?b/../c", "/sm%61ll.txt", "//small.txt"):
            assert site.get(path)[::2] == (200, SMALL), path
        for path in ("/small.tx", "/small.txt/", "/small.txt%3fa", "/small.txt%00"):
            assert site.get(path)[0] in (400, 404), path


def test_a_file_that_changes_is_shown_anew(site):
    site.session.run("echo one > /www/new")
    assert site.get("/new")[2] == b"one\n"
    site.session.run("echo two > /www/new; sleep 1.1")
    assert site.get("/new")[2] == b"two\n"
    site.session.run("rm /www/new; sleep 1.1")
    assert site.get("/new")[0] == 404


# ---- Preconditions and ranges ----------------------------------------------------------------------------------------
def test_what_the_client_has_is_not_sent_again(site):
    _, fields, _ = site.get("/small.txt")
    then, tag = fields["Last-Modified"], fields["ETag"]
    assert site.get("/small.txt", If_Modified_Since=then)[0] == 304
    assert site.get("/small.txt", If_Modified_Since="Sun, 06 Nov 1994 08:49:37 GMT")[0] == 200
    assert site.get("/small.txt", If_Modified_Since="Sunday, 06-Nov-94 08:49:37 GMT")[0] == 200
    assert site.get("/small.txt", If_Modified_Since="Fri Nov  6 08:49:37 2099")[0] == 304
    assert site.get("/small.txt", If_Modified_Since="yesterday")[0] == 200
    status, fields, body = site.get("/small.txt", If_None_Match=f'"other", W/{tag}')
    assert (status, body, fields["ETag"]) == (304, b"", tag)
    assert site.get("/small.txt", If_None_Match='"other"', If_Modified_Since=then)[0] == 200
    assert site.get("/small.txt", If_Match='"other"')[0] == 412
    assert site.get("/small.txt", If_Match=tag)[0] == 200
    assert site.get("/small.txt", If_Unmodified_Since="Sun, 06 Nov 1994 08:49:37 GMT")[0] == 412


@pytest.mark.parametrize("path, data", [("/small.txt", SMALL), ("/large.bin", LARGE)], ids=["small", "large"])
def test_parts_of_files(site, path, data):
    size = len(data)
    for words, first, last in (("0-0", 0, 0), ("5-", 5, size - 1), ("-7", size - 7, size - 1), ("590-99999999", 590, size - 1),
                               ("-99999999", 0, size - 1), (f"{size - 1}-", size - 1, size - 1)):
        status, fields, body = site.get(path, Range=f"bytes={words}")
        assert (status, fields["Content-Range"], body) == (206, f"bytes {first}-{last}/{size}", data[first:last + 1]), words
    status, fields, _ = site.get(path, Range=f"bytes={size}-")
    assert (status, fields["Content-Range"]) == (416, f"bytes */{size}")
    assert site.get(path, Range="bytes=-0")[0] == 416
    for words in ("bytes=0-1,5-6", "bytes=9-5", "bytes=", "bytes=x", "lines=1-2"):
        assert site.get(path, Range=words)[::2] == (200, data), words
    tag = site.get(path)[1]["ETag"]
    assert site.get(path, Range="bytes=0-0", If_Range=tag)[0] == 206
    assert site.get(path, Range="bytes=0-0", If_Range='"other"')[0] == 200


# ---- Requests --------------------------------------------------------------------------------------------------------
def test_a_head_says_what_a_get_would(site):
    for path in ("/small.txt", "/large.bin", "/nothing", "/names", "/names/"):
        status, fields, body = site.get(path, method="HEAD")
        full, full_fields, _ = site.get(path)
        assert (status, body) == (full, b"")
        assert fields["Content-Length"] == full_fields["Content-Length"]


def test_other_methods(site):
    status, fields, _ = site.get("/", method="DELETE")
    assert (status, fields["Allow"]) == (405, "GET, HEAD")
    assert site.get("/", method="BREW")[0] == 501


@pytest.mark.parametrize("data, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),                                # no host
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),                # a folded line
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"GET /\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
    (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET /" + b"x" * 20000, 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000, 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
])
def test_what_makes_no_sense_ends_the_connection(site, data, status):
    assert site.status(data) == status


def test_line_ends_as_they_come(site):
    assert site.say(b"\r\n\r\nGET /small.txt HTTP/1.0\n\n").endswith(SMALL)


def test_who_stays_and_who_goes(site):
    for version, fields, stays in (("1.1", [], True), ("1.1", ["Connection: close"], False), ("1.0", [], False),
                                   ("1.0", ["Connection: Keep-Alive"], True), ("1.1", ["Connection: x, Close"], False)):
        with site.connect() as there:
            there.sendall(head("/small.txt", *fields, version=version))
            data = b""
            while not data.endswith(SMALL):
                data += there.recv(4096)
            there.sendall(head("/small.txt", "Connection: close", version=version))
            assert bool(everything(there)) == stays, (version, fields)


def test_the_same_fields_again_and_what_only_begins_like_them(site):
    small, part = head("/small.txt"), head("/small.txt", "Range: bytes=0-4")
    long, body = head("/small.txt", "X: " + "y" * 2000), head("/small.txt", "Content-Length: 3")
    asked = [(small, 600), (small, 600), (part, 5), (part, 5), (small, 600), (long, 600), (long, 600), (small, 600),
             (body + b"abc", 600), (body + small[:3], 600), (small, 600), (head("/small.txt", method="HEAD"), 600)]
    last = head("/none", "Connection: close")
    data = site.say(b"".join(request for request, _ in asked) + last)
    sizes = re.findall(rb"HTTP/1\.1 20[06] .*?Content-Length: (\d+)\r\n", data, re.DOTALL)
    assert [int(size) for size in sizes] == [size for _, size in asked] and data.count(SMALL) == 9
    data = site.say(small + head("/none") + head("/small.txt", method="POST") + head("/small.txt", version="1.0") + small)
    assert re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"200", b"404", b"405", b"200"], "the last but one closes"
    for cut in (1, 30, len(small) - 1):
        with site.connect() as there:
            there.sendall(small + small[:cut])
            time.sleep(0.2)
            there.sendall(small[cut:] + last)
            data = everything(there)
        assert re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"200", b"200", b"404"] and data.count(SMALL) == 2


def test_a_thousand_requests_at_once(site):
    data = site.say(head("/small.txt") * 999 + head("/small.txt", "Connection: close"))
    assert data.count(b"HTTP/1.1 200 OK\r\n") == 1000 and data.count(SMALL) == 1000


def test_large_answers_to_many_requests_at_once(site):
    """The answers do not fit into any buffer, and nobody reads them for a while."""
    with site.connect() as there:
        there.sendall(head("/large.bin") * 3 + head("/small.txt", "Connection: close"))
        there.shutdown(socket.SHUT_WR)
        time.sleep(0.5)
        data = everything(there)
    assert data.count(LARGE) == 3 and data.endswith(SMALL)


def test_a_request_byte_by_byte(site):
    with site.connect() as there:
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head("/small.txt", "Connection: close"):
            there.sendall(bytes([byte]))
        assert everything(there).endswith(SMALL)


def test_bodies_are_passed_over(site):
    end = head("/small.txt", "Connection: close")
    for fields, body in ((["Content-Length: 10"], b"GET / HTTP"), (["Transfer-Encoding: chunked"],
                         b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")):
        data = site.say(head("/", *fields, method="POST") + body + end)
        assert re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"405", b"200"] and data.endswith(SMALL)


@pytest.mark.parametrize("body", [
    b"x\r\n", b"\r\n", b";x\r\n", b"5x\r\n", b"-1\r\n",
    b"5\nhello\r\n0\r\n\r\n", b"5\r\r\nhello\r\n0\r\n\r\n", b"5;x\nhello\r\n0\r\n\r\n", b"5;x\ry\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhello!\r\n0\r\n\r\n",
    b"0\r\n\n", b"0\r\n\r\r\n", b"0\r\nX: y\n\r\n", b"0\r\nX: \ry\r\n\r\n",
])
def test_chunks_are_taken_to_the_letter(site, body):
    """Where they end, and another request begins, two readers must not see differently."""
    data = site.say(head("/", "Transfer-Encoding: chunked", method="POST") + body + head("/small.txt", "Connection: close"))
    assert re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"405", b"400"]


def test_who_wants_to_hear_that_it_may_go_on(site):
    with site.connect() as there:
        there.sendall(head("/small.txt", "Content-Length: 3", "Expect: 100-continue", "Connection: close"))
        data = there.recv(4096)
        there.sendall(b"abc")
        data += everything(there)
    assert data.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") and data.endswith(SMALL)
    assert site.status(head("/", "Content-Length: 3", "Expect: 100-continue", method="PUT")) == 405


# ---- Many, and slow ones --------------------------------------------------------------------------------------------
@pytest.mark.skipif(not shutil.which("ab"), reason="ab is not installed (package apache2-utils)")
@pytest.mark.parametrize("clients, options", [(1, []), (8, []), (8, ["-k"])])
def test_none_of_many_connections_fails(site, clients, options):
    done = subprocess.run(["ab", "-q", "-n", "500", "-c", str(clients), "-s", "60", *options, site.url("/small.txt")],
                          capture_output=True, text=True, timeout=300, check=False).stdout
    assert re.search(r"Complete requests: +500\n", done) and re.search(r"Failed requests: +0\n", done), done
    assert "Non-2xx" not in done, done


def test_the_oldest_silent_connection_makes_room(site):
    """The server on port 81 takes four."""
    kept = []
    for _ in range(4):
        kept.append(site.connect(81))
        kept[-1].sendall(head("/small.txt"))
        assert kept[-1].recv(100)
    assert site.say(head("/small.txt", "Connection: close"), port=81).endswith(SMALL)
    assert everything(kept[0]).endswith(SMALL)  # to its end: it was closed
    kept[1].sendall(head("/small.txt", "Connection: close"))
    assert everything(kept[1]).endswith(SMALL)
    for one in kept:
        one.close()


def test_slow_ones_do_not_hold_up_others_and_are_told(site):
    """A request that never ends has ten seconds."""
    slow = [site.connect() for _ in range(20)]
    for one in slow:
        one.sendall(b"GET / HTTP/1.1\r\nHost:")
    assert site.get("/small.txt")[2] == SMALL
    for one in slow:
        assert everything(one).startswith(b"HTTP/1.1 408 ")
        one.close()


# ---- Starting --------------------------------------------------------------------------------------------------------
def test_why_it_does_not_start(site):
    assert "address in use" in site.session.run("httpd -p 80") or "another program has it" in site.session.run("httpd")
    assert "expected the directory" in site.session.run("httpd /nothing")
    assert "usage: httpd" in site.session.run("httpd -p x")
