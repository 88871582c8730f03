// SPDX-License-Identifier: MIT
//
// What is in a mounted image, for people. All complain; 0 or an error.
#pragma once

#include <stdbool.h>

struct os_status;
struct place;

int image_status(const char *path, bool follow, struct os_status *status); // silent
// A line for it, or for each entry of a folder; recursively, of folders in it as well.
int list_path(struct place *place, bool recursive);
int list_status(const char *path);
int list_file_system(void);
