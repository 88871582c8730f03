# SPDX-License-Identifier: MIT
"""A disk that a PC starts from: GRUB, for BIOS and for UEFI, and the kernel with its command line.

    path = make_disk("build/x86_64/tsumiki", append='run="ps; free"')     build/x86_64/tsumiki.iso
    arguments("uefi", path)                                               QEMU's words for it

The same file is a hard disk, a USB stick and a CD. GRUB loads a file as it is to lie in memory, and enters it as its
multiboot2 header says (boot/x86_64/entry.S).
"""
import os
import re
import shutil
import subprocess
import tempfile

import elf

FIRMWARES = ("bios", "uefi")
# Where distributions have UEFI for QEMU; the last is a part of QEMU, which finds it by itself.
OVMF = ("/usr/share/ovmf/OVMF.fd", "/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_CODE.fd",
        "/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/OVMF/OVMF.fd", "edk2-x86_64-code.fd")
HANDOVER = "GRUB hands over to the kernel."
CONFIGURATION = """serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=0
set gfxpayload=text
menuentry "tsumiki" {
    multiboot2 /boot/tsumiki %s
    echo "%s"
}
"""


class GrubError(Exception):
    """The disk cannot be made; the text says why, for a person."""


def words_of(line):
    """The words of a command line, without their quotes: as kernel/cmdline.c reads it."""
    quoted = r'"(?:\\["\\]|[^"])*"?'
    words = re.findall(rf'(?:[^\s"]|{quoted})+', line)
    return [re.sub(quoted, lambda part: re.sub(r'\\(["\\])|"', r"\1", part[0]), word) for word in words]


def quote(word):
    """A word in GRUB's single quotes. It hands it on in double quotes when there is a space in it, and with backslashes
    before quotes and backslashes."""
    if "'" in word or "\n" in word or (" " not in word and ('"' in word or "\\" in word)):
        raise GrubError(f"GRUB cannot hand over this word of the command line as it is:  {word}\n"
                        "A ' never; a \" or a backslash only in a word with a space.")
    return f"'{word}'"


def flatten(image):
    """The image as it is to lie in memory, from its lowest address on."""
    kernel = elf.Elf(image)
    low, high = kernel.loaded_range()
    flat = bytearray(high - low)
    for part in kernel.segments:
        if part.type == elf.LOAD:
            flat[part.address - low:part.address - low + part.size] = kernel.data[part.offset:part.offset + part.size]
    return bytes(flat)


def make_disk(image, append=""):
    """Makes IMAGE.iso; returns its path."""
    program = shutil.which("grub-mkrescue") or shutil.which("grub2-mkrescue")
    if not program:
        raise GrubError("grub-mkrescue is not here. `make setup` installs it.")
    with tempfile.TemporaryDirectory(prefix="tsumiki-") as folder:
        os.makedirs(f"{folder}/boot/grub")
        with open(f"{folder}/boot/tsumiki", "wb") as kernel:
            kernel.write(flatten(image))
        with open(f"{folder}/boot/grub/grub.cfg", "w") as configuration:
            configuration.write(CONFIGURATION % (" ".join(map(quote, words_of(append))), HANDOVER))
        done = subprocess.run([program, "-o", f"{image}.iso", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    if done.returncode:
        raise GrubError(f"{program} failed:\n{done.stdout}")
    return f"{image}.iso"


def arguments(boot, disk):
    """QEMU's words: `boot` is a firmware, and possibly the device that the disk is: "uefi", "bios ide-cd"."""
    firmware, _, device = boot.partition(" ")
    uefi = ["-bios", next((path for path in OVMF if os.path.exists(path)), OVMF[-1])] if firmware == "uefi" else []
    return [*uefi, "-drive", f"if=none,id=boot,format=raw,snapshot=on,file={disk}",
            "-device", f"{device or 'ide-hd'},drive=boot,bootindex=0"]
