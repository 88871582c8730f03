// SPDX-License-Identifier: MIT
//
// DNS over TCP: for answers that are too long for a datagram (RFC 7766).
//
//   dns_stream_init()        once, after tcp_init() and dns_init()
//
// Chapter 23.
#pragma once

void dns_stream_init(void);
