# SPDX-License-Identifier: MIT
"""Sockets as hands use them, over the machine's loopback device: nc, ping, traceroute, netperf.

One machine is booted for all of it. What goes over a wire is tested in test_ip.py and its kin.
"""
import re

import boot
import pytest

CTRL_C = "\x03"


@pytest.fixture(scope="module", params=boot.MACHINES)
def shell(request, image):
    session = boot.Session(request.param, image(request.param))
    session.prompt()
    yield session
    session.close()


def background(shell, command):
    """Starts it; what it needs to begin listening is less than what the next command needs to start."""
    assert re.fullmatch(r"\[\d+\] \d+\n", shell.run(command + " &"))
    shell.run("sleep 0.1")


def test_ping(shell):
    output = shell.run("ping -c 3 -i 0.01 127.0.0.1")
    assert len(re.findall(r"64 bytes from 127\.0\.0\.1: icmp_seq=[123] ttl=64 time=\d+\.\d{3} ms", output)) == 3
    assert "3 packets transmitted, 3 received, 0% packet loss" in output
    assert re.search(r"rtt min/avg/max/mdev = \d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3}/\d+\.\d{3} ms", output)
    assert "5008 bytes from 127.0.0.1" in shell.run("ping -c 1 -s 5000 localhost")
    assert "65515 bytes from 127.0.0.1" in shell.run("ping -c 1 -s 65507 localhost")  # all that IPv4 has


@pytest.mark.parametrize("command, expected", [
    ("ping -c 0 ::", "-c 0: expected 1 question or more"), ("ping -c x ::", "-c x: expected 1 question or more"),
    ("ping -s 65508 ::", "-s 65508: expected 0 to 65507 bytes"), ("ping -t 256 ::", "-t 256: expected 1 to 255 hops"),
    ("ping -i fast ::", "-i fast: expected seconds, such as 0.2"), ("ping", "usage: ping"), ("ping -x ::", "usage: ping"),
    ("ping 203.0.113.9", "203.0.113.9: no route to that network (`route` shows"),
    ("ping 255.255.255.255", "255.255.255.255: this is a broadcast address"),
    ("traceroute -q 11 ::", "-q 11: expected 1 to 10 questions"), ("traceroute -m 0 ::", "-m 0: expected 1 to 255 hops"),
    ("traceroute 203.0.113.9", "203.0.113.9: no route to that network (`route` shows")])
def test_what_cannot_be_asked_is_said_at_once(shell, command, expected):
    said = shell.run(command + "; echo $?")
    program = "" if expected.startswith("usage") else command.split()[0] + ": "
    assert said.startswith(program + expected) and said.endswith("\n2\n") and len(said.splitlines()) == 2


@pytest.mark.parametrize("command, expected", [
    ("nc localhost 99999", "nc: 99999: expected a port, 0 to 65535"), ("nc localhost http", "nc: http: expected a port"),
    ("nc -z localhost 25-20", "nc: 25-20: expected a port, 0 to 65535, or two of them: 20-25"),
    ("httpd -p 65536", "httpd: -p 65536: expected a port, 1 to 65535"), ("netperf -s -p -1", "netperf: -p -1: expected a port")])
def test_what_is_no_port(shell, command, expected):
    assert re.match(rf"{re.escape(expected)}.*\nusage: {command.split()[0]} ", shell.run(command))


def test_ping_ends_with_its_sums(shell):
    shell.send("ping -i 0.05 127.0.0.1\n")
    shell.expect("icmp_seq=2")
    shell.send(CTRL_C)
    assert re.search(r"(\d+) packets transmitted, \1 received", shell.prompt())


def test_traceroute(shell):
    output = shell.run("traceroute -q 2 127.0.0.1")
    assert re.search(r"^ 1  127\.0\.0\.1  \d+\.\d{3} ms  \d+\.\d{3} ms$", output, re.M)
    assert len(output.splitlines()) == 2


def test_nc_carries_files(shell):
    shell.run("seq 20000 >/tmp/sent")
    background(shell, "nc -l 5000 >/tmp/got")
    shell.run("nc -T 184 -w 5 127.0.0.1 5000 </tmp/sent; sleep 0.1")
    sums = re.findall(r"[0-9a-f]{64}", shell.run("sha256sum /tmp/sent /tmp/got"))
    assert len(sums) == 2 and sums[0] == sums[1]
    background(shell, "nc -l 5000 </tmp/sent")  # the other way; the client ends its direction at once
    assert shell.run("nc 127.0.0.1 5000 </dev/null | wc -c").startswith("108894\n")


