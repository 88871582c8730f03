# SPDX-License-Identifier: MIT
"""Our network and Linux's, through a TAP device in a network namespace of its own; and over a bad cable between them."""
import hashlib
import itertools
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading

import boot
import pytest

OURS, THEIRS, PREFIX = "10.9.0.2", "10.9.0.1", 24
ADDRESS = f"ip={OURS}/{PREFIX},{THEIRS}"
PATIENCE = boot.PATIENCE


def run(*words, check=True, **options):
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=3 * PATIENCE, **options)
    assert not check or done.returncode == 0, f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}"
    return done


class Namespace:
    """A network of this host's that nobody else sees, with a TAP device."""

    def __init__(self):
        self.name = f"tsumiki-{os.getpid()}"
        run("ip", "netns", "add", self.name)
        try:
            self.ip("link", "set", "lo", "up")
            self.ip("tuntap", "add", "tap0", "mode", "tap")
            self.ip("addr", "add", f"{THEIRS}/{PREFIX}", "dev", "tap0")
            self.ip("link", "set", "tap0", "up")
        except AssertionError:
            self.close()
            raise
        self.prefix = ("ip", "netns", "exec", self.name)

    def ip(self, *words):
        return run("ip", "-netns", self.name, *words)

    def run(self, *words, **options):
        return run(*self.prefix, *words, **options)

    def socket(self, kind=socket.SOCK_STREAM):
        """A socket in there: a thread enters it for as long as that takes."""
        made = []

        def make():
            with open(f"/run/netns/{self.name}") as there:
                import ctypes
                if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0) != 0:
                    raise OSError("setns")
            made.append(socket.socket(type=kind))
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        made[0].settimeout(PATIENCE)
        return made[0]

    def close(self):
        run("ip", "netns", "del", self.name, check=False)


@pytest.fixture(scope="module")
def there():
    if os.geteuid() != 0:
        pytest.skip("network namespaces and TAP devices need an administrator")
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("there is no /dev/net/tun here")
    try:
        namespace = Namespace()
    except (OSError, AssertionError) as error:
        pytest.skip(f"no network namespace here: {error}")
    yield namespace
    namespace.close()


@pytest.fixture
def boots(there, image):
    """boots(machine, net=): a session at its prompt, beside Linux."""
    sessions = []

    def start(machine, net="tap:tap0", **options):
        sessions.append(boot.Session(machine, image(machine), net=net, append=ADDRESS, prefix=there.prefix, **options))
        sessions[-1].prompt()
        return sessions[-1]
    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def bad_cable(there, tmp_path):
    """bad_cable({"loss": 0.02}): the words of a network that reaches Linux over it."""
    cables = []

    def start(fate, seed=1):
        ends = [str(tmp_path / name) for name in ("card", "cable")]
        command = [sys.executable, os.path.join(os.path.dirname(__file__), "bad_cable.py"), "tap0", ends[1], ends[0]]
        cables.append(subprocess.Popen([*there.prefix, *command, str(seed), json.dumps(fate)]))
        return f"dgram:{ends[0]}:{ends[1]}"
    yield start
    for cable in cables:
        cable.kill()
        cable.wait()


# ---- Bytes both ways -----------------------------------------------------------------------------------------------
def some_bytes(size, seed=1):
    return random.Random(seed).randbytes(size)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def connect(there, port, address=OURS):
    """To the kernel, say; as soon as it listens."""
    for _ in range(200):
        connection = there.socket()
        try:
            connection.connect((address, port))
            return connection
        except ConnectionRefusedError:
            connection.close()
            threading.Event().wait(0.05)
    raise AssertionError(f"nobody listens at {address}:{port}")


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def give(there, session, data, port=5000):
    """Linux sends, the kernel says the sum of what came."""
    session.send(f"nc -l {port} | sha256sum\n")
    with connect(there, port) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        session.expect(digest(data), 4 * PATIENCE)
        session.prompt()
        assert connection.recv(1) == b""


def take(there, session, lines, port=5001):
    """The kernel sends so many lines of numbers."""
    session.send(f"seq {lines} | nc -l {port}\n")
    with connect(there, port) as connection:
        connection.settimeout(4 * PATIENCE)
        connection.shutdown(socket.SHUT_WR)
        data = read_all(connection)
    session.prompt()
    assert data == b"".join(b"%d\n" % i for i in range(1, lines + 1))


CARDS = ["", " csum=off", " tso=off", " mrg=off tso=off"]


@pytest.mark.parametrize("machine, card", [("host", card) for card in CARDS] + [("riscv64", " csum=off"), ("x86_64", "")])
def test_bytes_go_both_ways(there, boots, machine, card):
    session = boots(machine, "tap:tap0" + card)
    give(there, session, some_bytes(3_000_000 if machine == "host" else 500_000))
    take(there, session, 200_000 if machine == "host" else 20_000)


