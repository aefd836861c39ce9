/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sampler.h - a row of censuses told as events of the contract: who was there, who came and went,
 * how often each forked in between, and what those that fork hold. Pure: it asks nobody.
 *
 * Only of processes that fork are levels told, from the look before the first of these forks: the
 * books stay small on a machine with thousands of processes. Of one that grows at look after look
 * and does not fork, they are told at the end.
 *
 * What a process holds is told in full, also what others hold too: it reaches it.
 *
 * Whoever is watched once is watched until it is gone, and so is whom it forks.
 *
 * Shape:  one struct watched for each process, some 3 KiB.
 * Errors: 0; -ENOMEM; what emit returned.
 */
#ifndef FORKTALLY_SAMPLER_H
#define FORKTALLY_SAMPLER_H

#include "census/census.h"
#include "event/event.h"
#include "event/follow.h"

struct sampler;

struct sampler_options {
	event_fn emit;
	void *emit_ctx;
	const char *what;     /* is watched: text of SESSION */
	const uint32_t *pids; /* who is there at the first look; NULL: see wanted */
	size_t pid_count;
	bool (*wanted)(void *ctx, const struct census_process *p); /* NULL: everybody */
	void *wanted_ctx;
	uint32_t self;	    /* who is never watched */
	bool forks_counted; /* sampler_look() gets counters: else only children that are seen */
};

struct sampler_counts {
	uint64_t looks, processes, forks;
};

/* Borrowed: options->pids. */
int sampler_new(const struct sampler_options *options, struct sampler **ret_sampler);
void sampler_free(struct sampler *s);

/**
 * sampler_look() - one census more. The first one emits SESSION.
 * @follow: counters read before it, sorted by tgid; none where they are not counted.
 */
int sampler_look(struct sampler *s, const struct census *c, const struct follow_process *follow,
		 size_t follow_count);

/**
 * sampler_end() - after the last look. Emits END.
 * @interrupted: the signal that ended it early; 0 none.
 * @lost: processes that the counters had no room for.
 */
int sampler_end(struct sampler *s, int interrupted, uint64_t lost);

struct sampler_counts sampler_counts(const struct sampler *s);

#endif
