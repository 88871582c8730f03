# SPDX-License-Identifier: MIT
"""The network: how a machine is told of it, and which ports of this host lead into it.

    net = Network("user tcp 80")            a network without rights of an administrator; some free port leads to 80
    net = Network("tap:tap0 csum=off")      a TAP device of this host, and a card that makes no checksums
    net.arguments("riscv64"); net.port("tcp", 80)

The words are a kind with what it needs, and then in any order: `tcp GUEST` or `tcp HOST:GUEST` (or udp), a port of this
host that leads to one of the guest's; `net=10.0.3.0/24`, another network than the usual one of `user`; `csum=off`, `tso=off`,
`mrg=off`, `mtu=N`, `mac=...`, what the card can do.
"""
import ctypes
import os
import re
import socket

import bus

KINDS = {"none": [], "user": [], "tap": ["ifname"], "dgram": ["local", "remote"]}
# What our own options are called at QEMU's card.
CARD = {"csum": ["csum", "guest_csum"], "tso": ["host_tso4", "guest_tso4", "host_tso6", "guest_tso6", "host_ufo",
                                               "guest_ufo"],
        "mrg": ["mrg_rxbuf"], "mtu": ["host_mtu"], "mac": ["mac"], "status": ["status"], "event_idx": ["event_idx"]}
SOCKETS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


class NetworkError(Exception):
    """No such network can be had; the text says why, for a person."""


def is_free(protocol, port):
    with socket.socket(type=SOCKETS[protocol]) as probe:
        if protocol == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_port(protocol, wish=0):
    """A port of this host that nobody has: the one wished for if that is so."""
    if wish and is_free(protocol, wish):
        return wish
    with socket.socket(type=SOCKETS[protocol]) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lengthen_queues(process):
    """libslirp lets one client wait for its connection to be taken; more at the same moment, and this host drops them, to
    try again seconds later. The ports that the process (a child of ours) listens on get longer queues, if we may."""
    pidfd_getfd = 438  # on all machines
    try:
        there = os.pidfd_open(process)
        for name in os.listdir(f"/proc/{process}/fd"):
            here = ctypes.CDLL(None).syscall(pidfd_getfd, there, int(name), 0)
            if here < 0:
                continue
            try:
                with socket.socket(fileno=here) as port:
                    if port.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        port.listen(1024)
            except OSError:  # no socket
                os.close(here)
        os.close(there)
    except (OSError, AttributeError):
        pass  # an old kernel or Python, or no rights: it works, but slower with many clients


def wish_for(guest):
    """The port of this host that a person would think of: 8080 for 80."""
    return guest + 8000 if guest < 1024 else guest


def forwards_of(words):
    """Of `8080:80,udp:5353:53,22`, as make has it: the words of a network."""
    for item in filter(None, words.split(",")):
        found = re.fullmatch(r"(?:(tcp|udp):)?(?:(\d+):)?(\d+)", item)
        if not found:
            raise NetworkError(f"FORWARD={words}: expected HOST:GUEST, such as 8080:80 or udp:5353:53, with commas between")
        yield f"{found[1] or 'tcp'} {found[2] or wish_for(int(found[3]))}:{found[3]}"


class Network:
    """One network and the card on it. Free ports are found when it is made."""

    def __init__(self, words="none", pcap=None):
        kind, *rest = words.split()
        self.kind, *places = kind.split(":")
        if self.kind not in KINDS or len(places) != len(KINDS[self.kind]) or not all(places):
            raise NetworkError(f"`{kind}` is no network: expected user, tap:NAME, dgram:LOCAL:REMOTE or none")
        self.places = dict(zip(KINDS[self.kind], places))
        self.pcap, self.card, self.forwards, self.moved, self.ways = pcap, {}, {}, [], []
        while rest:
            rest = self._take(rest, words)
        if (self.forwards or self.ways) and self.kind != "user":
            raise NetworkError(f"`{words}`: ports and net= are of the network `user` only")

    def _take(self, rest, words):
        name, equals, value = rest[0].partition("=")
        if equals and name in CARD:
            self.card[name] = value
            return rest[1:]
        if equals and name == "net":
            self.ways.append(rest[0])
            return rest[1:]
        found = re.fullmatch(r"(?:(\d+):)?(\d+)", rest[1]) if len(rest) > 1 and name in SOCKETS else None
        if not found:
            raise NetworkError(f"`{words}`: expected `tcp GUEST`, `tcp HOST:GUEST`, the same with udp, or one of "
                               f"net, {', '.join(CARD)} with = and a value in place of `{rest[0]}`")
        wish, guest = int(found[1] or 0), int(found[2])
        port = self.forwards[name, guest] = find_port(name, wish)
        if wish and port != wish:
            self.moved.append(f"port {wish} of this host is taken: {port} leads to the guest's {guest} in its place")
        return rest[2:]

    def port(self, protocol, guest):
        """Which port of this host leads to the guest's."""
        if (protocol, guest) not in self.forwards:
            raise NetworkError(f"nothing leads to the guest's {protocol} port {guest}; there is "
                               f"{self.forwards or 'nothing'}")
        return self.forwards[protocol, guest]

    def fill_in(self, text):
        """The text with {tcp:80} replaced by the port of this host that leads there."""
        return re.sub(r"\{(tcp|udp):(\d+)\}", lambda found: str(self.port(found[1], int(found[2]))), text)

    # ---- Telling the machine ---------------------------------------------------------------------------------------
    def arguments(self, machine, where=bus.DEFAULT):
        """The words of the command line that plug in the card. `where`: mmio or pci."""
        if self.kind == "none":
            return []
        ways = [f"hostfwd={protocol}:127.0.0.1:{port}-:{guest}" for (protocol, guest), port in self.forwards.items()]
        ways += self.ways
        if machine == "host":
            places = [f"{name}={value}" for name, value in self.places.items()]
            card = [f"{name}={value}" for name, value in self.card.items()]
            return ["-nic", ",".join([self.kind, *places, *ways, *card]), *(["-pcap", self.pcap] if self.pcap else [])]
        return self._qemu_backend(ways) + self._qemu_card(where)

    def _qemu_backend(self, ways):
        words = [self.kind, "id=net0", *ways]
        if self.kind == "tap":
            words += [f"ifname={self.places['ifname']}", "script=no", "downscript=no"]
        for name in ("local", "remote") if self.kind == "dgram" else ():
            words += [f"{name}.type=unix", f"{name}.path={self.places[name]}"]
        dump = ["-object", f"filter-dump,id=dump0,netdev=net0,file={self.pcap}"] if self.pcap else []
        return ["-netdev", ",".join(words), *dump]

    def _qemu_card(self, where):
        words = [f"{name}={value}" for option, value in self.card.items() for name in CARD[option]]
        if self.card.get("csum") == "off" and "tso" not in self.card:  # segments need checksums: virtio 1.2, 5.1.3.1
            words += [f"{name}=off" for name in CARD["tso"]]
        return ["-device", bus.plug(where, "net", bus.CARD, "netdev=net0", *words)]


def network_of(net):
    """The Network of what a caller gave: words, a Network, or None."""
    return net if isinstance(net, Network) else Network(net or "none")
