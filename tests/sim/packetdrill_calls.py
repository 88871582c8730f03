# SPDX-License-Identifier: MIT
"""The system calls of packetdrill's scripts, in ours.

    attempt = Calls(ask, opened).begin(call)    raises Unsupported
    attempt()                                   its result, None for as long as it waits

Our sockets never wait (puppet.c): for those of the script that do, the call is tried again after whatever happens. `ask` makes a
call of puppet.c; `opened` hears that the connection of which the script speaks is a new one.
"""
import errno
import re
from dataclasses import dataclass

from packetdrill_script import Unsupported

PEER, PORT = "10.0.0.2", 8080
NOT_OPEN = 60  # a handle
# enum os_option (user/os_net.h)
NODELAY, KEEPALIVE, REUSE_ADDRESS, SEND_BUFFER, RECEIVE_BUFFER, TTL, CONGESTION, ERROR, LINGER, USER_TIMEOUT, SERVICE = \
    1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12
OPTIONS = {"SO_REUSEADDR": REUSE_ADDRESS, "TCP_NODELAY": NODELAY, "SO_KEEPALIVE": KEEPALIVE, "TCP_KEEPIDLE": KEEPALIVE,
           "SO_RCVBUF": RECEIVE_BUFFER, "SO_SNDBUF": SEND_BUFFER, "TCP_USER_TIMEOUT": USER_TIMEOUT, "IP_TOS": SERVICE,
           "IP_TTL": TTL, "TCP_CONGESTION": CONGESTION, "SO_LINGER": LINGER}
IGNORED = ("SO_DEBUG", "SO_MARK", "SO_PRIORITY")
POLL_READ, POLL_WRITE, POLL_ERROR = 1, 2, 4
POLL = {"POLLIN": POLL_READ, "POLLOUT": POLL_WRITE, "POLLERR": POLL_ERROR, "POLLRDHUP": 8}
AGAIN = -errno.EAGAIN


class Differs(Exception):
    """What we do is not what the script says."""


@dataclass
class Socket:
    handle: int
    waits: bool = True
    has_begun: bool = False     # to connect


def number_of(result):
    """What a call gives in our system: errors have Linux' numbers there, too."""
    return -getattr(errno, result) if result.startswith("E") else int(result, 0)


def name_of(number):
    return errno.errorcode.get(-number, number) if number < 0 else number


