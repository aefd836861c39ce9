/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that came and went between two looks of "forktally top", and so are in no census. */
#include <time.h>
#include "cmd/top.h"

/*
 * /proc/stat counts forks, threads too: what is neither here now nor was added to the threads
 * that were here has come and gone. A thread that ended and one that came cancel out.
 */
static void estimate(struct top *t, const struct census *then, const struct census *now)
{
	uint64_t forks = now->machine.forks, stayed = 0, passed;
	bool first = !then || t->forks == CENSUS_UNKNOWN_COUNT;

	t->passed.known = forks != CENSUS_UNKNOWN_COUNT;
	t->passed.estimate = true;
	t->passed.last = 0;
	for (uint32_t i = 0; !first && i < now->count; i++) {
		const struct census_process *p = &now->process[i];
		uint32_t before = census_find(then, p->tgid, p->start_ns);
		uint32_t had = before == CENSUS_NONE ? 0 : then->process[before].threads;
		uint32_t tasks = p->threads ? p->threads : before == CENSUS_NONE;

		stayed += tasks > had ? tasks - had : 0;
	}
	passed = first || forks - t->forks < stayed ? 0 : forks - t->forks - stayed;
	t->forks = forks;
	if (t->passed.known) {
		t->passed.last = passed;
		t->passed.all += passed;
	}
}

/*
 * Of all that were forked until just before the census: those that no census has seen. One that was
 * forked later counts with the next look, whether this census has it or not.
 */
static void count(struct top *t, const struct census *then, const struct census *now)
{
	uint64_t forks = t->followed.forks, gone = 0, late = 0;

	for (uint32_t i = 0; i < now->count; i++) {
		const struct census_process *p = &now->process[i];

		if (p->start_ns <= t->follow_since_ns ||
		    (then && census_find(then, p->tgid, p->start_ns) != CENSUS_NONE))
			continue;
		t->stayed++;
		late += p->start_ns > t->followed_ns;
	}
	if (forks > t->stayed - late)
		gone = forks - (t->stayed - late);
	t->passed.known = true;
	t->passed.estimate = t->followed.lost_processes > 0;
	t->passed.last = gone > t->passed.all ? gone - t->passed.all : 0;
	t->passed.all += t->passed.last;
}

void top_passed_open(struct top *t)
{
	const char *why = "";
	struct timespec now;

	/* Refused, or a kernel that is too old: then it is estimated. */
	if (t->session.source->ops != &census_bpf ||
	    follow_open(&(struct follow_options){.records = false}, &t->follow, &why)) {
		t->follow = NULL;
		return;
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	t->follow_since_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	follow_totals(t->follow, &t->followed);
	t->follow_first = t->followed.forks;
}

void top_passed_before(struct top *t, uint64_t now_ns)
{
	if (!t->follow)
		return;
	t->followed_ns = now_ns;
	follow_totals(t->follow, &t->followed);
	t->followed.forks -= t->follow_first;
}

void top_passed_count(struct top *t, const struct census *then, const struct census *now)
{
	if (t->follow)
		count(t, then, now);
	else
		estimate(t, then, now);
}