# The same by netem, which many kernels do not have, in Linux's direction, and by a program in both.
BAD = {
    "delay 20ms 5ms loss 2%": {"delay_ms": 20, "jitter_ms": 5, "loss": 0.02},
    "delay 5ms reorder 25% 50%": {"delay_ms": 5, "reorder": 0.25},
    "delay 1ms loss 10% duplicate 5% corrupt 1%": {"delay_ms": 1, "loss": 0.1, "duplicate": 0.05, "corrupt": 0.01},
}


# Each of the bare machines with what the other does not have.
@pytest.mark.parametrize("machine, words", [*(("host", words) for words in BAD), *zip(("riscv64", "x86_64", "riscv64"), BAD)])
def test_bytes_go_both_ways_over_a_bad_cable(there, boots, bad_cable, machine, words):
    session = boots(machine, bad_cable(BAD[words]))
    give(there, session, some_bytes(300_000))
    take(there, session, 30_000)


@pytest.fixture
def netem(there):
    """netem("loss 2%"): what Linux sends goes that way."""
    if there.run("tc", "qdisc", "replace", "dev", "tap0", "root", "netem", "delay", "1ms", check=False).returncode != 0:
        pytest.skip("this kernel is built without netem (CONFIG_NET_SCH_NETEM): ..._over_a_bad_cable has the same cases")
    yield lambda words: there.run("tc", "qdisc", "replace", "dev", "tap0", "root", "netem", *words.split())
    there.run("tc", "qdisc", "del", "dev", "tap0", "root")


@pytest.mark.parametrize("words", BAD)
def test_bytes_go_both_ways_with_netem(there, boots, netem, machine, words):
    netem(words)
    session = boots(machine)
    give(there, session, some_bytes(500_000))
    take(there, session, 30_000)


# ---- Questions and answers ------------------------------------------------------------------------------------------
def test_linux_pings_us(there, boots, machine):
    boots(machine)
    for size in (0, 56, 1472, 1473, 20_000):  # the last two come in fragments
        said = there.run("ping", "-c", "3", "-i", "0.02", "-s", str(size), OURS).stdout
        assert "3 received" in said, said


def test_we_ping_linux(there, boots, machine):
    session = boots(machine)
    assert "2 received" in session.run(f"ping -c 2 {THEIRS}")
    there.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")  # a router, which knows no way to there
    assert "no route" in session.run("ping -c 1 10.77.0.1")


def test_nobody_listens(there, boots):
    session = boots("host")
    with there.socket() as connection, pytest.raises(ConnectionRefusedError):
        connection.connect((OURS, 81))
    with there.socket(socket.SOCK_DGRAM) as port, pytest.raises(ConnectionRefusedError):
        port.connect((OURS, 81))
        for _ in range(2):
            port.send(b"?")
            port.recv(10)
    assert "refused" in session.run(f"nc {THEIRS} 81 </dev/null")


def test_many_connections_in_a_row(there, boots):
    """One after the other, and nothing is left of them."""
    session = boots("host")
    session.send("nc -kl 5002 >/tmp/got\n")
    for i in range(200):
        with connect(there, 5002) as connection:
            connection.sendall(b"%d\n" % i)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
    session.send("\x03")
    session.prompt()
    assert "200 200 690" in session.run("wc /tmp/got")


def test_linux_asks_with_nc(there, boots, machine):
    session = boots(machine)
    session.send("echo from tsumiki | nc -l 5003\n")
    connect_when_ready = there.run("sh", "-c", f"for i in $(seq 100); do nc -N {OURS} 5003 </dev/null && exit; sleep 0.1; done")
    assert "from tsumiki" in connect_when_ready.stdout
    session.prompt()


# ---- The web ------------------------------------------------------------------------------------------------------------
HAS_HTTPD = os.path.exists(os.path.join(boot.ROOT, "user/httpd.c"))
needs_httpd = pytest.mark.skipif(not HAS_HTTPD, reason="there is no httpd yet")


@pytest.fixture
def web(boots, machine):
    """A kernel that serves a directory with a page and a large file."""
    session = boots(machine)
    session.run("mkdir -p /tmp/www; echo '<p>a page' >/tmp/www/index.html; seq 30000 >/tmp/www/large")
    session.run("httpd /tmp/www >/tmp/log &")  # on the console nobody would read it while Linux's programs run
    return session


LARGE = b"".join(b"%d\n" % i for i in range(1, 30001))


@needs_httpd
def test_curl(there, web, tmp_path):
    page = there.run("curl", "-sv", "--retry-connrefused", "--retry", "20", f"http://{OURS}/").stdout
    assert "200 OK" in page and "<p>a page" in page and "text/html" in page
    assert "404" in there.run("curl", "-sI", f"http://{OURS}/nothing").stdout
    target = tmp_path / "large"
    there.run("curl", "-s", "-o", target, f"http://{OURS}/large")
    assert target.read_bytes() == LARGE
    there.run("curl", "-s", "-r", "1000-1999", "-o", target, f"http://{OURS}/large")
    assert target.read_bytes() == LARGE[1000:2000]
    both = there.run("curl", "-sv", f"http://{OURS}/", f"http://{OURS}/index.html").stdout
    assert both.count("<p>a page") == 2 and "Re-using" in both
    assert "root" not in there.run("curl", "-s", "--path-as-is", f"http://{OURS}/../../proc/mounts").stdout


