# SPDX-License-Identifier: MIT
"""The network where something is missing, small or many: the machine says so, and everything else goes on."""
import re
import socket

import pytest

ADDRESS = re.compile(r"eth0: 10\.0\.2\.15/24 by DHCP")


def more_cards(count):
    """QEMU's words for cards on networks of their own: 10.0.3.0/24 and so on."""
    for i in range(count):
        yield from ("-netdev", f"user,id=more{i},net=10.0.{3 + i}.0/24", "-device",
                    f"virtio-net-device,netdev=more{i},bus=virtio-mmio-bus.{4 + i}")


def test_a_card_in_8_mib(start, machine):
    session = start(machine, memory="8M", net="user")
    session.prompt()
    session.run("dmesg")
    while not ADDRESS.search(session.text):
        session.run("sleep 0.1; dmesg")
    free = int(re.search(r"used, (\d+) free", session.run("free"))[1])
    assert free > 4000, f"{free} KiB are free: the card takes too much"
    assert "0% packet loss" in session.run("ping -c 3 -i 0.01 10.0.2.2")


def test_four_cards(start):
    session = start("riscv64", net="user", extra=list(more_cards(3)))
    session.prompt()
    for _ in range(100):
        said = session.run("sleep 0.1; ifconfig")
        if said.count("(dhcp") == 4:
            break
    assert re.findall(r"^(eth\d)", said, re.M) == ["eth0", "eth1", "eth2", "eth3"], said
    assert sorted(re.findall(r"10\.0\.(\d)\.15/24", said)) == ["2", "3", "4", "5"], said
    for network in range(2, 6):
        assert "0% packet loss" in session.run(f"ping -c 1 10.0.{network}.2")
    ways = re.findall(r"^default +10\.0\.\d\.2 +(\d+) (eth\d)$", session.run("route"), re.M)
    assert [card for _, card in ways] == ["eth0", "eth1", "eth2", "eth3"]
    assert sorted({int(metric) for metric, _ in ways}) == [int(metric) for metric, _ in ways]
    session.monitor.ask("set_link more0 off")  # that is eth0: the next one takes its place
    session.expect("eth0: the link is down")
    session.send("\n")
    session.prompt()
    assert "eth0 (its link is down)\n" in session.run("route")
    sent = re.compile(r"sent (\d+) packets")
    before = int(sent.search(session.run("ifconfig eth1"))[1])
    session.run("ping -c 1 -W 0.01 192.0.2.1")  # beyond all of them
    assert int(sent.search(session.run("ifconfig eth1"))[1]) > before


def test_two_cards_of_the_process(start):
    """Each on a network of its own, as QEMU has it; both with a DNS server and a way out."""
    session = start("host", net="user net=10.0.7.0/24 tcp 80", extra=["-nic", "user,net=172.20.0.0/16"])
    session.prompt()
    while session.run("ifconfig").count("(dhcp") < 2:
        session.run("sleep 0.1")
    said = session.run("ifconfig")
    assert "10.0.7.15/24 via 10.0.7.2, dns 10.0.7.3" in said and "172.20.0.15/16 via 172.20.0.2, dns 172.20.0.3" in said
    for address in ("10.0.7.2", "172.20.0.2"):
        assert " 0% packet loss" in session.run(f"ping -c 1 {address}")
    session.run("nc -l 80 </dev/null >/tmp/said &")
    with socket.create_connection(("127.0.0.1", session.net.port("tcp", 80)), 20) as connection:
        connection.sendall(b"hello\n")
    assert session.run("sleep 0.1; cat /tmp/said").startswith("hello\n")


def test_no_card(start, machine):
    session = start(machine)
    session.prompt()
    assert "eth0" not in session.run("ifconfig")
    assert "no route to that network" in session.run("ping -c 1 10.0.2.2")
    assert "no DNS server is known" in session.run("nslookup host.example")
    assert "no route to that network" in session.run("wget http://10.0.2.2/")
    assert "no such interface (`ifconfig` shows" in session.run("ifconfig eth0 dhcp")
    assert "0% packet loss" in session.run("ping -c 1 127.0.0.1")


def test_the_cable_is_pulled_and_put_in_again(start):
    session = start("riscv64", net="user")
    session.prompt()
    while "(dhcp" not in session.run("ifconfig eth0"):
        pass
    session.monitor.ask("set_link net0 off")
    session.expect("eth0: the link is down")
    session.send("\n")
    session.prompt()
    assert session.run("ifconfig eth0").startswith("eth0  down")
    for command in ("ping 10.0.2.2", "traceroute 1.2.3.4", "wget http://10.0.2.2/", "nslookup host.example"):
        assert "the link is down" in session.run(command)  # at once
    assert "0% packet loss" in session.run("ping -c 1 127.0.0.1")
    session.monitor.ask("set_link net0 on")
    session.expect("eth0: the link is up")
    session.send("\n")
    session.prompt()
    for _ in range(100):
        if " 0% packet loss" in session.run("ping -c 1 -W 1 10.0.2.2"):
            break
    assert session.run("ifconfig eth0").startswith("eth0  up")
    assert "(dhcp" in session.run("ifconfig eth0")


def test_nobody_answers(start, tmp_path):
    """A cable with nobody at its other end, and no disk: nothing waits for an address but who asks for one."""
    session = start("host", net=f"dgram:{tmp_path}/a:{tmp_path}/b")
    session.expect("httpd does not start: there is no /www to show (`make disk` makes a disk that has one")
    session.prompt()
    assert "no route to that network" in session.run("ping -c 1 10.0.2.2")
    assert "0% packet loss" in session.run("ping -c 1 127.0.0.1")
    session.expect("eth0: no DHCP server answers; trying on. Without one: ip=ADDRESS/PREFIX,GATEWAY,DNS")
    session.send("\n")
    session.prompt()
    session.run("ifconfig eth0 10.9.9.9/24")
    assert "10.9.9.9/24" in session.run("ifconfig eth0")
