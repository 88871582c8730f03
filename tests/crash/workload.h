// SPDX-License-Identifier: MIT
//
// A workload: operations at random, done on what is mounted on "/" and on a model of it.
#pragma once

#include "disk_model.h"
#include "model.h"

struct workload {
    struct operation *operations;
    unsigned count;
    uint64_t random;
};

// Does `count` operations or some more, on what the model says is there; the disk notes where
// each begins and ends. 0, or an error: something failed that must not, which was told.
int workload_run(struct workload *workload, const struct model *start, unsigned count,
                 struct disk_model *disk);
void operation_print(unsigned number, const struct operation *operation);
