// SPDX-License-Identifier: MIT
//
// kernel/fdt.c and kernel/fdt_reg.c: a small tree built by hand, then trees that lie.
#include "fdt.h"

#include "cmdline.h"
#include "error.h"
#include "format.h"
#include "machine.h"
#include "print.h"
#include "string.h"
#include "tree.h"
#include "unit.h"

static const struct boot_info *boot_info;

void unit_setup(const struct boot_info *boot)
{
    boot_info = boot;
    log_set_console_level(LOG_ERROR); // each tree that is refused is logged as a warning
}

static void build_machine(void)
{
    start_tree();
    begin("");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    property("compatible", "test,board\0test,family", 23);
    put(NOP);
    begin("chosen");
    property("bootargs", "run=ps", 7);
    property("empty", "", 0);
    property("open", "abc", 3);
    put(END_NODE);
    begin("memory@80000000");
    CELLS("reg", 0, 0x80000000, 0, 0x8000000, 1, 0, 0, 0x1000);
    put(END_NODE);
    begin("soc");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    begin("serial@1000");
    CELLS("reg", 0x1000, 0x100);
    CELLS("interrupts", 10, 11);
    property("compatible", "ns16550a", 9);
    put(END_NODE);
    begin("serialize");
    put(END_NODE);
    begin("plic@2000");
    CELLS("phandle", 7);
    CELLS("reg", 0x2000, 0x200);
    property("compatible", "sifive,plic\0riscv,plic0", 24);
    put(END_NODE);
    begin("serial@3000");
    property("compatible", "ns16550a", 9);
    CELLS("reg", 0x3000);
    put(END_NODE);
    put(END_NODE);
    begin("odd");
    CELLS("#size-cells", 0);
    begin("cpu@3");
    CELLS("reg", 0, 3);
    put(END_NODE);
    put(END_NODE);
    put(END_NODE);
    end_tree();
}

static struct fdt tree;

static void paths(void)
{
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/")), "");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/chosen")), "chosen");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/soc/serial")), "serial@1000");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/soc/serial@3000")), "serial@3000");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/soc/serialize")), "serialize");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "//soc//plic/")), "plic@2000");
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/odd/cpu")), "cpu@3");
    CHECK_EQUAL(fdt_find(&tree, "/soc/seria"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, "/soc/serial@1"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, "/serial"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, "/chosen/serial"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, "/soc/serial/cpu"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, "chosen"), FDT_NONE);
    CHECK_EQUAL(fdt_find(&tree, ""), FDT_NONE);
    CHECK_STRING(fdt_name(&tree, FDT_NONE), "");
}

static void family(void)
{
    char names[128] = "";
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    for (fdt_node node = fdt_child(&tree, fdt_find(&tree, "/")); node != FDT_NONE;
         node = fdt_sibling(&tree, node))
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s ",
                 fdt_name(&tree, node));
    CHECK_STRING(names, "chosen memory@80000000 soc odd ");
    CHECK_EQUAL(fdt_child(&tree, fdt_find(&tree, "/chosen")), FDT_NONE);
    CHECK_EQUAL(fdt_sibling(&tree, fdt_find(&tree, "/odd/cpu")), FDT_NONE);
    CHECK_EQUAL(fdt_sibling(&tree, fdt_find(&tree, "/")), FDT_NONE);
    CHECK_EQUAL(fdt_child(&tree, FDT_NONE), FDT_NONE);
    CHECK_EQUAL(fdt_sibling(&tree, FDT_NONE), FDT_NONE);
}

static void order_of_the_blob(void)
{
    char names[160] = "";
    int depth;
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    for (fdt_node node = FDT_NONE; (node = fdt_next(&tree, node, &depth)) != FDT_NONE;)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%d%s ", depth,
                 fdt_name(&tree, node));
    CHECK_STRING(
        names,
        "0 1chosen 1memory@80000000 1soc 2serial@1000 2serialize 2plic@2000 2serial@3000 "
        "1odd 2cpu@3 ");
}

