// SPDX-License-Identifier: MIT
//
// os.h: what is on the PCI bus, for those who look.
// Chapter 28.
#include "drivers/pci/pci.h"
#include "string.h"
#include "user/os.h"

static void copy_bars(const struct pci_function *function, struct os_pci_info *info)
{
    for (unsigned i = 0; i < PCI_BARS_MAX; i++) {
        const struct pci_bar *bar = &function->bars[i];
        info->bars[i] = (struct os_pci_bar){
            .size = bar->size,
            .address = bar->start,
            .placed = bar->placed,
            .ports = bar->space == PCI_IO,
            .prefetchable = bar->prefetchable,
        };
    }
}

bool os_pci_next(unsigned i, struct os_pci_info *info)
{
    struct pci_function *function = NULL;
    do
        function = pci_next(function);
    while (function && i-- > 0);
    if (!function)
        return false;
    *info = (struct os_pci_info){
        .vendor = function->vendor,
        .device = function->device,
        .class = function->class,
        .first_bus = function->secondary,
        .last_bus = function->subordinate,
        .interrupt = function->source,
        .messages = function->messages,
    };
    strlcpy(info->name, function->name, sizeof(info->name));
    if (function->bridge)
        strlcpy(info->behind, function->bridge->name, sizeof(info->behind));
    copy_bars(function, info);
    return true;
}
