# SPDX-License-Identifier: MIT
"""Which line of which file each address of an image came from: the line programs in .debug_line (DWARF 2 to 5, 6.2).

    for address, path, line in lines.rows(elf.Elf("build/riscv64/tsumiki")): ...

The standard library alone, and only what this asks for: every image is waited for, and pyelftools took eight times as long.
"""
import os
import struct
import zlib

COMPRESSED = 0x800  # a section's flag
PATH, DIRECTORY = 1, 2  # what a table of files says of one
STRING, BLOCK, UDATA, STRP, LINE_STRP = 0x08, 0x09, 0x0F, 0x0E, 0x1F
SIZES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}  # of values that are of no interest here


def contents(elf, name):
    for section in elf.sections:
        if section.name == name:
            data = elf.data[section.offset : section.offset + section.size]
            return zlib.decompress(data[24:]) if section.flags & COMPRESSED else data
    return b""


def leb128(code, at, signed=False):
    """(value, where the next byte is)."""
    value = shift = 0
    while True:
        byte = code[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value - (1 << shift) if signed and byte & 0x40 else value, at


def string(data, at):
    """(text, where the next byte is)."""
    end = data.index(b"\0", at)
    return data[at:end].decode(errors="replace"), end + 1


class Unit:
    """The line program of one object: its header, and where its instructions are."""

    def __init__(self, code, start, pools):
        self.code, self.pools = code, pools
        length, self.version = struct.unpack_from("<IH", code, start)
        self.end = start + 4 + length
        at = start + (8 if self.version >= 5 else 6)
        self.program = at + 4 + struct.unpack_from("<I", code, at)[0]
        self.step = code[at + 4]
        at += 7 if self.version >= 4 else 6
        self.line_base, self.line_range, self.first = struct.unpack_from("<bBB", code, at)
        self.operands = code[at + 3 : at + 2 + self.first]
        at += 2 + self.first
        table = self._table if self.version >= 5 else self._old_table
        self.directories, at = table(at, False)
        self.files, at = table(at, True)

    def _table(self, at, _):
        """([(name, directory)], where the next byte is)."""
        form, at = self.code[at + 1 : at + 1 + 2 * self.code[at]], at + 1 + 2 * self.code[at]
        count, at = leb128(self.code, at)
        entries = []
        for _ in range(count):
            entry = {}
            for what, kind in zip(form[::2], form[1::2]):
                entry[what], at = self._value(kind, at)
            entries.append((entry[PATH], entry.get(DIRECTORY, 0)))
        return entries, at

    def _value(self, kind, at):
        if kind in self.pools:  # a place among the strings of all objects
            return (self.pools[kind], struct.unpack_from("<I", self.code, at)[0]), at + 4
        if kind == UDATA:
            return leb128(self.code, at)
        if kind == STRING:
            return (self.code, at), string(self.code, at)[1]
        if kind == BLOCK:
            size, at = leb128(self.code, at)
            return None, at + size
        if kind == 0x0B:
            return self.code[at], at + 1
        return None, at + SIZES[kind]

    def _old_table(self, at, of_files):
        """The same for versions up to 4."""
        entries = []
        while self.code[at]:
            name, directory = (self.code, at), 0
            at = string(self.code, at)[1]
            if of_files:
                directory, at = leb128(self.code, at)
                at = leb128(self.code, leb128(self.code, at)[1])[1]  # time, size
            entries.append((name, directory))
        return entries, at + 1

    def path(self, index):
        """The path of a file, relative to the tree when it lies inside."""
        first = 0 if self.version >= 5 else 1  # older versions count from 1, and do not name where the compiler ran: the tree
        if not first <= index < len(self.files) + first:
            return ""
        name, directory = self.files[index - first]
        name = string(*name)[0]
        if directory > 0:
            name = os.path.join(string(*self.directories[directory - first][0])[0], name)
        name = os.path.normpath(name)
        return os.path.relpath(name) if name.startswith(os.getcwd() + os.sep) else name

    def run(self):
        """[(address, file, line)]: what the program says (DWARF 5, 6.2.5)."""
        code, at, first, step = self.code, self.program, self.first, self.step
        base, width = self.line_base, self.line_range
        rows = []
        address, file, line = 0, 1, 1
        while at < self.end:
            opcode = code[at]
            at += 1
            if opcode >= first:  # a special one: both steps and a row
                address += (opcode - first) // width * step
                line += base + (opcode - first) % width
                rows.append((address, file, line))
            elif opcode == 1:  # copy
                rows.append((address, file, line))
            elif opcode == 2:  # advance_pc
                forward, at = leb128(code, at)
                address += forward * step
            elif opcode == 3:  # advance_line
                forward, at = leb128(code, at, signed=True)
                line += forward
            elif opcode == 4:  # set_file
                file, at = leb128(code, at)
            elif opcode == 8:  # const_add_pc
                address += (255 - first) // width * step
            elif opcode == 9:  # fixed_advance_pc
                address += int.from_bytes(code[at : at + 2], "little")
                at += 2
            elif opcode == 0:  # an extended one: its length, its number
                length, at = leb128(code, at)
                if code[at] == 1:  # end_sequence
                    address, file, line = 0, 1, 1
                elif code[at] == 2:  # set_address
                    address = int.from_bytes(code[at + 1 : at + length], "little")
                at += length
            else:
                for _ in range(self.operands[opcode - 1]):
                    _, at = leb128(code, at)
        return rows


def rows(elf):
    """[(address, path, line)] of everything that was compiled with line information."""
    code = contents(elf, ".debug_line")
    pools = {LINE_STRP: contents(elf, ".debug_line_str"), STRP: contents(elf, ".debug_str")}
    at = 0
    while at < len(code):
        unit = Unit(code, at, pools)
        paths = {}
        for address, file, line in unit.run():
            if file not in paths:
                paths[file] = unit.path(file)
            yield address, paths[file], line
        at = unit.end
