// SPDX-License-Identifier: MIT
//
// Random calls to a file system, each also made to a model of it: every answer, and from
// time to time everything there is, has to be the same.
//
//   static const struct fs_model_options options = {
//       .root = "/mnt", .steps = 5000, .size_max = 65536, .remount = remount};
//   CHECK(fs_model_run(&options, machine_clock_ns()));
//
// The directory must be empty at the start. What failed is printed with the seed.
#pragma once

#include "fs_model_handles.h"

static inline bool model_close_all(void)
{
    bool same = true;
    for (unsigned i = 0; i < MODEL_HANDLES; i++) {
        if (model_run.handles[i].handle >= 0)
            same = model_close(&model_run.handles[i]) && same;
    }
    return same;
}

static inline bool model_step_once(void)
{
    unsigned kind = model_random(1000);
    struct model_handle *handle = &model_run.handles[model_random(MODEL_HANDLES)];
    if (kind < 4)
        return model_compare();
    if (kind < 7 && model_options.remount)
        return model_close_all() && model_options.remount() && model_compare();
    if (kind < 10)
        return model_same("os_sync()", os_sync(), 0);
    if (kind < 400)
        return model_change_name();
    if (handle->handle < 0)
        return model_random_open(handle);
    return model_use(handle, model_random(10));
}

// False: something was not as it should be, and has been printed. What it made is left.
static inline bool fs_model_run(const struct fs_model_options *options, uint64_t seed)
{
    model_options = *options;
    model.root = options->root;
    model_run.seed = model_run.state = seed | 1;
    model_run.buffer = heap_alloc(options->size_max);
    for (unsigned i = 0; i < MODEL_HANDLES; i++)
        model_run.handles[i].handle = -1;
    for (int i = 0; i < MODEL_NODES; i++)
        model.nodes[i] = (struct model_node){0};
    model.nodes[model_new(OS_TYPE_DIRECTORY)].names = 1;
    bool same = model_run.buffer != NULL;
    for (model_run.step = 0; same && model_run.step < options->steps; model_run.step++)
        same = model_step_once();
    same = same && model_compare() && model_close_all() && model_compare();
    for (int i = 0; i < MODEL_NODES; i++)
        heap_free(model.nodes[i].data);
    heap_free(model_run.buffer);
    return same;
}
