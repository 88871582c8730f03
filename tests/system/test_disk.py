# SPDX-License-Identifier: MIT
"""Disks as machines have them: several, read-only, with large blocks, failing; the data by way of the image."""
import pytest

import boot
from conftest import BUILD

SIZE = 4 << 20


@pytest.fixture(scope="module", params=boot.MACHINES)
def machine(request):
    return request.param


@pytest.fixture(scope="module")
def image(machine):
    return boot.build(machine, CHAPTER="15", BUILD=BUILD)


def make_image(folder, name="disk.img", size=SIZE):
    path = folder / name
    path.write_bytes(bytes(size))
    return path


def run(machine, image, disks, *lines, append=""):
    """Boots chapter 15 with the disks; each line must come, in this order. All that was printed."""
    with boot.Session(machine, image, append=append, disks=disks) as session:
        for line in lines:
            session.expect(line)
        session.end(0)
        return session.text


def test_what_is_written_is_in_the_image(machine, image, tmp_path):
    path = make_image(tmp_path)
    run(machine, image, [{"file": path, "snapshot": False}], "32 are right")
    data = path.read_bytes()
    written = {data[place] for place in range(0, 32 * 4096, 4096)}
    assert written == set(range(ord("A"), ord("A") + 32))
    assert not any(data[32 * 4096:])
    assert len(data) == SIZE


def test_a_snapshot_changes_nothing(machine, image, tmp_path):
    path = make_image(tmp_path)
    run(machine, image, [path], "32 are right")
    assert not any(path.read_bytes())


def test_a_read_only_disk(machine, image, tmp_path):
    path = make_image(tmp_path)
    run(machine, image, [{"file": path, "readonly": True}], "read-only", "writing: read-only")
    assert not any(path.read_bytes())


def test_names_follow_the_slots(machine, image, tmp_path):
    disks = [make_image(tmp_path, f"{i}.img", (i + 1) << 20) for i in range(3)]
    run(machine, image, disks, "vda: 1 MiB", "vdb: 2 MiB", "vdc: 3 MiB", "vda: 2048 sectors", "32 are right")


@pytest.mark.parametrize("append", ["virtio.event_idx=0", "virtio.indirect_desc=0",
                                    "virtio.event_idx=0 virtio.indirect_desc=0"])
def test_features_switched_off(machine, image, tmp_path, append):
    run(machine, image, [make_image(tmp_path)], 'sector 7: "what was written"', "32 are right", append=append)


def blkdebug(folder, path, rules):
    config = folder / "blkdebug.conf"
    config.write_text(rules)
    return {"file": f"blkdebug:{config}:{path}", "snapshot": False}


@pytest.mark.parametrize("kind,lines", [
    ("read", ["reading 1 sectors at 7 failed: the device failed", "reading: the device failed",
                  "32 are right"]),
    ("write", ["writing 1 sectors at 7 failed: the device failed", "writing: the device failed",
                   "32 are right"]),
    ("flush", ["flushing 0 sectors at 0 failed: the device failed", "flushing: the device failed",
                       'sector 7: "what was written"', "32 are right"]),
])
def test_an_error_reaches_the_caller_and_the_log_once(tmp_path, kind, lines):
    """blkdebug fails the first request of that kind, reads and writes of sector 7; all others are served."""
    image = boot.build("riscv64", CHAPTER="15", BUILD=BUILD)
    path = make_image(tmp_path)
    sector = '' if kind == "flush" else 'sector = "7"\n'
    rules = f'[inject-error]\nevent = "none"\niotype = "{kind}"\n{sector}errno = "5"\nonce = "on"\n'
    text = run("riscv64", image, [blkdebug(tmp_path, path, rules)], *lines)
    assert text.count("error: vda:") == 1
