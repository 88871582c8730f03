# SPDX-License-Identifier: MIT
"""What all tests share: images, each built once, and machines that are gone when a test ends."""
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))
sys.dont_write_bytecode = True
os.environ.setdefault("TSUMIKI_PATIENCE", "120")  # many machines at a time on a busy host: only what hangs is late

import boot  # noqa: E402

# The tests' own folder: nobody's half-built objects, nobody's flags. Tests run side by side (pytest -n 4) and share it: what
# one has built, the others find.
BUILD = os.environ.get("TSUMIKI_TEST_BUILD", "build/test")


def pytest_configure(config):
    os.chdir(ROOT)
    os.environ["CI"] = "1"  # warnings are errors


# The tests of a file stay together on one worker, since they share fixtures; of these files each goes where there is time.
APART = ("test_builds", "test_chapters", "test_text", "test_units")
# These use the system's own disk, which one machine at a time may have.
DISK_USERS = ("test_tools", "README.md", "docs/chapters/00-ready/README.md", "docs/chapters/25-web/README.md")


def group_of(item):
    module = item.module.__name__
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    if module in DISK_USERS or parameters.get("page") in DISK_USERS:
        return "disk"
    if module == "test_units":
        return "-".join([item.module.__name__, *(parameters.get(word, "") for word in ("machine", "name"))])
    return item.nodeid if module in APART else module


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    # The small groups last: no worker is long without work at the end.
    items.sort(key=lambda item: item.module.__name__ == "test_units")


@pytest.fixture(scope="session")
def image():
    """image(machine, CHAPTER="05", ...): the path of the built image, as make has its variables."""
    built = {}

    def get(machine, **variables):
        key = (machine, *sorted(variables.items()))
        if key not in built:
            built[key] = boot.build(machine, BUILD=BUILD, **variables)
        return built[key]
    return get


@pytest.fixture
def start(image):
    """start(machine, append=..., smp=..., image_options={...}): a booted session, closed after the test."""
    sessions = []

    def run(machine, image_options=None, **options):
        session = boot.Session(machine, image(machine, **(image_options or {})), **options)
        sessions.append(session)
        return session
    yield run
    for session in sessions:
        session.close()


@pytest.fixture(params=boot.MACHINES)
def machine(request):
    return request.param


@pytest.fixture
def shell(start, machine):
    """A session that stands at the prompt."""
    session = start(machine)
    session.prompt()
    return session
