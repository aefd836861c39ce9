/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inside.h - what the files of src/source/heap/ share.
 *
 *   preload.c  the region and the environment in which programs find it
 *   blocks.c   the processes that fork: which of them has which record
 *   sites.c    one record, as events
 */
#ifndef FORKTALLY_SOURCE_HEAP_INSIDE_H
#define FORKTALLY_SOURCE_HEAP_INSIDE_H

#include <stddef.h>
#include "event/event.h"
#include "heap/region.h"
#include "source/heap/blocks.h"
#include "source/proc/account.h"

#define BLOCKS_TAG_NUMBER 0x48454150u /* not of those that sources give */
#define BLOCKS_TAKES_FROM 0x40000000u
#define BLOCKS_NAMES_MAX  8

/* A process that forks. */
struct holder {
	struct account_id id;
	uint32_t forks; /* since its exec */
	uint64_t exec_ns;
	char comm[EVENT_COMM_BYTES];
};

struct blocks {
	event_fn emit;
	void *emit_ctx;
	struct preload {
		int fd;
		struct heap_region *region;
		char *preload_was; /* NULL: the variable was not set */
	} preload;
	struct symbolizer *symbolizer;
	struct pid_table holders; /* by tgid */
	bool tag_told;
	uint32_t takes;
	int64_t told_bytes;
	struct unseen {
		char comm[EVENT_COMM_BYTES];
		uint32_t pid, forks;
	} unseen[BLOCKS_NAMES_MAX];
	uint32_t unseen_count; /* those that found no room too */
	uint64_t missed;
};

/* preload.c */
int preload_open(struct preload *p, const char **ret_why);
void preload_close(struct preload *p);

/* sites.c: of a process that cannot write to it any more, or will be ended soon. */
int sites_tell(struct blocks *b, const struct holder *h, uint32_t record, const struct event *at);
void sites_release(struct heap_region *region, uint32_t record);
__attribute__((format(printf, 3, 4))) int blocks_blind(struct blocks *b, const struct event *at,
						       const char *format, ...);

#endif
