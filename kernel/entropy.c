// SPDX-License-Identifier: MIT
//
// Random bytes from the processor itself, where no device gives any.
//
// machine_entropy() in the clothes of an entropy device: random.c knows only those.
// Chapter 27.
#include "entropy.h"

#include "error.h"
#include "machine.h"
#include "print.h"
#include "random.h"

static int read(struct entropy_device *device, void *buffer, size_t size)
{
    return machine_entropy(buffer, size);
}

static struct entropy_device processor = {.name = "processor", .read = read};

void entropy_init(void)
{
    if (random_is_seeded())
        return;
    int error = random_set_device(&processor);
    if (error && error != -ENODEV && error != -EBUSY)
        log_warning("entropy: none from the processor: %s", error_text(error));
}
