/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* watched.h - one process that is watched, and what it held. Private to src/source/watch. */
#ifndef FORKTALLY_WATCHED_H
#define FORKTALLY_WATCHED_H

#include <stdbool.h>
#include "census/census.h"
#include "event/event.h"

/* What levels are told of: a tag for each kind that may pile up, and private memory. */
#define WATCHED_TAGS	(CENSUS_KINDS + 1)
#define WATCHED_PRIVATE CENSUS_KINDS

struct watched_level {
	int64_t count, bytes; /* count -1: makes no sense */
};

struct watched {
	struct account_id id;
	uint32_t flags; /* CENSUS_* at the last look */
	uint32_t ppid;
	bool fresh;	 /* this is the first look at it */
	bool announced;	 /* its FORK was told */
	bool silent;	 /* a zombie that was there before: nothing is told of it */
	bool exited;	 /* EXIT was told */
	bool told;	 /* it forks: its levels are told */
	uint64_t forks;	 /* of its counter, up to here they are told, or were before */
	bool has_forked; /* at this look, somebody with a FORK of its own */
	uint64_t execs;	 /* of its counter */
	int64_t kernel_bytes;
	struct watched_level base[WATCHED_TAGS]; /* when it was first seen, or exec'd */
	struct watched_level prev[WATCHED_TAGS]; /* at the look before */
	struct watched_level now[WATCHED_TAGS];
	bool moved[WATCHED_TAGS];     /* it was another than the base */
	int64_t most[WATCHED_TAGS];   /* the highest it ever was */
	uint16_t rises[WATCHED_TAGS]; /* looks at which it was above all before */
	char comm[EVENT_COMM_BYTES];
};

/* NULL: levels of this tag are not told. */
const char *watched_tag(unsigned tag);
enum pool watched_pool(unsigned tag);

/* The next look: fills ->now from the census. */
void watched_read(struct watched *w, const struct census_process *p);
/* What it holds now is what is counted from. */
void watched_rebase(struct watched *w);
/* Notes what is higher than ever, and what moved. */
void watched_rise(struct watched *w);
/* It rose at look after look, and by much. */
bool watched_grew(const struct watched *w, unsigned tag);

#endif
