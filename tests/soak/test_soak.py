# SPDX-License-Identifier: MIT
"""Random commands, for as long as is asked: nothing may hang, crash or be lost.

    make soak MINUTES=60              half of the time for each machine; prints the seed
    make soak MINUTES=5 SEED=1234     the same commands again
"""
import random
import re
import subprocess
import time

import boot
import pytest

WORDS = ["a", "bc", "'d e'", '"f  g"', "h\\ i", "$?", "", "ä", "-n", "x" * 200]
FILTERS = ["cat", "wc", "head -n 3", "head -n 1", "cat | cat", "head -n 50 | wc"]


def command(dice):
    """A command line that ends by itself, most of them useful."""
    return dice.choice([
        lambda: f"echo {' '.join(dice.choices(WORDS, k=dice.randint(0, 6)))}",
        lambda: f"seq {dice.randint(0, 5000)} | {' | '.join(dice.choices(FILTERS, k=dice.randint(1, 4)))}",
        lambda: f"yes {dice.choice(WORDS)} | head -n {dice.randint(1, 2000)} | wc",
        lambda: f"stress {dice.randint(1, 20)} {dice.randint(1, 99999)}",
        lambda: f"sleep 0.0{dice.randint(1, 9)} &",
        lambda: f"seq {dice.randint(1, 300)} | wc & echo during",
        lambda: f"sleep {dice.randint(100, 999)}\x03",
        lambda: "yes\x03",
        lambda: f"cat{dice.choice([' | wc', ''])}\nsome words\nand more\n\x04",
        lambda: f"{dice.choice(['false', 'true', 'nosuch', 'help ps', 'kill 99999', 'sleep x'])}; echo $?",
        lambda: f"false || echo {dice.randint(0, 9)} && true",
        lambda: dice.choice(["ps", "free", "irqstat", "uptime", "date", "dmesg", "help", "jobs", "history", "time true"]),
        lambda: "".join(chr(dice.choice([27, 91, 65, 66, 67, 68, 49, 126, 127, 11, 21, 23, 200, 97, 32, 34]))
                        for _ in range(dice.randint(1, 60))).encode("latin1") + b"\x03",
        lambda: "echo 'open",
    ])()


def settled(session):
    """(live allocations, pages in use) when everything that was started has ended."""
    for _ in range(100):
        if "sleep" not in session.run("ps"):
            break
        time.sleep(0.1)
    said = session.run("free")
    found = re.search(r"memory +\d+ KiB: (\d+) used.*\nheap +\d+ KiB: (\d+) allocations", said)
    assert found, said
    return int(found[2]), int(found[1])


def work(session, dice, seconds):
    """Types random commands until the time is over; how many."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        line = command(dice)
        session.send(line if isinstance(line, bytes) else line + "\n")
        if dice.random() < 0.3:
            session.send("\x03")  # in the middle of whatever runs
        session.send(f"\necho reached {count}\n")
        session.expect(re.compile(rf"(?m)^reached {count}$"), timeout=120)
        session.prompt()
        session.forget()
        count += 1
    return count


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_soak(start, machine, minutes, seed):
    dice = random.Random(f"{seed} {machine}")
    session = start(machine)
    session.prompt()
    work(session, dice, 10)  # caches and the history fill
    before = settled(session)
    count = work(session, dice, minutes * 60 / len(boot.MACHINES))
    after = settled(session)
    print(f"{machine}: seed {seed}, {count} commands, (allocations, KiB) {before} before and {after} after")
    assert after[0] - before[0] <= 4, "allocations were lost"
    assert after[1] - before[1] <= 512, "memory was lost"
    session.send("poweroff\n")
    session.end(0)


def test_soak_of_power_cuts(minutes, seed):
    """Thousands of workloads, each cut at moments at random: nothing promised is lost (tests/crash)."""
    image = boot.build("host", TOOL="crash", RELEASE="1")
    end, first, count = time.monotonic() + minutes * 60 / 4, 1000 * int(seed), 0
    while count == 0 or time.monotonic() < end:
        done = subprocess.run([image, "--seed", str(first + count // 2), "--workloads", "400", "--states", "150"],
                              stdout=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stdout
        count += 400
    print(f"power cuts: seed {first} on, {count} workloads")
