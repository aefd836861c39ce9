/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The looks of "forktally top". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "census/carry.h"
#include "cmd/cmd.h"
#include "cmd/top.h"

/* Of a core, what counting all kinds may take; the table and the screen need some as well. */
#define ALL_SHARE_PERMILLE 15
#define ASKED_MAX	   4096
/* A command line is asked for again after so many looks, at most so many in one look. */
#define ASK_AGAIN_LOOKS 30
#define ASK_AGAIN_MOST	64

static uint64_t clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t top_clock_ns(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

static struct top_past *past_of(const struct top *t, const struct census_process *p)
{
	return top_history_find(t->history, p->tgid, p->start_ns);
}

static const char *user(void *ctx, uint32_t uid)
{
	struct top *t = ctx;

	return names_user(t->session.names, uid);
}

static void ask_command(struct top *t, const struct census_process *p, struct top_past *past)
{
	char *command = strdup(names_command(t->session.names, p));

	t->asked++;
	past->asked = t->looks;
	memcpy(past->comm, p->comm, sizeof(past->comm));
	if (!command)
		return;
	free(past->command);
	past->command = command;
}

/*
 * Asking costs some 20 us. A process that executed another program has another name as well, most
 * often; for the others, and for those that write over their command line, each comes again after
 * a while.
 */
static const char *command(void *ctx, const struct census_process *p)
{
	struct top *t = ctx;
	struct top_past *past = past_of(t, p);
	bool again;

	if (!past)
		return names_command(t->session.names, p);
	again = t->looks - past->asked >= ASK_AGAIN_LOOKS && t->asked_again < ASK_AGAIN_MOST;
	t->asked_again += again;
	if (!past->command || again || memcmp(past->comm, p->comm, sizeof(past->comm)) != 0)
		ask_command(t, p, past);
	return past->command ? past->command : "";
}

void top_name_rows(struct top *t, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count && i < t->view.count; i++) {
		struct census_row *row = &t->view.row[i];
		struct top_past *past = past_of(t, row->process);

		if (past && past->command && past->asked != t->looks) {
			ask_command(t, row->process, past);
			row->command = past->command;
		}
	}
}

static const char *cgroup(void *ctx, const struct census_process *p)
{
	struct top *t = ctx;
	struct top_past *past = past_of(t, p);

	if (!past)
		return names_cgroup(t->session.names, p);
	if (!past->cgroup) {
		past->cgroup = strdup(names_cgroup(t->session.names, p));
		t->asked++;
	}
	return past->cgroup ? past->cgroup : "";
}

struct census_names top_names(struct top *t)
{
	return (struct census_names){.ctx = t, .user = user, .command = command, .cgroup = cgroup};
}

/* names.h keeps every string it ever made: those that are needed are in the history. */
static void drop_names(struct top *t)
{
	struct names *fresh;

	if (t->asked < ASKED_MAX || names_open(&fresh))
		return;
	names_free(t->session.names);
	t->session.names = fresh;
	t->asked = 0;
}

static void schedule_all(struct top *t, uint64_t cost_ns)
{
	uint64_t interval = t->options->interval_ns;

	t->all_cost_ns = t->all_cost_ns ? (3 * t->all_cost_ns + cost_ns) / 4 : cost_ns;
	t->all_every_ns = t->all_cost_ns * 1000 / ALL_SHARE_PERMILLE;
	if (t->all_every_ns <= interval)
		t->all_every_ns = 0; /* every look can be one */
	t->all_next_ns = top_clock_ns() + t->all_every_ns;
}

int top_look(struct top *t, bool all_kinds)
{
	enum census_depth depth = top_query_depth(&t->query);
	bool needs = depth > CENSUS_SUMMARY || all_kinds;
	uint64_t began = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	struct census *c, *old = t->now;
	time_t wall = time(NULL);
	struct tm local;
	int status, err = 0;

	if (needs &&
	    (all_kinds || !t->all || t->options->batch || top_clock_ns() >= t->all_next_ns))
		depth = depth > CENSUS_KINDS_ALL ? depth : CENSUS_KINDS_ALL;
	else
		depth = CENSUS_SUMMARY;
	top_passed_before(t, clock_of(CLOCK_BOOTTIME));
	status = census_session_take(&t->session, depth, &c);
	if (status)
		return status;
	if (localtime_r(&wall, &local))
		(void)strftime(t->clock, sizeof(t->clock), "%H:%M:%S", &local);
	if (depth > CENSUS_SUMMARY)
		schedule_all(t, clock_of(CLOCK_PROCESS_CPUTIME_ID) - began);
	else if (needs)
		err = census_carry(c, t->all);
	if (!err)
		err = top_history_see(t->history, c);
	if (err) {
		census_free(c);
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	/* A summary knows less of kernel memory: the difference would look like growth. */
	if (depth > CENSUS_SUMMARY)
		top_history_sample(t->history, c);
	top_passed_count(t, old, c);
	census_view_done(&t->view);
	if (depth > CENSUS_SUMMARY) {
		if (t->all != old)
			census_free(t->all);
		t->all = c;
	}
	t->now = c;
	if (old != t->all)
		census_free(old);
	t->looks++;
	t->asked_again = 0;
	drop_names(t);
	return top_arrange(t);
}

int top_arrange(struct top *t)
{
	struct census_names names = top_names(t);
	struct census_view view;

	if (top_view_make(t->now, &t->query, t->history, &names, &view)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	census_view_done(&t->view);
	t->view = view;
	return 0;
}

struct top_show top_show(const struct top *t, unsigned width, bool utf8, bool frozen)
{
	return (struct top_show){.census = t->now,
				 .view = &t->view,
				 .history = t->history,
				 .query = &t->query,
				 .passed = t->passed,
				 .clock = t->clock,
				 .source = t->session.source->ops->name,
				 .interval_ns = t->options->interval_ns,
				 .all_kinds_ns = t->options->batch ? 0 : t->all_every_ns,
				 .frozen = frozen,
				 .utf8 = utf8,
				 .width = width};
}
