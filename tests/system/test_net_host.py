# SPDX-License-Identifier: MIT
"""The network cards that the host machine plays, what they are plugged into, and what drivers may not do; and how the tools
ask for networks, on all machines."""
import os
import re
import socket
import subprocess
import sys
import time

import boot
import network
import pytest

APP = {"APP": "tests/system/frame_user.c"}


@pytest.fixture(scope="module")
def frame_user(image):
    """run(nic, ..., options=, append=): what the frames' user says, and its status."""
    program = image("host", **APP)

    def run(*nics, append="", options=()):
        words = [word for nic in nics for word in ("-nic", nic)]
        done = subprocess.run([program, *words, *options, "-append", append], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=boot.PATIENCE)
        return done.returncode, done.stdout + done.stderr
    run.program = program
    return run


# ---- Cards -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options, features", [
    ("", "mtu 1500, checksums, segments"), (",csum=off", "mtu 1500\n"), (",tso=off", "mtu 1500, checksums\n"),
    (",mrg=off", "checksums, segments"), (",tso=off,mrg=off", "checksums\n"), (",mtu=576", "mtu 576,"),
    (",mtu=9000", "mtu 9000,"), (",event_idx=off,status=off", "segments"), (",mac=02:00:00:00:00:07", "02:00:00:00:00:07 on")])
def test_every_frame_comes_back(frame_user, options, features):
    status, output = frame_user("loop" + options, append="frames=300")
    assert status == 0 and "300 frames sent, 300 received, 0 of them wrong; link up" in output
    assert features in output


def test_two_cards_are_joined(frame_user):
    _, output = frame_user("loop", "loop")
    assert "eth1: 52:54:00:12:34:57" in output
    assert "100 frames sent, 0 received" in output  # they were for eth0's own address, and came to eth1


@pytest.mark.parametrize("kinds", ["reorder", "delay", "fail", "lie", "withdraw", "reorder,delay,fail"])
@pytest.mark.parametrize("options", ["", ",mrg=off", ",mtu=9000"])
def test_faults_are_survived(frame_user, kinds, options):
    for seed in (1, 2):
        status, output = frame_user("loop" + options, options=["-faults", f"{kinds},rate=8,seed={seed}"], append="frames=400")
        assert status == 0, output
        found = re.search(r"400 frames sent, (\d+) received, (\d+) of them wrong", output)
        if kinds in ("reorder", "delay"):
            assert found and found[1] == "400"
        if "lie" not in kinds and "withdraw" not in kinds:
            assert found and found[2] == "0"


# ---- What they are plugged into ------------------------------------------------------------------------------------------
def test_the_users_network_answers(frame_user):
    assert "10.0.2.2 answers" in frame_user("user", append="ask=10.0.2.2 frames=0")[1]


def test_a_port_that_is_taken(frame_user):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, output = frame_user(f"user,hostfwd=tcp:127.0.0.1:{port}-:80")
        assert status == 1 and f"tcp port {port} of this host: Address already in use" in output


def test_sockets_of_another_process(frame_user, tmp_path):
    """What is sent comes out there, what is put in there comes; whoever is not there yet misses nothing but frames."""
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(theirs)
        other.settimeout(boot.PATIENCE)
        process = subprocess.Popen([frame_user.program, "-nic", f"dgram,local={ours},remote={theirs}", "-append",
                                    "ask=10.0.2.2 frames=3"], stdout=subprocess.PIPE, text=True)
        request = other.recv(2000)
        assert request[:6] == b"\xff" * 6 and request[12:14] == b"\x08\x06"
        answer = request[6:12] + b"\x52\x54\0\0\0\1" + request[12:21] + b"\2" + request[22:]
        other.sendto(answer, ours)
        sizes = [len(other.recv(2000)) for _ in range(3)]
        output = process.communicate(timeout=boot.PATIENCE)[0]
    assert "10.0.2.2 answers" in output and sizes == [60, 97, 134]
    assert "0 received" in frame_user(f"dgram,local={ours},remote={theirs}")[1]  # nobody is there any more


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"), reason="TAP devices need an administrator")
def test_a_tap_device(frame_user):
    """In a network of its own, so that this host's is left alone."""
    script = "ip tuntap add tap0 mode tap && ip link set tap0 up && ip addr add 10.0.2.2/24 dev tap0 && exec \"$@\""
    done = subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", frame_user.program, "-nic", "tap,ifname=tap0", "-append",
                           "ask=10.0.2.2 frames=0"], capture_output=True, text=True, timeout=boot.PATIENCE)
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    assert "10.0.2.2 answers" in done.stdout, done


