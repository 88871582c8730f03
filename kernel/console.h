// SPDX-License-Identifier: MIT
//
// The console: where the kernel's words go and where keys come from.
//
//   console_write(bytes, n)     to the console device; before there is one, to the firmware's
//   console_set_device(device)  a driver takes over
//   console_set_receiver(f)     who gets the bytes that are typed (chapter 11)
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A device class: what a console driver provides. Its functions never sleep.
struct console_device {
    const char *name;
    void (*write)(struct console_device *device, const char *bytes, size_t count);
    // Takes up to `size` bytes that have been typed; 0 when there are none.
    size_t (*read)(struct console_device *device, char *bytes, size_t size);
    // Whether the device interrupts when bytes come: off holds them back in the device, so
    // that nothing is lost while nobody has room. NULL where the device cannot.
    void (*listen)(struct console_device *device, bool on);
    // Whether no more bytes will ever come. NULL where they always may.
    bool (*has_ended)(struct console_device *device);
};

void console_set_device(struct console_device *device);
// Another one that gets the same words and whose keys count; NULL: no longer. 0, or -EBUSY
// when there is a second one already.
int console_set_second(struct console_device *device);
struct console_device *console_device(void); // or NULL while the firmware's is in use

// "\n" goes out as "\r\n". Never sleeps, may be called anywhere, also in a panic.
void console_write(const char *bytes, size_t count);
// Takes up to `size` bytes that have been typed, from the device or the firmware; 0 when
// there are none.
size_t console_read(char *bytes, size_t size);
bool console_has_ended(void); // no more bytes will ever come
// Back to the firmware's console alone: for a panic in the console's own driver.
void console_fall_back(void);
// `available` is called in scheduler context when there is something for console_read().
void console_set_receiver(void (*available)(void));
// For drivers and boards: bytes may have come.
void console_notify(void);
