# SPDX-License-Identifier: MIT
"""A bad cable in real time, between a process's card (-nic dgram) and a TAP device: for kernels without netem.

    tests/system/bad_cable.py TAP OURS THEIRS SEED LOSS DELAY_MS REORDER

OURS and THEIRS are the sockets' paths; LOSS and REORDER are shares of the frames, both ways.
"""
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF, TUNSETOFFLOAD, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x400454d0, 2, 0x1000
FRAME_MAX = 65536


def main():
    name, ours, theirs = sys.argv[1:4]
    loss, delay, reorder = float(sys.argv[5]), float(sys.argv[6]) / 1000, float(sys.argv[7])
    draw = random.Random(int(sys.argv[4])).random
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
            order += 1
            if draw() >= loss:
                late = delay * (1 + (draw() if draw() < reorder else 0))
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
