/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h - source "census": looks at processes again and again and tells what it sees as events
 * (sampler.h). Between two looks only counters in the kernel run: who forks how often (follow.h).
 *
 *	watch_open()	the first look: SESSION, and all that is there
 *	watch_look()	as often as the caller likes
 *	watch_end()	the last look, and END
 *	watch_close()
 *
 * Without BPF the looks are at /proc, and only children that are seen count as forks.
 */
#ifndef FORKTALLY_SOURCE_WATCH_H
#define FORKTALLY_SOURCE_WATCH_H

#include "source/watch/sampler.h"

struct watch;

struct watch_options {
	struct sampler_options sample; /* forks_counted is set by watch_open() */
	bool no_bpf, only_bpf;
};

/**
 * watch_open() - begin.
 * @ret_why: on error: what is missing, one sentence (static). On success: why BPF is not used, or
 * "". Errors: -errno; of emit.
 */
int watch_open(const struct watch_options *options, struct watch **ret_watch, const char **ret_why);
/* @ret_took_ns: of processor time. */
int watch_look(struct watch *w, uint64_t *ret_took_ns);
int watch_end(struct watch *w, int interrupted);
struct sampler_counts watch_counts(const struct watch *w);
void watch_close(struct watch *w);

#endif
