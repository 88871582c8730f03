# SPDX-License-Identifier: MIT
"""What all tests share: images, each built once, and machines that are gone when a test ends."""
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))
sys.dont_write_bytecode = True

import boot  # noqa: E402

# The tests' own folder: nobody's half-built objects, nobody's flags. Tests run side by side (pytest -n 4), each worker
# with a folder of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
BUILD = os.environ.get("TSUMIKI_TEST_BUILD", "build/test") + WORKER


def pytest_configure(config):
    os.chdir(ROOT)
    os.environ["CI"] = "1"  # warnings are errors


# Tests that use the same images stay together on one worker: those of a file, here those of these parameters.
TOGETHER = {
    "test_builds": ("machine", "variant", "prefix"),
    "test_chapters": ("chapter", "machine"),
    "test_text": ("page",),
    "test_units": ("name", "machine"),
}


def group_of(item):
    module = item.module.__name__
    if module not in TOGETHER:
        return module
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    words = [str(parameters[name]) for name in TOGETHER[module] if name in parameters]
    page = re.match(r"docs/chapters/(\d\d)", words[0]) if words else None
    # A chapter's page shows its image on riscv64.
    return "-".join(["chapter", page[1], "riscv64"] if page else [module[5:].rstrip("s"), *(words or [item.originalname])])


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
