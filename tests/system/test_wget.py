# SPDX-License-Identifier: MIT
"""wget against web servers of this host, good and bad."""
import hashlib
import socket
import threading

import pytest

NETWORK = {"net": "user", "append": "ip=10.0.2.15/24,10.0.2.2"}
LARGE = bytes(range(251)) * 4000  # 1,004,000 bytes


def head(status, *fields):
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode()


def whole(data, *fields):
    return head("200 OK", f"Content-Length: {len(data)}", *fields) + data


def chunked(data, size):
    pieces = [data[i:i + size] for i in range(0, len(data), size)] + [b""]
    return head("200 OK", "Transfer-Encoding: chunked") + \
        b"".join(b"%x;a=b\r\n" % len(piece) + (piece + b"\r\n" if piece else b"Trailer: x\r\n\r\n") for piece in pieces)


class Server:
    """Answers each connection with `answer(path, headers)`, and closes it."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.requests = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    more = connection.recv(4096)
                    if not more:
                        break
                    request += more
                if request:
                    lines = request.decode().split("\r\n")
                    self.requests.append(lines)
                    try:
                        connection.sendall(self.answer(lines[0].split()[1], lines))
                        connection.shutdown(socket.SHUT_WR)
                        connection.recv(1)
                    except OSError:
                        pass

    def answer(self, path, lines):
        url = f"http://10.0.2.2:{self.port}"
        part = [line[13:-1] for line in lines if line.startswith("Range: bytes=")]
        if part and path == "/large":
            start = int(part[0])
            if start >= len(LARGE):
                return head("416 Range Not Satisfiable", f"Content-Range: bytes */{len(LARGE)}", "Content-Length: 0")
            return head("206 Partial Content", f"Content-Length: {len(LARGE) - start}",
                        f"Content-Range: bytes {start}-{len(LARGE) - 1}/{len(LARGE)}") + LARGE[start:]
        return {
            "/": lambda: whole(b"the index\n"),
            "/dir/file.txt?x=1": lambda: whole(b"a file\n"),
            "/dir/beside": lambda: whole(b"beside\n"),
            "/large": lambda: whole(LARGE),
            "/early": lambda: whole(LARGE)[:300000],
            "/chunks": lambda: chunked(LARGE, 7001),
            "/cut-chunks": lambda: chunked(LARGE, 7001)[:9000],
            "/bad-chunks": lambda: head("200 OK", "Transfer-Encoding: chunked") + b"xyz\r\nabc\r\n0\r\n\r\n",
            "/end": lambda: head("200 OK") + b"until the end\n",
            "/continue": lambda: head("100 Continue") + head("103 Early Hints", "Link: x") + whole(b"after all\n"),
            "/empty": lambda: head("204 No Content"),
            "/to-absolute": lambda: head("301 Moved", f"Location: {url}/end", "Content-Length: 0"),
            "/dir/to-relative": lambda: head("302 Found", "Location: beside", "Content-Length: 0"),
            "/to-itself": lambda: head("302 Found", "Location: /to-itself", "Content-Length: 0"),
            "/to-https": lambda: head("301 Moved", "Location: https://example.org/", "Content-Length: 0"),
            "/nonsense": lambda: b"SSH-2.0-OpenSSH_9.9\r\n",
            "/lengths": lambda: head("200 OK", "Content-Length: 3", "Content-Length: 4") + b"abcd",
            "/long": lambda: head("200 OK", "X: " + "x" * 40000),
            "/nothing": lambda: b"",
        }.get(path, lambda: head("404 Not \x1b[31mFound", "Content-Length: 0"))()

    def close(self):
        self.socket.close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def session(start, machine):
    session = start(machine, **NETWORK)
    session.prompt()
    return session


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


def test_files(session, server):
    def get(path, *words):
        return session.run(" ".join(["wget", "-q", *words, f"http://10.0.2.2:{server.port}{path}"]) + "; echo $?")

    assert get("/", "-O", "-") == "the index\n0\n"
    lines = server.requests[-1]
    assert lines[0] == "GET / HTTP/1.1" and f"Host: 10.0.2.2:{server.port}" in lines
    session.run("cd /tmp")
    assert get("") == "0\n" and session.run("cat index.html") == "the index\n"
    assert get("'/dir/file.txt?x=1#here'") == "0\n" and session.run("cat file.txt") == "a file\n"
    for path in ("large", "chunks"):
        assert get(f"/{path}") == "0\n"
        assert sum_of(LARGE) in session.run(f"sha256sum {path}")
    for path, text in {"/end": "until the end", "/continue": "after all", "/dir/to-relative": "beside",
                       "/to-absolute": "until the end"}.items():
        assert get(path, "-O", "-") == f"{text}\n0\n"
    assert get("/empty") == f"wget: http://10.0.2.2:{server.port}/empty: 204 No Content\n1\n"


def test_what_goes_wrong(session, server):
    def get(path):
        shown = session.run(f"wget -q -O - http://10.0.2.2:{server.port}{path} | wc -c; echo")
        return shown.replace(f"http://10.0.2.2:{server.port}", "")

    assert "/none: 404 Not ?[31mFound\n" in get("/none")
    assert "/to-itself: it leads from one place to the next without end\n" in get("/to-itself")
    assert "it leads to https://example.org/: only http:// is known here\n" in get("/to-https")
    for path in ("/nonsense", "/lengths", "/bad-chunks"):
        assert f"{path}: the answer is no HTTP\n" in get(path)
    for path in ("/early", "/cut-chunks", "/nothing"):
        assert f"{path}: the connection ended too early\n" in get(path)
    assert "/long: the answer's head is too long\n" in get("/long")
    assert "connection refused" in session.run("wget http://10.0.2.15:81/")
    assert "ftp://x/: only http:// is known here\n" in session.run("wget ftp://x/")
    for url in ("http://", "http://a:b/", "http://a:99999/", "http://u@h/", "'http://h/a b'"):
        assert "this is no URL" in session.run(f"wget {url}")


def test_going_on(session, server):
    session.run("cd /tmp")
    shown = session.run(f"wget -q -O large http://10.0.2.2:{server.port}/early")
    assert "the connection ended too early" in shown and " bytes are in large; -c fetches the rest" in shown
    assert session.run(f"wget -q -c http://10.0.2.2:{server.port}/large") == ""
    assert any(line.startswith("Range: bytes=2") for line in server.requests[-1])  # 300,000 less the head
    assert sum_of(LARGE) in session.run("sha256sum large")
    assert session.run(f"wget -c http://10.0.2.2:{server.port}/large") == "large is complete\n"
    # A server that knows no parts starts anew.
    session.run("echo old >end")
    assert session.run(f"wget -q -c http://10.0.2.2:{server.port}/end; cat end") == "until the end\n"


def test_a_file_that_cannot_be(session, server):
    shown = session.run(f"wget -q -O /proc/large http://10.0.2.2:{server.port}/large; echo $?")
    assert shown.startswith("wget: /proc/large: ") and shown.endswith("\n1\n")
