// SPDX-License-Identifier: MIT
//
// Page tables: what pages may be used for. The faults are provoked by chapter 08's program.
#include "boot/board.h"
#include "error.h"
#include "machine.h"
#include "page.h"
#include "unit.h"
#include "vm.h"

enum { GUARDS = 100, DATA = MACHINE_READ | MACHINE_WRITE };

static const struct board *board;
static const int constant = 1;
static int variable = 1;

void unit_setup(const struct boot_info *boot)
{
    board = board_describe(boot);
    page_init(board->memory, board->memory_count);
    vm_init(board);
}

static unsigned access_of(const volatile void *address)
{
    return machine_vm_access((uintptr_t)address);
}

static void image_has_its_rights(void)
{
    CHECK_EQUAL(access_of((const void *)(uintptr_t)unit_setup), MACHINE_READ | MACHINE_EXECUTE);
    CHECK_EQUAL(access_of(&constant), MACHINE_READ);
    CHECK_EQUAL(access_of(&variable), DATA);
    CHECK_EQUAL(access_of(__builtin_frame_address(0)), DATA);
}

static void memory_is_data(void)
{
    for (unsigned i = 0; i < board->memory_count; i++) {
        const struct memory_range *range = &board->memory[i];
        CHECK_EQUAL(machine_vm_access(range->start), DATA);
        CHECK_EQUAL(machine_vm_access(range->start + range->size - 1), DATA);
    }
}

static void nothing_at_null(void)
{
    CHECK_EQUAL(access_of(NULL), MACHINE_NO_ACCESS);
    CHECK_EQUAL(machine_vm_access(PAGE_SIZE), MACHINE_NO_ACCESS);
    CHECK_EQUAL(machine_vm_access(65535), MACHINE_NO_ACCESS);
}

static void boot_stacks_are_guarded(void)
{
    struct machine_image image = machine_image();
    CHECK_EQUAL(machine_vm_access(image.boot_stack_guard), MACHINE_NO_ACCESS);
    CHECK_EQUAL(machine_vm_access(image.boot_stack_guard + PAGE_SIZE), DATA);
    if (image.trap_stack_guard)
        CHECK_EQUAL(machine_vm_access(image.trap_stack_guard), MACHINE_NO_ACCESS);
}

static void guards_change_one_page_only(void)
{
    uint8_t *pages = page_alloc(3 * GUARDS);
    CHECK(pages != NULL);
    for (unsigned i = 0; i < GUARDS; i++)
        CHECK_EQUAL(vm_guard(pages + (3 * i + 1) * PAGE_SIZE), 0);
    for (unsigned i = 0; i < 3 * GUARDS; i++)
        CHECK_EQUAL(access_of(pages + i * PAGE_SIZE), i % 3 == 1 ? MACHINE_NO_ACCESS : DATA);
    for (unsigned i = 0; i < GUARDS; i++)
        vm_unguard(pages + (3 * i + 1) * PAGE_SIZE);
    for (unsigned i = 0; i < 3 * GUARDS; i++) {
        CHECK_EQUAL(access_of(pages + i * PAGE_SIZE), DATA);
        pages[i * PAGE_SIZE] = 1; // and it is so
    }
    page_free(pages, 3 * GUARDS);
}

static void wrong_ranges_are_refused(void)
{
    uint8_t *page = page_alloc(1);
    uintptr_t address = (uintptr_t)page;
    CHECK_EQUAL(machine_vm_protect(address + 1, PAGE_SIZE, MACHINE_NO_ACCESS), -EINVAL);
    CHECK_EQUAL(machine_vm_protect(address, PAGE_SIZE - 1, MACHINE_NO_ACCESS), -EINVAL);
    CHECK_EQUAL(machine_vm_protect(0, PAGE_SIZE, DATA), -EINVAL);
    CHECK_EQUAL(access_of(page), DATA);
    page_free(page, 1);
}

const struct test unit_tests[] = {
    {"the image has its rights", image_has_its_rights},
    {"memory is data", memory_is_data},
    {"nothing at null", nothing_at_null},
    {"boot stacks are guarded", boot_stacks_are_guarded},
    {"guards change one page only", guards_change_one_page_only},
    {"wrong ranges are refused", wrong_ranges_are_refused},
    {0},
};
