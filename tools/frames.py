# SPDX-License-Identifier: MIT
"""How large the frame of each function is: the table of call frames in .debug_frame (DWARF 2 to 5, 6.4).

    frames.sizes(elf.Elf("build/riscv64-small/tsumiki"))[address]   (bytes, how far below its upper end the caller's
                                                                     address lies, or 0 when it stays in a register)

Functions of ours move the stack pointer when they begin and when they end, so the largest distance is the one in between.
"""
import struct

import lines

CIE = 0xFFFFFFFF
# What follows an instruction: b, h, w, d: that many bytes; u, s: a LEB128 number; x: a block, its length before it.
OPERANDS = {0x00: "", 0x01: "d", 0x02: "b", 0x03: "h", 0x04: "w", 0x05: "uu", 0x06: "u", 0x07: "u", 0x08: "u", 0x09: "uu",
            0x0A: "", 0x0B: "", 0x0C: "uu", 0x0D: "u", 0x0E: "u", 0x0F: "x", 0x10: "ux",
            0x11: "us", 0x12: "us", 0x13: "s"}
WIDTHS = {"b": 1, "h": 2, "w": 4, "d": 8}


def instructions(code, at, end):
    """[(operation, operands)]; those with an operand in their lowest six bits give it first."""
    while at < end:
        byte = code[at]
        at += 1
        operation, values = (byte & 0xC0, [byte & 0x3F]) if byte & 0xC0 else (byte, [])
        for kind in ("u" if operation == 0x80 else "") if byte & 0xC0 else OPERANDS[operation]:
            value, at = (0, at + WIDTHS[kind]) if kind in WIDTHS else lines.leb128(code, at, kind == "s")
            values.append(value)
            at += value if kind == "x" else 0
        yield operation, values


def read_cie(code, at):
    """(factor of offsets, the return address's register, where its instructions begin)."""
    version, at = code[at], code.index(b"\0", at + 1) + 1
    at += 2 if version >= 4 else 0
    _, at = lines.leb128(code, at)
    factor, at = lines.leb128(code, at, signed=True)
    register, at = (code[at], at + 1) if version == 1 else lines.leb128(code, at)
    return factor, register, at


def read_frame(code, at, end, cie, frame=(0, 0)):
    """The largest (size, distance) among these instructions; `frame` is how it begins."""
    factor, register, _ = cie
    size, distance = frame
    for operation, values in instructions(code, at, end):
        if operation in (0x0C, 0x0E):
            size = max(size, values[-1])
        elif operation == 0x80 and values[0] == register:
            distance = -values[1] * factor
    return size, distance


def sizes(elf):
    code, at, found, cies = lines.contents(elf, ".debug_frame"), 0, {}, {}
    while at < len(code):
        start = at
        length, kind = struct.unpack_from("<II", code, at)
        at += 4 + length
        if kind == CIE:
            cie = read_cie(code, start + 8)
            cies[start] = cie, read_frame(code, cie[-1], at, cie)
        else:
            cie, frame = cies[kind]
            found[struct.unpack_from("<Q", code, start + 8)[0]] = read_frame(code, start + 24, at, cie, frame)
    return found