def option_value(name, text):
    """In our units."""
    numbers = [int(number) for number in re.findall(r"\b\d+", text)]
    if name == "TCP_CONGESTION":
        return 0 if "cubic" in text else 1
    if name == "SO_LINGER":
        on, seconds = (int(number) for number in re.findall(r"=\s*(\d+)", text))
        return seconds if on else -1
    if not numbers:
        raise Unsupported(f"{name} {text}")
    value = numbers[0]
    return {"SO_KEEPALIVE": value * 7200, "TCP_USER_TIMEOUT": (value + 999) // 1000}.get(name, value)


class Calls:
    def __init__(self, ask, opened):
        self.ask, self.opened, self.sockets = ask, opened, {}

    def begin(self, call):
        method = getattr(self, "do_" + call.name, None)
        if not method:
            raise Unsupported(call.name + "()")
        return method(call)

    def socket(self, call):
        return self.sockets.get(int(call.arguments[0], 0)) or Socket(NOT_OPEN)

    def simple(self, *words):
        return lambda: self.ask(*words)

    def keep(self, call, handle, waits=True):
        """A new socket has the script's number."""
        if handle < 0:
            return handle
        number = int(call.result, 0)
        self.sockets[number] = Socket(handle, waits)
        return number

    def do_socket(self, call):
        if "AF_INET6" in call.arguments[0] or "STREAM" not in call.arguments[1]:
            raise Unsupported(f"socket({', '.join(call.arguments)})")
        return lambda: self.keep(call, self.ask("socket"), "NONBLOCK" not in call.arguments[1])

    def do_bind(self, call):
        return self.simple("bind", self.socket(call).handle, PORT)

    def do_listen(self, call):
        self.opened(False)
        return self.simple("listen", self.socket(call).handle, call.arguments[1])

    def do_accept(self, call):
        listener = self.socket(call)

        def attempt():
            handle = self.ask("accept", listener.handle)
            return None if handle == AGAIN and listener.waits else self.keep(call, handle)
        return attempt

    def do_connect(self, call):
        socket = self.socket(call)
        if not socket.has_begun:
            self.opened(True)
        socket.has_begun = True
        first = self.ask("connect", socket.handle, f"{PEER}:{PORT}")
        if first != -errno.EINPROGRESS or not socket.waits:
            return lambda: first

        def attempt():
            ready = self.ask("poll", socket.handle, POLL_WRITE)
            return self.ask("get", socket.handle, ERROR) if ready else None
        return attempt

    def write(self, socket, size, waits):
        done = 0

        def attempt():
            nonlocal done
            while True:
                count = self.ask("write", socket.handle, size - done)
                done += max(count, 0)
                if done == size or (done and not waits):
                    return done
                if count < 0:
                    return None if count == AGAIN and waits else count
        return attempt

    def do_write(self, call, flags="0"):
        if call.arguments[1] == "NULL" or flags not in ("0", "MSG_DONTWAIT", "MSG_NOSIGNAL"):
            raise Unsupported(f"{call.name}({call.arguments[1]}, {flags})")
        socket = self.socket(call)
        return self.write(socket, int(call.arguments[2], 0), socket.waits and flags != "MSG_DONTWAIT")

    def do_send(self, call):
        return self.do_write(call, call.arguments[3])

    do_sendto = do_send

    def do_writev(self, call):
        sizes = re.findall(r"\.\.\.\s*,\s*(\d+)", ",".join(call.arguments))
        socket = self.socket(call)
        return self.write(socket, sum(map(int, sizes)), socket.waits)

    def do_sendmsg(self, call):
        if call.arguments[-1] != "0":
            raise Unsupported(f"sendmsg({call.arguments[-1]})")
        return self.do_writev(call)

    def do_read(self, call):
        flags = call.arguments[3] if len(call.arguments) > 3 else "0"
        if call.arguments[1] == "NULL" or flags not in ("0", "MSG_DONTWAIT"):
            raise Unsupported(f"{call.name}({call.arguments[1]}, {flags})")
        socket = self.socket(call)

        def attempt():
            count = self.ask("read", socket.handle, call.arguments[2])
            return None if count == AGAIN and socket.waits and flags == "0" else count
        return attempt

    do_recv = do_recvfrom = do_read

    def do_close(self, call):
        socket = self.socket(call)
        self.sockets.pop(int(call.arguments[0], 0), None)
        return self.simple("close", socket.handle)

    def do_shutdown(self, call):
        directions = {"SHUT_RD": 1, "SHUT_WR": 2, "SHUT_RDWR": 3}[call.arguments[1]]
        return self.simple("shutdown", self.socket(call).handle, directions)

    def do_fcntl(self, call):
        if call.arguments[1] == "F_SETFL":
            self.socket(call).waits = "NONBLOCK" not in call.arguments[2]
        return lambda: number_of(call.result)

    def do_poll(self, call):
        found = re.search(r"fd\s*=\s*(\d+)\s*,\s*events\s*=\s*([\w| ]+),\s*revents\s*=\s*([\w| ]*)", ",".join(call.arguments))
        if not found:
            raise Unsupported("poll() of several")
        socket = self.sockets.get(int(found[1])) or Socket(NOT_OPEN)
        wanted, expected = (sum(POLL.get(word.strip(), 0) for word in set(text.split("|"))) for text in found.groups()[1:])

        def attempt():
            ready = self.ask("poll", socket.handle, wanted) & (wanted | POLL_ERROR)
            if ready != expected:
                raise Differs(f"expected {found[3]}, found {' '.join(name for name in POLL if POLL[name] & ready) or 'nothing'}")
            return int(ready != 0)
        return attempt

    def do_setsockopt(self, call):
        name = call.arguments[2]
        if name in IGNORED:
            return lambda: number_of(call.result)
        if name not in OPTIONS:
            raise Unsupported(name)
        return self.simple("set", self.socket(call).handle, OPTIONS[name], option_value(name, ",".join(call.arguments[3:])))

    def do_getsockopt(self, call):
        """Only SO_ERROR: others have values of their system's own."""
        if call.arguments[2] != "SO_ERROR":
            return lambda: number_of(call.result)
        expected = call.arguments[3].strip("[]")
        expected = int(expected) if expected.isdigit() else getattr(errno, expected)

        def attempt():
            found = self.ask("get", self.socket(call).handle, ERROR)
            if found != -expected:
                raise Differs(f"found {name_of(found)}")
            return number_of(call.result)
        return attempt
