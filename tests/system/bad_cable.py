# SPDX-License-Identifier: MIT
"""A bad cable in real time, between a process's card (-nic dgram) and a TAP device: for kernels without netem.

    tests/system/bad_cable.py TAP OURS THEIRS SEED '{"delay_ms": 20, "jitter_ms": 5, "loss": 0.02}'

OURS and THEIRS are the sockets' paths. What happens is what netem's words of the same names mean, both ways: shares of the
frames are lost, overtake the others (reorder), come twice (duplicate), or have one bit turned over (corrupt).
"""
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF, TUNSETOFFLOAD, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x400454d0, 2, 0x1000
FRAME_MAX = 65536


class Fate:
    """What becomes of frames."""

    def __init__(self, seed, delay_ms=0, jitter_ms=0, loss=0, reorder=0, duplicate=0, corrupt=0):
        self.dice = random.Random(seed)
        self.delay, self.jitter = delay_ms / 1000, jitter_ms / 1000
        self.loss, self.reorder, self.duplicate, self.corrupt = loss, reorder, duplicate, corrupt

    def is_so(self, share):
        return self.dice.random() < share

    def turn_bit(self, frame):
        bit = self.dice.randrange(8 * len(frame))
        return frame[:bit // 8] + bytes([frame[bit // 8] ^ 1 << bit % 8]) + frame[bit // 8 + 1:]

    def of(self, frame):
        """Its copies: (seconds that it is late, bytes)."""
        if self.is_so(self.loss):
            return
        for _ in range(1 + self.is_so(self.duplicate)):
            late = 0 if self.is_so(self.reorder) else self.delay + self.jitter * self.dice.uniform(-1, 1)
            yield late, self.turn_bit(frame) if self.is_so(self.corrupt) else frame


def main():
    name, ours, theirs = sys.argv[1:4]
    fate = Fate(int(sys.argv[4]), **json.loads(sys.argv[5]))
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    fcntl.ioctl(tap, TUNSETOFFLOAD, 0)  # whoever had it before may have left us their checksums to make
    card = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    card.bind(ours)
    card.setblocking(False)
    waiting, order = [], 0
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for source in select.select([tap, card], [], [], timeout)[0]:
            frame = os.read(tap, FRAME_MAX) if source == tap else card.recv(FRAME_MAX)
            for late, frame in fate.of(frame):
                order += 1
                heapq.heappush(waiting, (time.monotonic() + late, order, source != tap, frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, to_tap, frame = heapq.heappop(waiting)
            try:
                if to_tap:
                    os.write(tap, frame)
                else:
                    card.sendto(frame, theirs)
            except OSError:
                pass  # nobody is there yet, or there is no room


if __name__ == "__main__":
    main()
