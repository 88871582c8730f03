// SPDX-License-Identifier: MIT
//
// What trap.c takes from mmu.c, once there are page tables: what an address may be used
// for.
#pragma once

#include <stdint.h>

// `access_of` answers like machine_vm_access().
void trap_set_access(unsigned (*access_of)(uintptr_t address));
