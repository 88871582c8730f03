# SPDX-License-Identifier: MIT
"""How long, and with which dice."""
import random

import pytest


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float, default=1)
    parser.addoption("--seed", type=int, default=None)


@pytest.fixture
def minutes(request):
    return request.config.getoption("--minutes")


@pytest.fixture
def seed(request):
    chosen = request.config.getoption("--seed")
    chosen = random.randrange(10**6) if chosen is None else chosen
    print(f"seed {chosen}")
    return chosen
