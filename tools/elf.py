# SPDX-License-Identifier: MIT
"""What an ELF file says of itself: entry, sections, symbols.

Only what the tools need, with the standard library alone, so that it also works where nothing is installed yet and
costs a few milliseconds in every build. 64-bit little-endian files, which is what all machines here have.
"""
import struct
from collections import namedtuple

Section = namedtuple("Section", "name type address offset size link first_global entry_size flags")
Symbol = namedtuple("Symbol", "name value size section kind binding")
Segment = namedtuple("Segment", "type flags offset address size memory_size")

ABSOLUTE = 0xFF00  # section numbers from here on mean that there is none
SYMBOL_SIZE = 24
UNDEFINED = 0  # a symbol's section when another file has to define it
SYMTAB, NOBITS = 2, 8
LOCAL, GLOBAL, WEAK = 0, 1, 2
NO_KIND, FUNCTION = 0, 2
ALLOCATED, EXECUTABLE = 2, 4
RISCV = 243  # a machine
LOAD = 1


class NotElf(Exception):
    """The file is no 64-bit little-endian ELF file."""


def text_at(table, offset):
    return table[offset:table.index(b"\0", offset)].decode("utf-8", "replace")


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01" or len(self.data) < 64:
            raise NotElf(f"{path} is no 64-bit little-endian ELF file")
        (self.machine, self.entry, program, section, program_size, program_count, section_size, section_count,
         names) = struct.unpack_from("<18xH4xQQQ4x2xHHHHH", self.data)
        self.segments = [self._segment(program + i * program_size) for i in range(program_count)]
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.data, section + i * section_size)
               for i in range(section_count)]
        table = self.data[raw[names][4]:raw[names][4] + raw[names][5]] if raw else b""
        self.sections = [Section(text_at(table, r[0]), r[1], r[3], r[4], r[5], r[6], r[7], r[9], r[2]) for r in raw]

    def _segment(self, at):
        kind, flags, offset, address, _, size, memory_size = struct.unpack_from("<IIQQQQQ", self.data, at)
        return Segment(kind, flags, offset, address, size, memory_size)

    def symbols(self, with_locals=True):
        """All symbols, in the order of the file; the local ones come first."""
        for table in self.sections:
            if table.type != SYMTAB:
                continue
            strings = self.sections[table.link]
            names = self.data[strings.offset:strings.offset + strings.size]
            start = table.offset + (0 if with_locals else table.first_global * SYMBOL_SIZE)
            for name, info, _, section, value, size in struct.iter_unpack(
                    "<IBBHQQ", self.data[start:table.offset + table.size]):
                if name:
                    yield Symbol(text_at(names, name), value, size, section, info & 15, info >> 4)

    def first_section(self):
        """The section at the lowest address of those that are loaded."""
        loaded = [s for s in self.sections if s.flags & ALLOCATED and s.size and s.type != NOBITS]
        return min(loaded, key=lambda s: s.address, default=None)

    def loaded_range(self):
        loads = [s for s in self.segments if s.type == LOAD and s.memory_size]
        if not loads:
            return (0, 0)
        return min(s.address for s in loads), max(s.address + s.memory_size for s in loads)

    def describe(self, address):
        """'page_free+0x1c', or None when no function holds the address."""
        best = None
        for symbol in self.symbols():
            if UNDEFINED < symbol.section < ABSOLUTE and symbol.kind in (NO_KIND, FUNCTION) and \
                    symbol.value <= address and symbol.name[0] not in ".$":
                # At one address, a function's name says more than the linker script's.
                if not best or (symbol.value, symbol.kind) > (best.value, best.kind):
                    best = symbol
        if not best:
            return None
        offset = address - best.value
        if best.size and offset >= best.size:
            return None
        return f"{best.name}+{offset:#x}" if offset else best.name
