# SPDX-License-Identifier: MIT
"""Names and the time, asked of servers on this host: what a user of the shell sees when they answer, and when not."""
import socket
import struct
import threading
import time

import pytest

TWO = b"\3two\7example\3org\0"  # nobody listens at the first
NAMES = {TWO: [(1, b"\x7f\0\0\1"), (1, b"\x0a\0\2\2")],
         b"\3www\7example\3org\0": [(1, b"\x0a\0\0\1"), (28, bytes.fromhex("20010db8" + "00" * 11 + "01"))],
         b"\0011\0010\0010\00210\7in-addr\4arpa\0": [(12, b"\3www\7example\3org\0")]}
NTP_EPOCH = 2208988800


class Server:
    """A UDP server on this host, which the machine reaches at 10.0.2.2:port. `answer` makes a reply of a question, or None."""

    def __init__(self, answer):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.answer, self.questions, self.is_open = answer, [], True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.is_open:
            try:
                question, sender = self.socket.recvfrom(2000)
            except socket.timeout:
                continue
            self.questions.append(question)
            reply = self.answer(question)
            if reply:
                self.socket.sendto(reply, sender)

    def close(self):
        self.is_open = False
        self.thread.join()
        self.socket.close()


@pytest.fixture
def serve():
    servers = []

    def start(answer):
        servers.append(Server(answer))
        return servers[-1]
    yield start
    for server in servers:
        server.close()


def answer_name(question):
    """What a DNS server with NAMES would say."""
    name, (kind,) = question[12:-4], struct.unpack("!H", question[-4:-2])
    found = [(t, data) for t, data in NAMES.get(name, []) if t == kind]
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", t, 1, 300, len(data)) + data for t, data in found)
    code = 0 if name in NAMES else 3
    return question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0) + question[12:] + records


def cut(reply):
    """What does not fit into a datagram."""
    return reply[:2] + bytes([reply[2] | 2]) + reply[3:6] + b"\0\0" + reply[8:]


def serve_stream(port, answer):
    """One question over TCP, answered in two pieces: the thread."""
    def run():
        with listener:
            peer = listener.accept()[0]
            with peer:
                size, = struct.unpack("!H", peer.recv(2))
                reply = answer(peer.recv(size))
                peer.sendall(struct.pack("!H", len(reply)) + reply[:100])
                time.sleep(0.05)
                peer.sendall(reply[100:])
                peer.recv(1)

    listener = socket.create_server(("127.0.0.1", port))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def answer_time(seconds, stratum=2, reference=b"\x0a\0\0\1"):
    def answer(question):
        now = struct.pack("!II", seconds + NTP_EPOCH, 0)
        return struct.pack("!BBBB8x4s8x", 0x24, stratum, 0, 0, reference) + question[40:48] + now + now
    return answer


def static(server):
    return f"ip=10.0.2.15/24,10.0.2.2,10.0.2.2:{server.port}"


def test_nslookup(start, serve, machine):
    server = serve(answer_name)
    session = start(machine, append=static(server), net="user")
    session.prompt()
    assert session.run("nslookup www.Example.org") == \
        "www.Example.org is at 10.0.0.1\nwww.Example.org is at 2001:db8::1\n"
    asked = len(server.questions)
    assert session.run("nslookup -4 www.example.org") == "www.example.org is at 10.0.0.1\n"
    assert len(server.questions) == asked  # it was kept
    assert session.run("nslookup none.example.org; echo $?") == \
        "nslookup: none.example.org: no such name, or it has no address\n1\n"
    assert session.run("nslookup localhost") == "localhost is at 127.0.0.1\n"
    assert session.run("nslookup 10.0.0.1") == "10.0.0.1 is www.example.org\n"
    assert session.run("nslookup 10.0.0.2; echo $?") == "nslookup: 10.0.0.2: it has no name\n1\n"


def test_a_long_answer_comes_over_tcp(start, serve, machine):
    server = serve(lambda question: cut(answer_name(question)))
    hundred = {b"\4many\7example\3org\0": [(1, bytes([10, 0, 1, i])) for i in range(100)]}
    session = start(machine, append=static(server), net="user")
    session.prompt()
    NAMES.update(hundred)
    stream = serve_stream(server.port, answer_name)
    shown = session.run("nslookup -4 many.example.org")
    assert shown.startswith("many.example.org is at 10.0.1.0\n") and shown.count("is at") == 8
    stream.join(20)
    assert not stream.is_alive() and len(server.questions) == 1
    session.run("nslookup -4 many.example.org")
    assert len(server.questions) == 1  # it was kept
    shown = session.run("nslookup -4 www.example.org")  # nobody listens there any more
    assert "too long for UDP, and there is none over TCP" in shown and "it could not find out" in shown


