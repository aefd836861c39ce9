/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tables.h - the exact source's kernel programs, loaded, and their tables mapped into this process.
 */
#ifndef FORKTALLY_BPF_TABLES_H
#define FORKTALLY_BPF_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "event/table.h"
#include "source/bpf/machine.h"

struct exact_bpf;
struct ask_bpf;

#define TABLE_ACCOUNTS 65536u
#define TABLE_TASKS    8192u /* buckets */
#define TABLE_TAKES    8192u
static_assert(TABLE_ACCOUNTS <= 1u << 16 && TABLE_TAKES < 1u << 16,
	      "a slot fits into struct object_entry");
#define JUDGE_FORKS    4u /* a holder with fewer forks cannot show growth */

struct tables {
	struct exact_bpf *exact;
	struct ask_bpf *ask;
	struct object_bucket *objects;
	uint32_t object_buckets, far_mask;
	struct account_slot *accounts;
	struct take_slot *takes;
	struct tag_counts *counts; /* one for each CPU */
	struct grown_page *grown;
	uint32_t cpus;
	uint32_t page_bytes;
	uint32_t payer_bytes; /* charged for each slab object beside its size */
	struct tree_state *tree;
	struct tag_slot *tags;
	int records_fd;
	bool attached, preempted;
};

/**
 * tables_open() - load, attach, map.
 * @objects: how many open charges there shall be room for.
 * @pages_marked: what is traced runs in a memory cgroup that is not the root.
 * Errors: -errno; *ret_why says what failed (static).
 */
int tables_open(const struct machine *m, uint32_t objects, bool pages_marked,
		struct tables *ret_tables, const char **ret_why);

/**
 * tables_adopt() - make the process pid, with those of its threads that are not followed yet, the
 * account in slot.
 * @slot: in and out; TABLE_SLOT_NEW: one is chosen, if there is such a thread.
 * Returns how many threads there were, or -errno.
 */
#define TABLE_SLOT_NEW UINT32_MAX
int tables_adopt(struct tables *t, pid_t pid, uint32_t *slot);

/* From here on nothing is booked any more: the tables hold still. */
void tables_detach(struct tables *t);

/* Objects of a tag charged and not returned. */
uint64_t tables_open_count(const struct tables *t, uint32_t tag);

/* Open bytes of all tags, as a memory cgroup counts them. */
int64_t tables_open_bytes(const struct tables *t);

/* Where the open charge at address stands: bucket * BUCKET_SLOTS + slot. -1: none is there. */
int64_t tables_place(const struct tables *t, uint64_t address);

/* Of one object of the tag, as its allocator says: without what is charged beside it. */
uint32_t tables_object_size(const struct tables *t, const struct tag_slot *tag);

/* What one object of the tag is told to have: what is charged for it, or its size. */
int64_t tables_told_bytes(const struct tag_slot *tag);

/**
 * tables_missed() - times that a program did not run because it was already running there.
 * *ret_follow: those that follow the tree. *ret_charge: those that book charges; only where the
 * kernel lets a program be preempted, else what is missed is an interrupt's, and not for the tree.
 * What a program on frees misses is found by asking the kernel.
 */
void tables_missed(const struct tables *t, uint64_t *ret_follow, uint64_t *ret_charge);

void tables_close(struct tables *t);

#endif
