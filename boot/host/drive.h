// SPDX-License-Identifier: MIT
//
// What -drive describes. Chapter 15.
#pragma once

#include "boot/host/virtio_devices.h"

// Of "file=PATH,snapshot=on". Ends the process when it is no such thing.
struct drive drive_parse(const char *text);
