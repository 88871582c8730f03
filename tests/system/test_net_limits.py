# SPDX-License-Identifier: MIT
"""The network where something is missing, small or many: the machine says so, and everything else goes on."""
import re

import boot
import pytest

ADDRESS = re.compile(r"eth0: 10\.0\.2\.15/24 by DHCP")


def more_cards(count):
    """QEMU's words for cards on networks of their own: 10.0.3.0/24 and so on."""
    for i in range(count):
        yield from ("-netdev", f"user,id=more{i},net=10.0.{3 + i}.0/24", "-device",
                    f"virtio-net-device,netdev=more{i},bus=virtio-mmio-bus.{4 + i}")


@pytest.mark.parametrize("machine", boot.MACHINES)
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
    assert session.run("route").count("default") == 4


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_no_card(start, machine):
    session = start(machine)
    session.prompt()
    assert "eth0" not in session.run("ifconfig")
    assert "no route to that network" in session.run("ping -c 1 -W 0.01 10.0.2.2")
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
    assert "100% packet loss" in session.run("ping -c 1 -W 0.01 10.0.2.2")
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
    """A cable with nobody at its other end: nothing waits for an address but who asks for one."""
    session = start("host", net=f"dgram:{tmp_path}/a:{tmp_path}/b")
    session.prompt()
    assert "no route to that network" in session.run("ping -c 1 -W 0.01 10.0.2.2")
    assert "0% packet loss" in session.run("ping -c 1 127.0.0.1")
    session.expect("eth0: no DHCP server answers; trying on. Without one: ip=ADDRESS/PREFIX,GATEWAY,DNS")
    session.send("\n")
    session.prompt()
    session.run("ifconfig eth0 10.9.9.9/24")
    assert "10.9.9.9/24" in session.run("ifconfig eth0")
