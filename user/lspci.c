// SPDX-License-Identifier: MIT
//
// lspci: lists the devices on the PCI bus; -v: and where their registers are
#include "os.h"

static const struct {
    uint32_t class, mask; // those of its bits that count
    const char *name;
} classes[] = {
    {0x060000, 0xffff00, "bridge to the processor"},
    {0x060100, 0xffff00, "bridge to ISA"},
    {0x060400, 0xffff00, "bridge"},
    {0x010000, 0xff0000, "storage"},
    {0x020000, 0xff0000, "network"},
    {0x030000, 0xff0000, "display"},
    {0x040000, 0xff0000, "sound, video"},
    {0x050000, 0xff0000, "memory"},
    {0x060000, 0xff0000, "other bridge"},
    {0x070000, 0xff0000, "communication"},
    {0x080000, 0xff0000, "system"},
    {0x090000, 0xff0000, "input"},
    {0x0c0000, 0xff0000, "serial bus"},
};

static const char *name_of(uint32_t class)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if ((class & classes[i].mask) == classes[i].class)
            return classes[i].name;
    }
    return "of no known class";
}

static void print_device(const struct os_pci_info *info)
{
    os_printf("%-8s %04x:%04x %06x  %s", info->name, info->vendor, info->device,
              (unsigned)info->class, name_of(info->class));
    if (info->first_bus > 0)
        os_printf(", buses %02x to %02x", info->first_bus, info->last_bus);
    if (info->behind[0])
        os_printf(", behind %s", info->behind);
    if (info->messages > 0)
        os_printf(", %u messages", info->messages);
    if (info->interrupt > 0)
        os_printf(", interrupt %u", info->interrupt);
    os_printf("\n");
}

// "16 KiB", or "32" bytes.
static void print_size(uint64_t bytes)
{
    static const char *const units[] = {" bytes", " KiB", " MiB", " GiB"};
    unsigned unit = 0;
    for (; unit < 3 && bytes >= 1024; unit++)
        bytes /= 1024;
    os_printf("%llu%s", (unsigned long long)bytes, units[unit]);
}

static void print_bars(const struct os_pci_info *info)
{
    for (unsigned i = 0; i < sizeof(info->bars) / sizeof(info->bars[0]); i++) {
        const struct os_pci_bar *bar = &info->bars[i];
        if (bar->size == 0)
            continue;
        os_printf("         bar %u: ", i);
        print_size(bar->size);
        if (bar->placed)
            os_printf(" at %#llx", (unsigned long long)bar->address);
        os_printf("%s%s%s\n", bar->placed ? "" : ", without an address",
                  bar->ports ? ", ports" : "", bar->prefetchable ? ", prefetchable" : "");
    }
}

int lspci_main(int argc, char **argv)
{
    struct os_pci_info info;
    bool verbose = argc == 2 && strcmp(argv[1], "-v") == 0;
    if (argc > 1 && !verbose)
        return os_usage("lspci [-v]");
    for (unsigned i = 0; os_pci_next(i, &info); i++) {
        print_device(&info);
        if (verbose)
            print_bars(&info);
    }
    if (!os_pci_next(0, &info))
        os_printf("there is nothing on PCI, or no PCI\n");
    return 0;
}
