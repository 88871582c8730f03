// SPDX-License-Identifier: MIT
//
// Files as packets: what os_send_file() sends.
// Chapter 25.
#pragma once

#include <stddef.h>

#include "file.h"
#include "packet.h"
#include "user/os_net.h"

// The next bytes, `done` of them have gone already. A count and *packet; 0: the end of the
// file; an error of reading it, or -ENOMEM. Sleeps.
int socket_file_packet(struct file *file, const struct os_file_part *part, size_t done,
                       struct packet **packet);
