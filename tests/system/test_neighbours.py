# SPDX-License-Identifier: MIT
"""Others on the same cable: who is not there, who says that he is somebody else, and what a DHCP server gives."""
import re
import struct

import pytest
from ip_wire import GATEWAY, MACS, UDP, US, Wire, ip
from test_names import answer_time

OTHER = bytes.fromhex("0200000000bb")
OTHER_TEXT = OTHER.hex(":")
BROADCAST = b"\xff" * 6
OURS, THEIRS = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, DECLINE, ACK = range(1, 6)


def arp(operation, mac, sender, target, to=BROADCAST):
    return to + mac + bytes.fromhex("0806 0001 0800 0604") + struct.pack("!H", operation) + mac + sender + b"\0" * 6 + target


class Link(Wire):
    """`taken`: an address that somebody else has, and says so when it is asked for by one without an address."""
    taken = None

    def _answer_arp(self, frame):
        if self.taken and frame[28:32] == b"\0" * 4 and frame[38:42] == self.taken:
            self.send_frame(arp(2, OTHER, self.taken, b"\0" * 4, frame[6:12]))
        else:
            super()._answer_arp(frame)

    def receive_udp(self, port):
        """The next datagram to that port: where it came from, and its data."""
        while (packet := self.receive()):
            ports = struct.unpack("!HH", packet.payload[:4])
            if packet.protocol == UDP and ports[1] == port:
                return ports[0], packet.payload[8:]
        raise AssertionError(f"nothing came to port {port}")

    def send_udp(self, source, port, data, destination=US):
        head = struct.pack("!HHHH", source, port, 8 + len(data), 0)
        mac = BROADCAST if destination.startswith("255") else MACS[US]
        self.send_frame(mac + MACS[GATEWAY] + b"\x08\x00" + ip(head + data, UDP, GATEWAY, destination))

    def expect_dhcp(self, kind):
        data = self.receive_udp(67)[1]
        assert data[data.index(MAGIC) + 6] == kind
        return data

    def answer_dhcp(self, question, kind):
        options = MAGIC + bytes((53, 1, kind, 54, 4)) + THEIRS + bytes((51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4)) + \
            THEIRS + bytes((42, 8, 10, 0, 2, 99)) + THEIRS + b"\xff"
        self.send_udp(67, 68, b"\2" + question[1:16] + OURS + question[20:236] + options, "255.255.255.255")

    def give_address(self):
        self.answer_dhcp(self.expect_dhcp(DISCOVER), OFFER)
        self.answer_dhcp(self.expect_dhcp(REQUEST), ACK)


@pytest.fixture
def link(tmp_path):
    link = Link(tmp_path)
    yield link
    link.close()


@pytest.fixture
def shell(start, link):
    """One with an address of its own."""
    session = start("host", append="ip=10.0.2.15/24,10.0.2.2", net=link.words)
    session.prompt()
    return session


def test_an_address_that_somebody_else_has(shell, link):
    """It is said, and ours stays (RFC 5227, 2.4)."""
    link.send_frame(arp(1, OTHER, OURS, OURS))
    shell.expect(f"warning: eth0: {OTHER_TEXT} uses our address 10.0.2.15, too: give one of the two another")
    shell.send("\n")
    shell.prompt()
    assert " 0% packet loss" in shell.run("ping -c 1 10.0.2.2")
    assert "10.0.2.15/24" in shell.run("ifconfig eth0")


def test_dhcp_gives_an_address_that_somebody_has(start, link):
    """It is given back, and another one is asked for (RFC 2131, 4.4.1; the pause is in tests/sim)."""
    link.taken = OURS
    session = start("host", net=link.words)
    session.prompt()
    link.give_address()
    link.expect_dhcp(DECLINE)
    session.expect(f"warning: eth0: DHCP gave us 10.0.2.15, which {OTHER_TEXT} has already; asking for another one")
    session.send("\n")
    session.prompt()
    assert "no address" in session.run("ifconfig eth0")
    assert "no route to that network" in session.run("ping 10.0.2.2")


def test_nobody_takes_a_neighbours_traffic_away(shell, link):
    assert " 0% packet loss" in shell.run("ping -c 1 10.0.2.2")
    for operation in (1, 2, 2):
        link.send_frame(arp(operation, OTHER, THEIRS, OURS, MACS[US]))
    assert " 0% packet loss" in shell.run("ping -c 2 -i 0.05 10.0.2.2")
    said = shell.run("dmesg")
    assert said.count(f"{OTHER_TEXT} says that it has 10.0.2.2, which {MACS[GATEWAY].hex(':')} had: asking that one first") == 1
    assert re.search(rf"10\.0\.2\.2 +{MACS[GATEWAY].hex(':')} +eth0 +reachable", shell.run("arp"))


def test_a_neighbour_that_is_not_there(shell):
    said = shell.run("ping -c 2 -i 0.1 10.0.2.77; echo $?")
    assert re.findall(r"from 10\.0\.2\.15: icmp_seq=(\d) destination host unreachable", said) == ["1", "2"]
    assert "0 received, +2 errors, 100% packet loss" in said and said.endswith("\n1\n")


def test_an_address_of_all(shell):
    for command in ("ping 10.0.2.255", "traceroute 10.0.2.255", "nc -z -v 10.0.2.255 80"):
        assert "10.0.2.255" in shell.run(command) and "this is a broadcast address" in shell.text


def test_dhcp_names_time_servers(start, link):
    """The first one is silent: the second is asked (RFC 2132, 8.3)."""
    session = start("host", net=link.words)
    session.prompt()
    link.give_address()
    session.expect("eth0: 10.0.2.15/24 by DHCP")
    session.send("\n")
    session.prompt()
    assert ", ntp 10.0.2.99 10.0.2.2 (dhcp" in session.run("ifconfig eth0")
    session.send("ntpdate\n")
    port, question = link.receive_udp(123)
    link.send_udp(123, port, answer_time(2000000000)(question))
    said = session.prompt()
    assert "ntpdate: 10.0.2.99: no way to that host" in said and "10.0.2.2 (stratum 2)" in said
    assert session.run("date").startswith("Wed 2033-05-18 03:3")


def test_no_time_server_is_known(shell):
    assert "DHCP has named no time server" in shell.run("ntpdate")