def test_nc_listens_again_and_scans(shell):
    background(shell, "nc -k -l 80 </dev/null >/tmp/said")
    assert shell.run("nc -z 127.0.0.1 78-82") == "127.0.0.1 80 open\n"
    shell.run("echo one | nc 127.0.0.1 80; echo two | nc 127.0.0.1 80; sleep 0.1")
    assert shell.run("cat /tmp/said") == "one\ntwo\n"
    assert shell.run("nc -v -z 127.0.0.1 81") == "nc: 127.0.0.1:81: connection refused\n"
    assert shell.run("nc -T 3 127.0.0.1 81").startswith("nc: -T 3: expected 0 to 252, a multiple of 4\n")
    assert shell.run("nc 127.0.0.1 81; echo $?") == "nc: 127.0.0.1:81: connection refused\n1\n"
    ids = re.findall(r"^ *(\d+)  nc +nc ", shell.run("ps"), re.M)
    shell.run(f"kill {ids[0]}; sleep 0.1")
    assert "open" not in shell.run("nc -z 127.0.0.1 80")  # its socket is gone


def test_nc_says_which_port_it_has(shell):
    for options, ask in (("-l", "nc"), ("-u -l -w 1", "nc -u -w 0.01")):
        shell.run(f"nc {options} 0 </dev/null >/tmp/said 2>/tmp/where &")
        found = re.fullmatch(r"nc: listens on 0\.0\.0\.0:(\d+)\n", shell.run("sleep 0.1; cat /tmp/where"))
        assert found
        shell.run(f"echo here | {ask} 127.0.0.1 {found[1]}; sleep 0.1")
        assert shell.run("cat /tmp/said").startswith("here\n")


def test_nc_udp(shell):
    background(shell, "nc -u -l -w 0.5 53 </dev/null >/tmp/datagram")
    shell.run("echo datagram | nc -u -w 0.01 127.0.0.1 53; sleep 0.1")
    assert shell.run("cat /tmp/datagram").startswith("datagram\n")
    assert shell.run("echo x | nc -u -w 1 127.0.0.1 54") == "nc: 127.0.0.1:54: connection refused\n"


def test_ctrl_c_ends_every_wait(shell):
    for command in ("nc -l 6000", "nc -u -l 6000", "netperf -s"):
        shell.send(command + "\n")
        shell.expect(command)
        shell.send(CTRL_C)
        shell.prompt()
    assert shell.run("nc -z 127.0.0.1 6000; echo $?").startswith("1\n")


def test_ss_shows_what_has_ended(shell):
    background(shell, "nc -l 5001 </dev/null >/tmp/said")
    shell.run("echo one | nc 127.0.0.1 5001; sleep 0.1")
    assert len(re.findall(r"^tcp   TIME-WAIT +0 +0  127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ *$", shell.run("ss -a"), re.M)) >= 1
    assert re.search(r"^\d+ in TIME-WAIT \(-a shows them\)$", shell.run("ss"), re.M) and "tcp   TIME-WAIT" not in shell.run("ss")
    assert "TIME-WAIT" not in shell.run("ss -l") + shell.run("ss -u")


def test_netperf(shell):
    background(shell, "netperf -s >/dev/null")
    assert re.search(r"^bulk: 655360 bytes in \d", shell.run("netperf -n 10 127.0.0.1"), re.M)
    shell.run("seq 20000 >numbers")
    assert re.search(r"^bulk: 500000 bytes in", shell.run("netperf -n 10 -m 50000 -f numbers 127.0.0.1"), re.M)
    assert "no such file" in shell.run("netperf -f nothing 127.0.0.1")
    assert re.search(r"^reverse: 100000 bytes in", shell.run("netperf -t reverse -n 100 -m 1000 127.0.0.1"), re.M)
    assert re.search(r"^rr: 50 rounds of 100 bytes in", shell.run("netperf -t rr -n 50 -m 100 127.0.0.1"), re.M)
    assert "10 datagrams sent, 10 arrived" in shell.run("netperf -t udp -n 10 127.0.0.1")
    assert "the other side broke the protocol" in shell.run("echo nonsense | nc 127.0.0.1 5201")
    assert "connection refused" in shell.run("netperf -p 1 127.0.0.1")
