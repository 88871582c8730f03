# SPDX-License-Identifier: MIT
"""The other end of the network's rows: wrk, ab and client.c, on this host, the same for both sides.

Each returns a rate per second, or raises Failed: a rate with failures in it is none.
"""
import os
import re
import subprocess

import debian
from guest import Silent

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 2


class Failed(Silent):
    """Not all that was asked for was answered; the text has what the client said."""


def wrk_rate(words):
    """Requests a second, of what wrk prints."""
    found = re.search(r"^Requests/sec:\s+([\d.]+)", words, re.M)
    if not found or float(found[1]) == 0 or re.search(r"Socket errors:|Non-2xx", words):
        raise Failed(f"wrk:\n{words}")
    return float(found[1])


def ab_rate(words):
    """Requests a second, of what ab prints."""
    found = re.search(r"^Requests per second:\s+([\d.]+)", words, re.M)
    failed = re.search(r"^Failed requests:\s+(\d+)", words, re.M)
    if not found or not failed or int(failed[1]) or "Non-2xx" in words:
        raise Failed(f"ab:\n{words}")
    return float(found[1])


def run(*words):
    """What the client prints."""
    try:
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=60 + SECONDS).stdout
    except FileNotFoundError as missing:
        raise debian.Unavailable(f"{words[0]} is not here: `tools/setup race` installs it") from missing
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{words[0]}: it did not end") from late


def keep_alive(url, connections):
    """Requests a second over so many connections that are kept."""
    return wrk_rate(run("wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "10s", url))


def one_each(url, connections):
    """Requests a second, each with a connection of its own, so many at once."""
    return ab_rate(run("ab", "-q", "-t", str(SECONDS), "-n", "1000000", "-c", str(connections), url))


def stream(folder, mode, address, port):
    """Rounds a second (`rounds`), or MiB (`take` from there, `give` to there): client.c, compiled into the folder."""
    source, path = os.path.join(HERE, "client.c"), os.path.join(folder, "client")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        debian.run("gcc", "-O2", "-Wall", "-Wextra", "-o", path, source)
    words = run(path, mode, address, str(port), str(SECONDS))
    if not words.strip().isdigit() or int(words) == 0:
        raise Failed(f"client {mode}:\n{words}")
    return float(words) / (1 if mode == "rounds" else 1 << 20)