static void properties(void)
{
    uint32_t length = 99;
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    fdt_node chosen = fdt_find(&tree, "/chosen"), serial = fdt_find(&tree, "/soc/serial");

    CHECK_STRING(fdt_string(&tree, chosen, "bootargs"), "run=ps");
    CHECK(fdt_property(&tree, chosen, "bootargs", &length) != NULL);
    CHECK_EQUAL(length, 7);
    CHECK(fdt_property(&tree, chosen, "empty", &length) != NULL);
    CHECK_EQUAL(length, 0);
    CHECK(fdt_string(&tree, chosen, "empty") == NULL);
    CHECK(fdt_string(&tree, chosen, "open") == NULL); // no terminating 0
    CHECK(fdt_property(&tree, chosen, "bootarg", NULL) == NULL);
    CHECK(fdt_property(&tree, chosen, "bootargss", NULL) == NULL);
    CHECK(fdt_property(&tree, chosen, "", NULL) == NULL);
    CHECK(fdt_property(&tree, fdt_find(&tree, "/soc"), "interrupts", NULL) ==
          NULL); // its child has it
    CHECK(fdt_property(&tree, FDT_NONE, "reg", NULL) == NULL);
    CHECK(fdt_property(&tree, chosen + 4, "bootargs", NULL) == NULL); // no node

    CHECK_EQUAL(fdt_cell(&tree, serial, "interrupts", 0, 99), 10);
    CHECK_EQUAL(fdt_cell(&tree, serial, "interrupts", 1, 99), 11);
    CHECK_EQUAL(fdt_cell(&tree, serial, "interrupts", 2, 99), 99);
    CHECK_EQUAL(fdt_cell(&tree, serial, "interrupts", 0x40000000, 99), 99);
    CHECK_EQUAL(fdt_cell(&tree, serial, "none", 0, 99), 99);
}

static void compatible(void)
{
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    fdt_node root = fdt_find(&tree, "/");
    CHECK(fdt_is_compatible(&tree, root, "test,board"));
    CHECK(fdt_is_compatible(&tree, root, "test,family") == true);
    CHECK(!fdt_is_compatible(&tree, root, "test"));
    CHECK(!fdt_is_compatible(&tree, root, ""));

    fdt_node first = fdt_find_compatible(&tree, FDT_NONE, "ns16550a");
    fdt_node second = fdt_find_compatible(&tree, first, "ns16550a");
    CHECK_STRING(fdt_name(&tree, first), "serial@1000");
    CHECK_STRING(fdt_name(&tree, second), "serial@3000");
    CHECK_EQUAL(fdt_find_compatible(&tree, second, "ns16550a"), FDT_NONE);
    CHECK_STRING(fdt_name(&tree, fdt_find_compatible(&tree, FDT_NONE, "riscv,plic0")),
                 "plic@2000");
    CHECK_EQUAL(fdt_find_compatible(&tree, FDT_NONE, "test,board"), root);
    CHECK_STRING(fdt_name(&tree, fdt_find_phandle(&tree, 7)), "plic@2000");
    CHECK_EQUAL(fdt_find_phandle(&tree, 8), FDT_NONE);
    CHECK_EQUAL(fdt_find_phandle(&tree, 0), FDT_NONE);
}

static bool has_reg(const char *path, unsigned i, uint64_t address, uint64_t size)
{
    uint64_t found_address, found_size;
    return fdt_reg(&tree, fdt_find(&tree, path), i, &found_address, &found_size) &&
           found_address == address && found_size == size;
}

static void registers(void)
{
    uint64_t address, size;
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK(has_reg("/memory", 0, 0x80000000, 0x8000000));
    CHECK(has_reg("/memory", 1, 0x100000000, 0x1000));
    CHECK(!fdt_reg(&tree, fdt_find(&tree, "/memory"), 2, &address, &size));
    CHECK(!fdt_reg(&tree, fdt_find(&tree, "/memory"), UINT32_MAX, &address, &size));
    CHECK(has_reg("/soc/plic", 0, 0x2000, 0x200));
    CHECK(has_reg("/soc/serial", 0, 0x1000, 0x100)); // against the order of the blob
    CHECK(has_reg("/odd/cpu", 0, 3, 0));             // two cells by default, and no size
    CHECK(has_reg("/soc/plic", 0, 0x2000, 0x200));
    CHECK(!fdt_reg(&tree, fdt_find(&tree, "/soc/serial@3000"), 0, &address,
                   &size)); // half a pair
    CHECK(!fdt_reg(&tree, fdt_find(&tree, "/soc"), 0, &address, &size));
    CHECK(!fdt_reg(&tree, fdt_find(&tree, "/"), 0, &address, &size));
    CHECK(!fdt_reg(&tree, FDT_NONE, 0, &address, &size));
}