def test_a_capture_has_all_frames(frame_user, tmp_path):
    path = tmp_path / "frames.pcap"
    frame_user("loop", options=["-pcap", str(path)], append="frames=50")
    shown = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True, check=True).stdout
    assert shown.count("ethertype Unknown (0x88b5)") == 100  # out, and in again


@pytest.mark.parametrize("nic, expected", [
    ("", "there is no such network"), ("token-ring", "too long"), ("ring", "there is no such network"),
    ("tap", "expected ifname="), ("dgram,local=x", "expected local=PATH,remote=PATH"), ("loop,mtu=12", "expected 68 to 65535"),
    ("loop,mac=1:2:3", "expected the address of one card"), ("loop,mac=ff:ff:ff:ff:ff:ff", "of one card"),
    ("loop,csum=maybe", "expected on or off"), ("loop,speed=9", "a network card knows"), ("loop,mtu", "expected pairs"),
    ("user,net=10.0.3.1/24", "expected a network of 8 to 27 bits behind net="), ("user,net=10.0.3.0/28", "behind net="),
    ("user,net=ten", "behind net="), ("user,net=10.0.3.0/24x", "behind net="), ("user,hostfwd=8080", "expected tcp or udp"), ("user,hostfwd=icmp:127.0.0.1:1-:2", "expected tcp or udp"),
    ("user,hostfwd=tcp:localhost:1-:2", "expected tcp or udp"), ("dgram,local=/nowhere/x,remote=y", "No such file"),
    ("sim", "there is no simulation")])
def test_a_wrong_network_says_what_was_expected(frame_user, nic, expected):
    status, output = frame_user(nic)
    assert status in (1, 2) and expected in output


# ---- What drivers may not do ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rule, expected", [
    ("host-tso", "accepted HOST_TSO4 without CSUM"), ("guest-tso", "accepted GUEST_TSO4 without GUEST_CSUM"),
    ("flags", "with the flags 0x2"), ("no-csum", "without having accepted CSUM"), ("csum-start", "from byte 55 on, 4 behind"),
    ("no-tso", "with the gso_type 1"), ("gso-type", "with the gso_type 4"), ("gso-size", "the gso_size 0"),
    ("gso-csum", "with the flags 0"), ("buffers", "set num_buffers to 1"), ("short", "sent 25 bytes"),
    ("long", "more than any frame has"), ("mtu", "sent a frame of 1419 bytes"), ("written", "that the device could write to"),
    ("read", "something to read into the queue of receive"), ("small", "of 1000 bytes: expected 1526"),
    ("small-tso", "expected 65562"), ("small-mrg", "of 12 bytes: expected 13")])
def test_a_driver_that_breaks_a_rule_is_told_so(image, rule, expected):
    program = image("host", APP="tests/system/net_rule_breaker.c")
    done = subprocess.run([program, "-nic", "loop,mtu=1400", "-append", f"rule={rule}"], capture_output=True, text=True,
                          timeout=boot.PATIENCE)
    assert done.returncode == 1 and "the driver of the net device" in done.stdout, done.stdout
    assert expected in done.stdout and "nobody minded" not in done.stdout


