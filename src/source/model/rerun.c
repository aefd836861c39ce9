/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A recorded session, done again by the simulated kernel: one call after the other, each whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

/* Who in the session is who here. Their process here may be gone: init may have reaped it. */
struct known {
	struct account_id there, here;
	struct known *next;
};
#define BUCKETS 4096

struct model_rerun {
	struct kernel kernel;
	struct known *table[BUCKETS];
	struct account_id root;
	unsigned turn; /* whose processor is next */
};

static struct known **bucket(struct model_rerun *r, struct account_id id)
{
	uint64_t h = (id.start_ns ^ (uint64_t)id.tgid << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return &r->table[h >> 52];
}

static struct known **find(struct model_rerun *r, struct account_id id)
{
	struct known **at = bucket(r, id);

	while (*at && ((*at)->there.tgid != id.tgid || (*at)->there.start_ns != id.start_ns))
		at = &(*at)->next;
	return at;
}

static void know(struct model_rerun *r, struct account_id there, struct process *p)
{
	struct known *known = kernel_alloc(&r->kernel, sizeof(*known)), **at = bucket(r, there);

	if (!known)
		return;
	*known = (struct known){.there = there, .here = p->id, .next = *at};
	*at = known;
}

static void forget(struct model_rerun *r, struct account_id there)
{
	struct known **at = find(r, there), *known = *at;

	if (!known)
		return;
	*at = known->next;
	free(known);
}

int model_rerun_new(const struct model_options *opts, struct model_rerun **ret_rerun)
{
	struct model_rerun *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	err = kernel_init(&r->kernel, opts, NULL, 0);
	if (err) {
		model_rerun_free(r);
		return err;
	}
	emit_head(&r->kernel);
	*ret_rerun = r;
	return 0;
}

static struct process *process_of(struct model_rerun *r, struct account_id id)
{
	struct known *known = *find(r, id);
	struct process *p = known ? r->kernel.by_pid[known->here.tgid] : NULL;

	return p && p->id.start_ns == known->here.start_ns ? p : NULL;
}

/* Its private memory becomes what the session says, as far as the limits allow. */
static void set_private(struct model_rerun *r, struct process *p, int64_t bytes)
{
	struct call c = {.phase = 0};
	uint64_t own = p->memory ? p->memory->bytes[FT_PRIVATE] : 0;

	if (bytes < 0 || p->shares_space)
		return;
	if ((uint64_t)bytes > p->private_bytes) {
		c.number = (uint64_t)bytes - p->private_bytes;
		(void)call_whole(&r->kernel, p, call_alloc, &c);
	} else if ((uint64_t)bytes < p->private_bytes) {
		c.number = p->private_bytes - (uint64_t)bytes;
		if (c.number > own)
			c.number = own; /* the rest is shared with the parent still */
		if (c.number)
			(void)call_whole(&r->kernel, p, call_free, &c);
	}
}

static void do_fork(struct model_rerun *r, const struct event *ev)
{
	const struct event_fork *f = &ev->u.fork;
	struct process *parent = process_of(r, f->parent);
	struct kernel *k = &r->kernel;
	struct call c = {.vfork = f->flags & FORK_SHARES_MM};

	if (!k->first && !r->root.tgid) {
		process_first(k, f->comm[0] ? f->comm : "session");
		r->root = ev->account;
		if (!k->error)
			know(r, ev->account, k->first);
		return;
	}
	if (!parent)
		parent = k->first;
	if (!parent || parent->state != PROCESS_RUNS || *find(r, ev->account))
		return;
	set_private(r, parent, f->parent_private_bytes);
	if (call_whole(k, parent, call_fork, &c) == STEP_DONE && c.child)
		know(r, ev->account, c.child);
}

static void do_exit(struct model_rerun *r, struct process *p, const struct event *ev)
{
	const struct event_exit *x = &ev->u.exit;
	struct call c = {.number = (uint64_t)(x->status >> 8 & 255)};

	p->killed = x->status & 0x7f;
	set_private(r, p, x->private_bytes);
	/* Children of its own that are zombies are init's then, and gone. */
	(void)call_whole(&r->kernel, p, call_exit, &c);
}

int model_rerun_apply(struct model_rerun *r, const struct event *ev)
{
	struct kernel *k = &r->kernel;
	struct process *p = process_of(r, ev->account);
	struct call c = {.comm = ev->text ? ev->text : ""};

	k->now_ns += 500 + dice(k, 1000);
	if (ft_lane_use(k->cpu[r->turn++ % k->opts.cpus].lane) != FT_OK)
		return -ENOMEM;
	if (ev->type == EVENT_FORK)
		do_fork(r, ev);
	if (!p || p->state == PROCESS_EXITING)
		return k->error;
	k->result.calls++;
	switch (ev->type) {
	case EVENT_THREAD:
		(void)call_whole(k, p, call_thread, &c);
		break;
	case EVENT_EXEC:
		if (p->state != PROCESS_RUNS || is_first(k, p))
			break; /* the first one has its image already */
		set_private(r, p, ev->u.exec.dropped_bytes);
		c.comm = ev->u.exec.comm[0] ? ev->u.exec.comm : p->comm;
		c.number = PAGE_BYTES; /* it grows as the session says */
		(void)call_whole(k, p, call_exec, &c);
		break;
	case EVENT_EXIT:
		if (p->state == PROCESS_RUNS)
			do_exit(r, p, ev);
		break;
	case EVENT_REAP:
		if (p->state != PROCESS_ZOMBIE)
			break;
		forget(r, ev->account);
		process_reap(k, p);
		break;
	default:
		break;
	}
	return k->error;
}

int model_rerun_end(struct model_rerun *r, struct model_result *ret_result)
{
	for (unsigned i = 0; i < r->kernel.opts.cpus; i++)
		ft_lane_leave(r->kernel.cpu[i].lane);
	audit(&r->kernel);
	*ret_result = r->kernel.result;
	return r->kernel.error;
}

void model_rerun_free(struct model_rerun *r)
{
	if (!r)
		return;
	for (size_t b = 0; b < BUCKETS; b++) {
		while (r->table[b]) {
			struct known *known = r->table[b];

			r->table[b] = known->next;
			free(known);
		}
	}
	kernel_done(&r->kernel);
	free(r);
}