static void two_trees_at_one_place(void)
{
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK(has_reg("/soc/plic", 0, 0x2000, 0x200));

    start_tree(); // the same nodes at the same places, with other parents
    begin("");
    CELLS("#address-cells", 1);
    begin("memory");
    CELLS("reg", 5, 6);
    put(END_NODE);
    put(END_NODE);
    end_tree();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK(has_reg("/memory", 0, 5, 6));
}

static void reservations(void)
{
    uint64_t address, size;
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK(fdt_reservation(&tree, 0, &address, &size));
    CHECK(address == 0x80000000 && size == 0x200000);
    CHECK(fdt_reservation(&tree, 1, &address, &size));
    CHECK(address == 0x100000002 && size == 0x300000004);
    CHECK(!fdt_reservation(&tree, 2, &address, &size));
    CHECK(!fdt_reservation(&tree, 3, &address, &size));
    CHECK(!fdt_reservation(&tree, UINT32_MAX, &address, &size));
    tree.reservations = tree.size - 8; // no end within the blob
    CHECK(!fdt_reservation(&tree, 0, &address, &size));
    tree.reservations = UINT32_MAX;
    CHECK(!fdt_reservation(&tree, 0, &address, &size));
}

// Opens the tree with one word of its header changed.
static int open_with(enum header_word word, uint32_t value)
{
    build_machine();
    blob[word] = big_endian(value);
    return fdt_open(&tree, blob, sizeof blob);
}

static void bad_headers(void)
{
    CHECK_EQUAL(open_with(HART, 3), 0);
    CHECK_EQUAL(open_with(MAGIC, 0xd00dfeee), -EINVAL);
    CHECK_EQUAL(open_with(TOTAL, 39), -EINVAL);
    CHECK_EQUAL(open_with(TOTAL, sizeof blob + 4), -EINVAL);
    CHECK_EQUAL(open_with(TOTAL, UINT32_MAX), -EINVAL);
    CHECK_EQUAL(open_with(VERSION, 16), -EINVAL);
    CHECK_EQUAL(open_with(OLDEST, 18), -EINVAL);
    CHECK_EQUAL(open_with(STRUCTURE, 89), -EINVAL);
    CHECK_EQUAL(open_with(STRUCTURE, UINT32_MAX - 3), -EINVAL);
    CHECK_EQUAL(open_with(STRUCTURE_LENGTH, 0), -EINVAL);
    CHECK_EQUAL(open_with(STRUCTURE_LENGTH, UINT32_MAX), -EINVAL);
    CHECK_EQUAL(open_with(STRINGS, sizeof blob), -EINVAL);
    CHECK_EQUAL(open_with(STRINGS_LENGTH, UINT32_MAX), -EINVAL);
    CHECK_EQUAL(fdt_open(&tree, NULL, sizeof blob), -EINVAL);
    build_machine();
    CHECK_EQUAL(fdt_open(&tree, (const char *)blob + 4, sizeof blob - 4), -EINVAL);
    for (size_t limit = 0; limit < 4 * words; limit += 13)
        CHECK_EQUAL(fdt_open(&tree, blob, limit), -EINVAL);
    CHECK_EQUAL(fdt_open(&tree, blob, 4 * words), 0);
}

