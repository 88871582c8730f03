// SPDX-License-Identifier: MIT
//
// What -drive describes. Chapter 15.
#pragma once

#include <stddef.h>

#include "boot/host/virtio_devices.h"

// Of "file=PATH,snapshot=on". Ends the process when it is no such thing.
struct drive drive_parse(const char *text);

// The next of items with commas between goes to `item`, a doubled comma as one. Returns where
// the one after it begins, NULL behind the last or when it is too long.
const char *drive_next_item(const char *text, char *item, size_t size);
