// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * adopt.c - the processes that the books begin with: the command before its exec, or a tree that
 * runs already.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "source/bpf/exact.h"
#include "source/proc/procfs.h"

#define LOOKS_MAX 50

static void tell_session(struct exact *x)
{
	struct event session = {.type = EVENT_SESSION,
				.u.session = {.source = SOURCE_BPF,
					      .cpu_count = x->machine.cpus,
					      .page_bytes = x->machine.page_bytes,
					      .version = EVENT_VERSION},
				.text = x->opts.command_line};

	collector_emit(&x->collector, &session);
}

static void tell_fork(struct exact *x, uint32_t slot, struct event *fork)
{
	const struct account_slot *a = &x->tables.accounts[slot];

	fork->account = (struct account_id){.start_ns = a->start_ns, .tgid = a->tgid};
	if (!slot)
		x->collector.root = fork->account;
	if (a->tgid < x->collector.pid_max)
		x->collector.slot_of[a->tgid] = slot + 1;
	collector_emit(&x->collector, fork);
}

int exact_adopt_command(struct exact *x, const char **ret_why)
{
	struct event fork = {
	    .type = EVENT_FORK,
	    .u.fork = {.parent_private_bytes = EVENT_UNKNOWN_BYTES, .inherited_bytes = 0}};
	uint32_t slot = 0;
	int took = tables_adopt(&x->tables, x->source.root, &slot);

	if (took <= 0) {
		*ret_why = "the command's process cannot be found by the kernel programs";
		return took ? took : -ESRCH;
	}
	strcpy(fork.u.fork.comm, "forktally");
	tell_session(x);
	tell_fork(x, slot, &fork);
	return x->collector.err;
}

struct adoption {
	struct exact *x;
	struct procfs_text text;
	size_t found; /* in this look */
};

/* Its private memory now is what it begins with. */
static void tell_adopted(struct adoption *ad, uint32_t slot, pid_t parent)
{
	struct tables *t = &ad->x->tables;
	struct account_slot *a = &t->accounts[slot];
	int64_t above = slot ? collector_slot(&ad->x->collector, (uint32_t)parent) : -1;
	_cleanup_close_ int fd = procfs_open(ad->x->proc_fd, (pid_t)a->tgid, (pid_t)a->tgid);
	struct procfs_status status;
	struct procfs_stat st;
	struct event ev = {.type = EVENT_FORK,
			   .u.fork = {.parent_private_bytes = EVENT_UNKNOWN_BYTES,
				      .inherited_bytes = EVENT_UNKNOWN_BYTES,
				      .flags = FORK_BEFORE}};

	if (fd >= 0 && !procfs_stat_read(fd, &ad->text, &st))
		memcpy(ev.u.fork.comm, st.comm, sizeof(ev.u.fork.comm));
	if (fd >= 0 && !procfs_status_read(fd, &ad->text, &status))
		ev.u.fork.inherited_bytes = status.private_bytes;
	if (a->shares_mm) {
		ev.u.fork.flags |= FORK_SHARES_MM;
		ev.u.fork.inherited_bytes = 0;
	}
	if (above >= 0) {
		a->parent = (uint32_t)above;
		ev.u.fork.parent.tgid = t->accounts[above].tgid;
		ev.u.fork.parent.start_ns = t->accounts[above].start_ns;
	}
	tell_fork(ad->x, slot, &ev);
}

static int adopt_process(void *ctx, pid_t pid, pid_t parent)
{
	struct adoption *ad = ctx;
	int64_t known = collector_slot(&ad->x->collector, (uint32_t)pid);
	uint32_t slot = known >= 0		    ? (uint32_t)known
			: pid == ad->x->source.root ? 0
						    : TABLE_SLOT_NEW;
	int took = tables_adopt(&ad->x->tables, pid, &slot);

	if (took <= 0)
		return took; /* it has ended, or it is followed from its birth */
	ad->found += (size_t)took;
	if (known < 0)
		tell_adopted(ad, slot, parent);
	return ad->x->collector.err;
}

int exact_adopt_tree(struct exact *x, const char **ret_why)
{
	struct adoption ad = {.x = x};
	int err, looks = 0;

	tell_session(x);
	/* What was forked by those that are not followed yet is found by looking again. */
	do {
		ad.found = 0;
		err = procfs_tree(x->proc_fd, x->source.root, adopt_process, &ad);
	} while (!err && ad.found && ++looks < LOOKS_MAX);
	procfs_text_done(&ad.text);
	if (!err && !x->tables.accounts[0].tgid)
		err = -ESRCH;
	if (err == -ESRCH)
		*ret_why = "the process is gone";
	if (!err && ad.found)
		x->tables.tree->lost_tasks++;
	return err;
}
