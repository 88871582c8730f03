# SPDX-License-Identifier: MIT
"""A PC starts from a disk: BIOS or UEFI, then GRUB, then the same kernel to the same prompt."""
import os
import re
import subprocess
import urllib.request

import boot
import disks
import grub
import pytest

SLOW = 180  # seconds until the kernel is there: UEFI takes its time


# As a hard disk of an old kind, and as a CD.
@pytest.mark.parametrize("way", ["bios ide-hd", "uefi ide-cd"])
def test_the_same_system(image, tmp_path, way):
    tools = os.path.dirname(os.path.dirname(os.path.abspath(image("x86_64"))))
    boot.make("tools", BUILD=tools)
    disks.make_disk(tmp_path / "disk.img", disks.parse("tsfs 16M x")._replace(folder=os.path.join(boot.ROOT, "disk")),
                    tools)
    with boot.Session("x86_64", image("x86_64"), disks=[tmp_path / "disk.img"], net="user tcp 80", bus="pci",
                      boot=way) as session:
        session.expect(grub.HANDOVER, SLOW)
        session.prompt()
        assert "2 messages" in session.run("lspci")
        assert "www" in session.run("ls /")
        with urllib.request.urlopen(f"http://127.0.0.1:{session.net.port('tcp', 80)}/", timeout=30) as answer:
            assert b"tsumiki" in answer.read()
        session.send("poweroff\n")
        session.end(0)


@pytest.mark.parametrize("way", ["bios virtio-blk-pci", "uefi ide-hd"])
def test_the_command_line_is_grubs(image, way):
    """With quotes, as kernel/cmdline.c reads it; and more memory than fits below 4 GiB."""
    with boot.Session("x86_64", image("x86_64"), memory="5G", bus="pci", boot=way,
                      append=r'httpd=off run="echo \"a  b\" c; free"') as session:
        session.expect("a  b c\n", SLOW)
        session.end(0)
    total = int(re.search(r"(\d+) MiB of memory", session.text)[1])
    assert 5100 < total <= 5120


def test_words_are_quoted_for_grub():
    assert grub.words_of(r'a  run="ps; \"x y\"" b"c d"e f\g "') == ["a", 'run=ps; "x y"', "bc de", r"f\g", ""]
    assert grub.quote('run=ps; "x y"') == """'run=ps; "x y"'"""
    for word in ("it's so", 'a"b', "a\\b", "a\nb"):
        with pytest.raises(grub.GrubError, match="cannot hand over"):
            grub.quote(word)


def test_only_a_pc_starts_from_a_disk():
    done = subprocess.run(["tools/qemu", "--machine", "riscv64", "--boot", "uefi", "image"], capture_output=True, text=True,
                          check=False)
    assert done.returncode and "only MACHINE=x86_64 starts from a disk" in done.stderr
