# SPDX-License-Identifier: MIT
"""The race's clients: a rate is read out of what they print, and what failed is no rate."""
import os
import sys

import boot
import pytest

sys.path.insert(0, os.path.join(boot.ROOT, "tests/race"))
import clients  # noqa: E402
import nginx  # noqa: E402

WRK = """Running 2s test @ http://127.0.0.1:18080/small.txt
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   773.10us    2.26ms  31.37ms   93.69%
    Req/Sec    25.58k    16.61k   62.68k    85.00%
  51182 requests in 2.03s, 33.68MB read
Requests/sec:  25274.28
Transfer/sec:     16.63MB
"""
AB = """Concurrency Level:      8
Time taken for tests:   0.191 seconds
Complete requests:      5000
Failed requests:        0
Requests per second:    26180.20 [#/sec] (mean)
Time per request:       0.306 [ms] (mean)
"""


def test_a_rate_is_read():
    assert clients.wrk_rate(WRK) == 25274.28
    assert clients.ab_rate(AB) == 26180.2


@pytest.mark.parametrize("words", [
    "unable to connect to 127.0.0.1:1 Connection refused\n",
    WRK.replace("Requests/sec:  25274.28", "Requests/sec:      0.00"),
    WRK.replace("Requests/sec", "  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec"),
    WRK.replace("Requests/sec", "  Non-2xx or 3xx responses: 51182\nRequests/sec")])
def test_wrk_with_failures_has_no_rate(words):
    with pytest.raises(clients.Failed):
        clients.wrk_rate(words)


@pytest.mark.parametrize("words", [
    "apr_socket_recv: Connection refused (111)\n",
    AB.replace("Failed requests:        0", "Failed requests:        3"),
    AB.replace("Requests per", "Non-2xx responses:      5000\nRequests per")])
def test_ab_with_failures_has_no_rate(words):
    with pytest.raises(clients.Failed):
        clients.ab_rate(words)


def test_nginx_comes_with_the_libraries_of_its_libraries():
    class Archive:
        needs = {"nginx": ["libc6", "libssl3", "iproute2", "nginx-common"], "libssl3": ["libc6", "zlib1g"],
                 "zlib1g": ["libc6"], "libc6": ["libgcc-s1"], "libgcc-s1": ["gcc-base", "libc6"]}

        def depends(self, name):
            return self.needs[name]

    assert sorted(nginx.needs(Archive(), "nginx")) == ["libc6", "libgcc-s1", "libssl3", "nginx", "zlib1g"]
