/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* watch_filter.h - which processes a watch is about, when none are named by their ids. */
#ifndef FORKTALLY_WATCH_FILTER_H
#define FORKTALLY_WATCH_FILTER_H

#include <stdbool.h>
#include "census/census.h"

struct watch_filter {
	const char *user;   /* NULL: all */
	const char *cgroup; /* as it was given; NULL: all */
	uint32_t uid;
	char path[4096]; /* of the group, below the mount point */
	struct watch_group {
		uint64_t id;
		bool below;
	} * group; /* those that were met, in no order */
	size_t group_count, group_room;
};

/* Returns 0, or an exit status after it has said what is wrong. Borrows both words. */
int watch_filter_open(const char *user, const char *cgroup, struct watch_filter *ret_filter);
void watch_filter_done(struct watch_filter *f);

/* @ctx: the filter. For sampler_options.wanted. */
bool watch_filter_wants(void *ctx, const struct census_process *p);

#endif