static void nested_too_deep(void)
{
    uint64_t address, size;
    start_tree();
    begin("");
    for (int depth = 1; depth <= FDT_DEPTH_MAX + 4; depth++)
        begin("n");
    CELLS("reg", 0, 1, 2);
    for (int depth = 1; depth <= FDT_DEPTH_MAX + 4; depth++)
        put(END_NODE);
    begin("after");
    put(END_NODE);
    put(END_NODE);
    end_tree();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);

    int depth, deepest = 0;
    for (fdt_node node = FDT_NONE; (node = fdt_next(&tree, node, &depth)) != FDT_NONE;) {
        deepest = depth > deepest ? depth : deepest;
        fdt_reg(&tree, node, 0, &address, &size);
    }
    CHECK_EQUAL(deepest, FDT_DEPTH_MAX);
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/after")), "after"); // the rest is there
}

static void no_end(void)
{
    start_tree();
    begin("");
    begin("a");
    CELLS("reg", 1, 2);
    end_tree();
    CHECK_EQUAL(fdt_open(&tree, blob, sizeof blob), 0);
    CHECK_STRING(fdt_name(&tree, fdt_find(&tree, "/a")), "a");
    CHECK_EQUAL(fdt_sibling(&tree, fdt_find(&tree, "/a")), FDT_NONE);
    CHECK(fdt_property(&tree, fdt_find(&tree, "/a"), "none", NULL) == NULL);
}

// Asks everything of every node. What comes out does not matter; nothing outside the blob
// may be touched.
static void ask_everything(const struct fdt *of)
{
    uint64_t address, size;
    uint32_t length;
    int depth, nodes = 0;
    for (fdt_node node = FDT_NONE;
         (node = fdt_next(of, node, &depth)) != FDT_NONE && nodes < 1000; nodes++) {
        strlen(fdt_name(of, node));
        const uint8_t *value = fdt_property(of, node, "compatible", &length);
        for (uint32_t i = 0; value && i < length; i++)
            __asm__ volatile("" ::"r"(value[i]));
        fdt_string(of, node, "bootargs");
        fdt_is_compatible(of, node, "riscv,plic0");
        for (unsigned i = 0; i < 3; i++)
            fdt_reg(of, node, i, &address, &size);
        fdt_child(of, node);
        fdt_sibling(of, node);
    }
    fdt_find(of, "/soc/serial@3000");
    fdt_find_phandle(of, 7);
    for (unsigned i = 0; i < 100 && fdt_reservation(of, i, &address, &size); i++)
        ;
}

static void random_damage(void)
{
    uint64_t state = cmdline_number("seed", machine_clock_ns() | 1);
    print("seed=%llu", (unsigned long long)state);
    for (int round = 0; round < 2000; round++) {
        build_machine();
        size_t size = 4 * words;
        for (unsigned changes = 1 + unit_random(&state) % 4; changes > 0; changes--)
            ((uint8_t *)blob)[unit_random(&state) % size] = (uint8_t)unit_random(&state);
        // The bytes behind are out of bounds where the machine checks accesses (host).
        machine_poison((uint8_t *)blob + size, sizeof blob - size);
        if (fdt_open(&tree, blob, size) == 0)
            ask_everything(&tree);
        machine_unpoison((uint8_t *)blob + size, sizeof blob - size);
    }
}

static void the_tree_of_this_machine(void)
{
    if (!boot_info->device_tree)
        return; // there is none on host
    CHECK_EQUAL(fdt_open(&tree, boot_info->device_tree, FDT_SIZE_MAX), 0);
    ask_everything(&tree);
    CHECK(fdt_find(&tree, "/cpus") != FDT_NONE);
    CHECK(fdt_find_compatible(&tree, FDT_NONE, "virtio,mmio") != FDT_NONE);
}

const struct test unit_tests[] = {
    {"paths", paths},
    {"family", family},
    {"order of the blob", order_of_the_blob},
    {"properties", properties},
    {"compatible", compatible},
    {"registers", registers},
    {"two trees at one place", two_trees_at_one_place},
    {"reservations", reservations},
    {"bad headers", bad_headers},
    {"nested too deep", nested_too_deep},
    {"no end", no_end},
    {"random damage", random_damage},
    {"the tree of this machine", the_tree_of_this_machine},
    {0},
};