def test_nslookup_asks_whom_it_is_told(start, serve, machine):
    usual, other = serve(answer_name), serve(lambda question: answer_name(question).replace(b"\x0a\0\0\1", b"\x0a\7\7\7"))
    session = start(machine, append=static(usual), net="user")
    session.prompt()
    session.run("nslookup -4 www.example.org")
    assert session.run(f"nslookup -4 www.example.org 10.0.2.2:{other.port}") == "www.example.org is at 10.7.7.7\n"
    assert session.run("nslookup -4 www.example.org") == "www.example.org is at 10.0.0.1\n"  # no other answer was kept
    assert (len(usual.questions), len(other.questions)) == (1, 1)


def test_the_next_address_is_tried(start, serve, machine):
    def greet():
        with listener:
            for _ in range(2):
                peer = listener.accept()[0]
                peer.recv(1000)
                peer.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello\n")
                peer.close()

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    threading.Thread(target=greet, daemon=True).start()
    session = start(machine, append=static(serve(answer_name)), net="user")
    session.prompt()
    refused = f"127.0.0.1:{port}: connection refused\n"
    assert session.run(f"echo | nc two.example.org {port}").replace("\r", "").endswith("\n\nhello\n")
    assert session.run(f"wget -q -O - http://two.example.org:{port}/") == f"wget: {refused}hello\n"
    assert session.run(f"nc two.example.org {port} </dev/null").startswith(f"nc: {refused}nc: 10.0.2.2:{port}: ")


def test_a_silent_dns_server_holds_nobody_up(start, serve, machine):
    server = serve(lambda question: None)
    session = start(machine, append=static(server), net="user")
    session.prompt()
    session.run("nslookup -4 www.example.org &")
    assert "up" in session.run("uptime")
    assert session.run("ping -c 1 -q 127.0.0.1").count("1 received") == 1
    session.expect(f"no answer from 10.0.2.2:{server.port}, asked 3 times for www.example.org")
    session.expect(f"nslookup: www.example.org: asked 10.0.2.2:{server.port}: no answer")
    assert len(server.questions) == 3 and len({question[:2] for question in server.questions}) == 3


def test_no_dns_server(start, machine):
    session = start(machine, append="ip=10.0.2.15/24,10.0.2.2", net="user")
    session.prompt()
    for command in ("nslookup www.example.org", "ping nosuch.name", "wget http://a.example/", "ntpdate a.example"):
        assert "no DNS server is known. DHCP names one, or ifconfig, or ip=ADDRESS/PREFIX" in session.run(command)
    for name in ("1.2.3.4.5", "10.0.2.256", "a..b"):
        assert session.run(f"ping {name}; echo $?") == f"ping: {name}: this is neither an address nor a name\n2\n"


def test_ntpdate(start, serve, machine):
    server = serve(answer_time(2000000000))  # 2033-05-18 03:33:20
    session = start(machine, append="ip=10.0.2.15/24,10.0.2.2", net="user")
    session.prompt()
    assert "offset" in session.run(f"ntpdate -q 10.0.2.2:{server.port}")
    assert "2033" not in session.run("date")
    shown = session.run(f"ntpdate 10.0.2.2:{server.port}")
    assert f"10.0.2.2:{server.port} (stratum 2): offset " in shown and "the clock is set" in shown
    assert session.run("date").startswith("Wed 2033-05-18 03:3")


def test_a_time_server_that_wants_no_questions(start, serve, machine):
    server = serve(answer_time(2000000000, 0, b"RATE"))
    session = start(machine, append="ip=10.0.2.15/24,10.0.2.2", net="user")
    session.prompt()
    assert session.run(f"ntpdate 10.0.2.2:{server.port}; echo $?") == \
        f'ntpdate: 10.0.2.2:{server.port}: it does not want to be asked ("RATE")\n1\n'
    assert "2033" not in session.run("date")


def test_what_the_command_line_says(start, machine):
    session = start(machine, append="ip=10.0.2.15/24,router", net="user")
    session.expect("eth0: ip=10.0.2.15/24,router: invalid argument. Expected dhcp, none, or ADDRESS/PREFIX,GATEWAY,DNS")
    session.expect("eth0: 10.0.2.15/24 by DHCP, gateway 10.0.2.2, DNS 10.0.2.3")
