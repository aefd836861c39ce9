/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/watch/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "source/census.h"
#include "source/follow.h"

struct watch {
	struct census_source *census;
	struct follow *follow; /* NULL: forks are not counted */
	struct sampler *sampler;
	struct follow_process *process; /* of the last look */
	size_t process_count, process_room;
};

static int open_sources(struct watch *w, const struct watch_options *options, const char **ret_why)
{
	struct follow_options follow = {.chosen = false};
	int err = -ENOTSUP;

	*ret_why = "";
	if (!options->no_bpf) {
		err = follow_open(&follow, &w->follow, ret_why);
		if (!err) {
			err = census_source_open(&census_bpf, &w->census, ret_why);
			if (err) {
				follow_close(w->follow);
				w->follow = NULL;
			}
		}
		if (!err || options->only_bpf)
			return err;
	}
	{
		const char *why = "";

		err = census_source_open(&census_proc, &w->census, &why);
		if (err)
			*ret_why = why;
	}
	return err;
}

static int add_process(void *ctx, const struct follow_process *p)
{
	struct watch *w = ctx;
	size_t room = w->process_room ? w->process_room * 2 : 256;
	struct follow_process *more;

	if (w->process_count == w->process_room) {
		more = realloc(w->process, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->process = more;
		w->process_room = room;
	}
	w->process[w->process_count++] = *p;
	return 0;
}

static int by_tgid(const void *a, const void *b)
{
	const struct follow_process *x = a, *y = b;

	return (x->self.tgid > y->self.tgid) - (x->self.tgid < y->self.tgid);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

int watch_look(struct watch *w, uint64_t *ret_took_ns)
{
	uint64_t began = cpu_ns();
	struct census *c = NULL;
	const char *why;
	int err = 0;

	w->process_count = 0;
	if (w->follow)
		err = follow_each(w->follow, add_process, w);
	if (!err && w->process_count)
		qsort(w->process, w->process_count, sizeof(*w->process), by_tgid);
	if (!err)
		err = census_take(w->census, CENSUS_KINDS_ALL, &c, &why);
	if (!err)
		err = sampler_look(w->sampler, c, w->process, w->process_count);
	census_free(c);
	*ret_took_ns = cpu_ns() - began;
	return err;
}

int watch_open(const struct watch_options *options, struct watch **ret_watch, const char **ret_why)
{
	struct sampler_options sample = options->sample;
	struct watch *w = calloc(1, sizeof(*w));
	uint64_t took;
	int err;

	*ret_why = "";
	if (!w)
		return -ENOMEM;
	err = open_sources(w, options, ret_why);
	sample.forks_counted = w->follow;
	if (!err)
		err = sampler_new(&sample, &w->sampler);
	if (!err)
		err = watch_look(w, &took);
	if (err) {
		watch_close(w);
		return err;
	}
	*ret_watch = w;
	return 0;
}

int watch_end(struct watch *w, int interrupted)
{
	struct follow_totals totals = {0};
	uint64_t took;
	int err = watch_look(w, &took);

	if (w->follow)
		follow_totals(w->follow, &totals);
	return err ? err : sampler_end(w->sampler, interrupted, totals.lost_processes);
}

struct sampler_counts watch_counts(const struct watch *w)
{
	return sampler_counts(w->sampler);
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	sampler_free(w->sampler);
	if (w->census)
		census_source_close(w->census);
	follow_close(w->follow);
	free(w->process);
	free(w);
}
