/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * blocks.h - what the allocator hook (src/heap/) saw, as events: it stands between a source and
 * the books, passes all events on, and adds to them what blocks each process that forks kept.
 *
 * Adds a TAG, TAKEs with FRAMEs, OBJECTs of the private pool with OBJECT_OWN_FORKS behind the EXIT
 * of the process (or before END), and before END a BLIND for what the hook was not in.
 */
#ifndef FORKTALLY_SOURCE_HEAP_BLOCKS_H
#define FORKTALLY_SOURCE_HEAP_BLOCKS_H

#include "event/event.h"

#define BLOCKS_TAG	 "heap block"
#define BLOCKS_SITES_MAX 128 /* call stacks of one process that are told */

struct blocks;

/**
 * blocks_new() - make the region, and have programs that this process runs load the hook.
 * Sets two variables of the environment, so one at a time.
 * @emit:   gets all events.
 * @ret_why: one sentence, where it is not the system's error.
 * Errors:  -ENOENT the library is not where it should be; -EINVAL its path cannot stand in
 *          LD_PRELOAD; -errno of the region, -ENOMEM.
 */
int blocks_new(event_fn emit, void *emit_ctx, struct blocks **ret_blocks, const char **ret_why);
void blocks_free(struct blocks *b); /* and the environment is what it was */

/* An event_fn; ctx is the struct blocks. Errors: those of emit, -ENOMEM. */
int blocks_emit(void *ctx, const struct event *ev);

#endif