def test_a_driver_that_keeps_the_rules_is_served(image):
    program = image("host", APP="tests/system/net_rule_breaker.c")
    done = subprocess.run([program, "-nic", "loop,mtu=1400", "-append", "rule=none"], capture_output=True, text=True, timeout=boot.PATIENCE)
    assert done.returncode == 0 and "nobody minded" in done.stdout


# ---- The tools ---------------------------------------------------------------------------------------------------------------
def test_a_port_that_is_taken_is_replaced():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        net = network.Network(f"user tcp {port}:80")
    assert net.port("tcp", 80) != port and f"port {port} of this host is taken" in net.moved[0]
    assert net.fill_in("curl localhost:{tcp:80}/") == f"curl localhost:{net.port('tcp', 80)}/"


def queue_of(port):
    """How many connections may wait at a port of this host's."""
    for line in subprocess.run(["ss", "-tln"], text=True, capture_output=True, check=True).stdout.splitlines():
        words = line.split()
        if words[3].endswith(f":{port}"):
            return int(words[2])
    return None


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_many_clients_may_wait_at_a_port(image, machine):
    """libslirp's own queue is one: of 64 clients at once, some would be dropped and wait for seconds."""
    net = network.Network("user tcp 80")
    port = net.port("tcp", 80)
    words = [sys.executable, "tools/qemu", "--machine", machine, "--net", "user", "--forward", f"{port}:80", image(machine)]
    with subprocess.Popen(words, cwd=boot.ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        end = time.monotonic() + boot.PATIENCE
        while (queue_of(port) or 0) < 100 and time.monotonic() < end:
            time.sleep(0.05)
        length = queue_of(port)
        child.terminate()
    assert length and length >= 100


@pytest.mark.parametrize("words", ["token", "tap", "dgram:x", "user tcp", "user tcp x", "tap:x tcp 80", "user speed=9",
                                   "tap:x net=10.0.3.0/24"])
def test_no_such_network(words):
    with pytest.raises(network.NetworkError):
        network.Network(words)


def test_the_machine_is_told_of_the_network():
    line = boot.command_line("riscv64", "image", disks=["d.img"], net="user tcp 80 csum=off")
    card = next(word for word in line if word.startswith("virtio-net-device"))
    assert "bus=virtio-mmio-bus.7" in card and "csum=off" in card and "host_tso4=off" in card
    assert boot.command_line("host", "image", net="tap:tap0 mtu=1400")[-2:] == ["-nic", "tap,ifname=tap0,mtu=1400"]
    assert boot.command_line("host", "image", net="user net=10.0.3.0/24")[-2:] == ["-nic", "user,net=10.0.3.0/24"]
    assert "user,id=net0,net=10.0.3.0/24" in boot.command_line("riscv64", "image", net="user net=10.0.3.0/24")
    assert "-nic" not in boot.command_line("host", "image") and "-netdev" not in boot.command_line("riscv64", "image")


def test_expect_has_networks_and_commands_of_the_host(tmp_path):
    path = tmp_path / "expect"
    path.write_text("@ blank 1M\n@ net user tcp 80\n$ one\nfirst\n@ host curl {tcp:80} => 7\nsecond\n@ blank 2M\n$ two\n")
    one, two = boot.parse_expect(path)
    assert (one.net, two.net) == ("user tcp 80", "none") and len(one.disks) == len(two.disks) == 1
    assert one.steps == [("text", "first"), ("host", ("curl {tcp:80}", 7)), ("text", "second")]
    path.write_text("@ net ring\n")
    with pytest.raises(boot.Failure):
        boot.parse_expect(path)


def test_a_command_of_the_host_runs_while_the_machine_does(image, tmp_path):
    path = tmp_path / "expect"
    path.write_text("@ net user tcp 80\ntsumiki$\n< seq 20000; echo do''ne\\r\n@ host sleep 0.2; echo port {tcp:80}; false => 1\n"
                    "done\n~ ^port \\d+$\n< poweroff\\r\n")
    boot.hold("host", image("host"), boot.parse_expect(path)[0])
