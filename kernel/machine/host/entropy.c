// SPDX-License-Identifier: MIT
//
// The processor's own random bits: a process plays a device that gives the system's
// (virtio_rng_model.c), and has no others, so that a simulation can choose them all.
// Chapter 27.
#include <errno.h>

#include "machine.h"

int machine_entropy(void *buffer, size_t size)
{
    return -ENODEV;
}
