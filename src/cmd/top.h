/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* top.h - "forktally top": what was asked for, the looks, and its two faces. */
#ifndef FORKTALLY_CMD_TOP_H
#define FORKTALLY_CMD_TOP_H

#include "cmd/census_session.h"
#include "out/top.h"
#include "source/follow.h"

struct top_options {
	const char *fields, *sort, *cgroup, *user;
	uint64_t interval_ns, count; /* count 0: without end */
	int source, color;	     /* enum source_choice, enum color */
	bool batch, tree, all, help;
};

/* All that a look needs and leaves. */
struct top {
	const struct top_options *options;
	struct census_session session;
	struct top_history *history;
	struct top_query query;
	struct census *now, *all; /* the last look; the last of all kinds, may be the same */
	struct census_view view;
	struct top_passed passed;
	uint64_t forks;	       /* of the machine, at the last look; where nobody is followed: */
	struct follow *follow; /* NULL */
	struct follow_totals followed; /* just before the last look, at followed_ns */
	uint64_t followed_ns, follow_since_ns, follow_first; /* CLOCK_BOOTTIME; forks until then */
	uint64_t stayed; /* processes forked since, that a census has seen */
	uint64_t looks;
	uint64_t all_cost_ns; /* CPU that a look at all kinds takes */
	uint64_t all_next_ns; /* not before: CLOCK_MONOTONIC */
	uint64_t all_every_ns;
	uint64_t asked;	      /* names since they were dropped last */
	uint32_t asked_again; /* command lines that were known, in this look */
	char clock[16], cgroup[4096];
};

/* 0, or an exit status after it has said what is wrong. */
int top_open(const struct top_options *options, struct top *t);
void top_close(struct top *t);

/* Take a census; when looks at all kinds cost too much, only now and then of all kinds. */
int top_look(struct top *t, bool all_kinds);

/*
 * top_passed.c: opened after the session; asked just before a census and after it.
 */
void top_passed_open(struct top *t);
void top_passed_before(struct top *t, uint64_t now_ns);
void top_passed_count(struct top *t, const struct census *then, const struct census *now);

/* Choose and sort the rows of the last look anew. */
int top_arrange(struct top *t);

/* Names of what is in a census, remembered. */
struct census_names top_names(struct top *t);

/* Command lines of these rows as they are now. */
void top_name_rows(struct top *t, uint32_t first, uint32_t count);

/* What is to be shown. */
struct top_show top_show(const struct top *t, unsigned width, bool utf8, bool frozen);

int top_batch(struct top *t);
int top_interactive(struct top *t);

uint64_t top_clock_ns(void);

#endif
