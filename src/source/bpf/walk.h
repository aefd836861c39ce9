/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * walk.h - walks the kernel's own structures: every process of the system with its files, queues,
 * mappings and signals; and names (mounts, files in memory, pinned objects) that outlive
 * processes. Each object that is reached is told once for each way in which it is.
 *
 * Needs machine_learn(), no other part of this source. Loading takes some ten ms, a walk about
 * 10 us for each open file.
 */
#ifndef FORKTALLY_BPF_WALK_H
#define FORKTALLY_BPF_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include "event/walk.h"
#include "source/bpf/machine.h"

struct walk;

typedef void (*walk_fn)(void *ctx, const struct walk_record *r); /* borrowed for the call */

/* Errors: -errno; -EPERM and others of bpf(2). */
int walk_open(const struct machine *m, walk_fn fn, void *ctx, struct walk **ret_walk);
void walk_close(struct walk *w);

/* Until the first of these everything is told; then only objects at these addresses, and few
 * others. */
void walk_want(struct walk *w, uint64_t address);
void walk_want_nothing(struct walk *w);

/* What the words of an object lead to. Errors: -errno; -ENOSPC: some records found no room. */
int walk_words(struct walk *w, uint64_t object, uint32_t bytes);

/**
 * walk_processes() - all processes that live, ours among them.
 * @ret_complete: false: some records found no room, or this kernel does not show memory maps.
 */
int walk_processes(struct walk *w, bool *ret_complete);

/* What a name keeps. thing 0: none does. */
struct walk_name {
	uint32_t thing, device; /* the device as the kernel writes it */
	uint64_t id;		/* inode */
	uint64_t pages;		/* of memory in it */
	uint64_t inode;		/* address of the object it lies in, 0: none */
	char text[64];
};
int walk_name(struct walk *w, uint64_t object, enum name_kind kind, struct walk_name *ret_name);

#endif