@needs_httpd
def test_wget_of_linux(there, web, tmp_path):
    there.run("wget", "-q", "--tries=20", "--retry-connrefused", "-O", tmp_path / "large", f"http://{OURS}/large")
    assert (tmp_path / "large").read_bytes() == LARGE


@needs_httpd
def test_many_clients_at_once(there, web):
    there.run("curl", "-s", "--retry-connrefused", "--retry", "20", f"http://{OURS}/")
    for options in (["-k"], []):
        said = there.run("ab", "-q", *options, "-n", "500", "-c", "16", f"http://{OURS}/").stdout
        assert re.search(r"Complete requests: +500", said) and re.search(r"Failed requests: +0", said), said


def test_our_wget(there, boots, tmp_path):
    if not os.path.exists(os.path.join(boot.ROOT, "user/wget.c")):
        pytest.skip("there is no wget yet")
    (tmp_path / "file").write_bytes(LARGE)
    server = subprocess.Popen([*there.prefix, sys.executable, "-m", "http.server", "8000", "--bind", THEIRS], cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        session = boots("host")
        connect(there, 8000, THEIRS).close()
        said = session.run(f"wget -O /tmp/file http://{THEIRS}:8000/file")
        assert digest(LARGE) in session.run("sha256sum /tmp/file"), said
    finally:
        server.kill()
        server.wait()


# ---- What went over the wire ------------------------------------------------------------------------------------------------
def test_a_capture_has_nothing_to_complain_of(there, boots, tmp_path):
    """tshark finds no bad checksum and no malformed frame in what we sent."""
    path = tmp_path / "wire.pcap"
    session = boots("host", "tap:tap0 csum=off", extra=["-pcap", str(path)])
    give(there, session, some_bytes(200_000))
    take(there, session, 10_000)
    session.run(f"ping -c 1 {THEIRS}")
    session.send("poweroff\n")
    session.end(0)
    faults = " || ".join(("_ws.malformed", "ip.checksum.status==0", "tcp.checksum.status==0", "tcp.analysis.ack_lost_segment"))
    checks = itertools.chain(*(("-o", f"{protocol}.check_checksum:TRUE") for protocol in ("ip", "tcp", "udp")))
    found = subprocess.run(["tshark", "-r", path, *checks, "-Y", f"ip.src=={OURS} && ({faults})"], text=True, check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert found.stdout == ""


# ---- Without rights ---------------------------------------------------------------------------------------------------------
def test_curl_through_the_users_network(image, machine, tmp_path):
    """As `make qemu` has it: a port of this host leads to the machine's port 80; and outward it asks this host."""
    (tmp_path / "file").write_bytes(LARGE)
    with subprocess.Popen([sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"], cwd=tmp_path, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server, \
            boot.Session(machine, image(machine), net="user tcp 80") as session:
        port = re.search(r"port (\d+)", server.stdout.readline())[1]
        session.prompt()
        session.run("mkdir -p /tmp/www; echo '<p>a page' >/tmp/www/index.html; seq 30000 >/tmp/www/large")
        session.run("httpd /tmp/www >/tmp/log &")
        assert session.run_on_host("curl -s --retry 20 --retry-connrefused --retry-all-errors localhost:{tcp:80}/") == 0
        session.expect("<p>a page")
        assert session.run_on_host("curl -s localhost:{tcp:80}/large | sha256sum") == 0
        session.expect(digest(LARGE))
        session.run(f"wget -O /tmp/file http://10.0.2.2:{port}/file")
        assert digest(LARGE) in session.run("sha256sum /tmp/file")
        server.kill()


def test_two_machines_with_a_cable_between_them(image, tmp_path):
    """QEMU's -netdev dgram and the process's -nic dgram."""
    ends = [str(tmp_path / end) for end in "ab"]
    with boot.Session("host", image("host"), net=f"dgram:{ends[0]}:{ends[1]}", append=ADDRESS) as ours, \
            boot.Session("riscv64", image("riscv64"), net=f"dgram:{ends[1]}:{ends[0]} mac=52:54:00:00:00:02",
                         append=f"ip={THEIRS}/{PREFIX}") as theirs:
        ours.prompt()
        theirs.prompt()
        ours.send("nc -l 5000 | sha256sum\n")
        theirs.run(f"ping -c 2 {OURS}")
        theirs.run(f"seq 30000 | nc {OURS} 5000")
        ours.expect(digest(LARGE))
