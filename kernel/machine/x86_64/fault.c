// SPDX-License-Identifier: MIT
//
// Addresses that cannot exist: of 64 bits the processor translates 48, and those above must
// repeat the highest of them. An address that is wrong in this way is no page fault, and the
// processor does not tell which one it was. So the instruction is read again, and its address
// worked out from the registers as they were (Intel 64 manual, vol. 2, chapter 2).
//
// This knows the instructions that compilers make of C. What it does not know gets a report
// without an address.
// Chapter 03.
#include "fault.h"

#include <stddef.h>

#include "image.h"
#include "machine.h"

enum { LENGTH_MAX = 15 }; // bytes of an instruction

// The prefix for 64-bit operands and registers 8 to 15.
enum { REX_FIRST = 0x40, REX_BASE = 1, REX_INDEX = 2 };

struct instruction {
    const uint8_t *next;    // behind what has been read
    unsigned rex, opcode;   // opcode: 0x100 added to those behind a byte 0x0f
    unsigned mode, field, base;
};

static bool can_exist(uintptr_t address)
{
    int64_t upper = (int64_t)address >> 47;
    return upper == 0 || upper == -1;
}

// The processor's numbers for registers are not the order in which trap.S saves them.
static uint64_t value_of(const struct machine_trap *trap, unsigned number)
{
    static const uint8_t places[8] = {0, 1, 2, 3, 0, 4, 5, 6};
    if (number == 4)
        return trap->rsp;
    return trap->r[number < 8 ? places[number] : number - 1];
}

static bool is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
           (byte & 0xe7) == 0x26;
}

static int32_t read_distance(const uint8_t *at, unsigned size)
{
    if (size == 1)
        return (int8_t)*at;
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                     (uint32_t)at[3] << 24);
}

static void read_opcode(struct instruction *it)
{
    while (is_prefix(*it->next))
        it->next++;
    if ((*it->next & 0xf0) == REX_FIRST)
        it->rex = *it->next++;
    it->opcode = *it->next++;
    if (it->opcode == 0x0f)
        it->opcode = 0x100u + *it->next++;
    it->mode = *it->next >> 6;
    it->field = *it->next >> 3 & 7;
    it->base = *it->next & 7;
    it->next++;
}

// The address of the operand in memory: base + index * scale + distance (2.1.5, 2.2.1).
// Addresses relative to rip always exist.
static uintptr_t address_of(const struct machine_trap *trap, const struct instruction *it)
{
    const uint8_t *next = it->next;
    unsigned base = it->base | (it->rex & REX_BASE ? 8 : 0);
    uint64_t index = 0;
    if (it->base == 4) {
        unsigned number = (*next >> 3 & 7) | (it->rex & REX_INDEX ? 8 : 0);
        if (number != 4)
            index = value_of(trap, number) << (*next >> 6);
        base = (*next++ & 7) | (it->rex & REX_BASE ? 8 : 0);
    }
    if (it->mode == 0 && it->base == 5)
        return 0;
    bool has_base = it->mode != 0 || (base & 7) != 5;
    unsigned size = it->mode == 1 ? 1 : it->mode == 2 || !has_base ? 4 : 0;
    uint64_t distance = size ? (uint64_t)(int64_t)read_distance(next, size) : 0;
    return (has_base ? value_of(trap, base) : 0) + index + distance;
}

// Whether the instruction has its operand described by a byte behind the opcode.
static bool has_operand(unsigned opcode)
{
    if (opcode < 0x40)
        return (opcode & 4) == 0;
    return opcode == 0x63 || opcode == 0x69 || opcode == 0x6b || (opcode & ~15u) == 0x80 ||
           (opcode & ~1u) == 0xc0 || (opcode & ~1u) == 0xc6 || (opcode & ~3u) == 0xd0 ||
           (opcode & ~9u) == 0xf6 || opcode >= 0x100;
}

static bool is_store(const struct instruction *it)
{
    unsigned opcode = it->opcode;
    if (opcode < 0x38)
        return (opcode & 2) == 0;                       // add to memory, and its like
    if (opcode == 0x80 || opcode == 0x81 || opcode == 0x83)
        return it->field != 7;                          // 7 compares
    if (opcode == 0xfe || opcode == 0xff)
        return it->field < 2;                           // add or take 1
    return (opcode & ~1u) == 0x88 || (opcode & ~1u) == 0xc6 || // mov
           (opcode & ~3u) == 0xd0 || (opcode & ~1u) == 0xc0 || // shifts
           (opcode & ~15u) == 0x190;                             // set on condition
}

static bool found(struct fault *fault, enum fault_access access, uintptr_t address)
{
    *fault = (struct fault){access, address};
    return !can_exist(address);
}

bool fault_find(const struct machine_trap *trap, struct fault *fault)
{
    if (!can_exist(trap->rip))
        return found(fault, FAULT_FETCH, trap->rip);
    if (!can_exist(trap->rsp))
        return found(fault, FAULT_STORE, trap->rsp);
    if (!image_has_code(trap->rip) || !image_has_code(trap->rip + LENGTH_MAX))
        return false;

    struct instruction it = {.next = (const uint8_t *)trap->rip};
    read_opcode(&it);
    if (it.opcode == 0xc3) // return
        return found(fault, FAULT_FETCH, *(const uintptr_t *)trap->rsp);
    if ((it.opcode & ~1u) == 0xa4 || (it.opcode & ~1u) == 0xaa) // copy and fill, rep or not
        return found(fault, FAULT_STORE, value_of(trap, 7)) ||
               found(fault, FAULT_LOAD, value_of(trap, 6));
    if (!has_operand(it.opcode))
        return false;
    if (it.mode != 3)
        return found(fault, is_store(&it) ? FAULT_STORE : FAULT_LOAD, address_of(trap, &it));
    bool is_jump = it.opcode == 0xff && (it.field == 2 || it.field == 4);
    return is_jump &&
           found(fault, FAULT_FETCH, value_of(trap, it.base | (it.rex & REX_BASE ? 8 : 0)));
}
