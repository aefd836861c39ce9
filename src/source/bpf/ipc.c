// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ipc.c - SysV IPC objects that did not exist before the run, and that a process of the tree made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "source/bpf/exact.h"

static const char *const tag_name[SYSVIPC_KINDS] = {
    [SYSVIPC_SHM] = "ipc.shm", [SYSVIPC_SEM] = "ipc.sem", [SYSVIPC_MSG] = "ipc.msg"};

static int syscall_of(enum sysvipc_kind kind)
{
	return kind == SYSVIPC_SHM ? SYS_shmget : kind == SYSVIPC_SEM ? SYS_semget : SYS_msgget;
}

struct birth {
	uint32_t ordinal, take;
};

static int by_ordinal(const void *a, const void *b)
{
	const struct birth *x = a, *y = b;

	return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

static bool taken_by(const struct tables *t, uint32_t bucket, int slot, enum sysvipc_kind kind)
{
	const struct object_entry *e = &t->objects[bucket].entry[slot];
	uint64_t key = t->objects[bucket].key[slot];

	return key && !KEY_IS_TOMBSTONE(key) && e->take &&
	       t->takes[(e->take - 1) & (TABLE_TAKES - 1)].syscall_nr == syscall_of(kind);
}

/*
 * When the tree made those that stay: each has one kernel object of some tag, still open, taken by
 * the system call that makes this kind. Sorted; *ret_count is how many there are.
 */
static struct birth *births_of(const struct tables *t, enum sysvipc_kind kind, size_t *ret_count)
{
	uint32_t count[TAG_MAX] = {}, most = 0;
	struct birth *births;
	size_t n = 0;

	*ret_count = 0;
	for (uint32_t b = 0; b < t->object_buckets; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			uint32_t tag = t->objects[b].entry[i].tag & (TAG_MAX - 1);

			if (taken_by(t, b, i, kind) && ++count[tag] > count[most])
				most = tag;
		}
	}
	births = calloc(count[most] + 1, sizeof(*births));
	if (!births)
		return NULL;
	for (uint32_t b = 0; b < t->object_buckets; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			const struct object_entry *e = &t->objects[b].entry[i];

			if (taken_by(t, b, i, kind) && e->tag == most && n < count[most])
				births[n++] = (struct birth){.ordinal = e->birth, .take = e->take};
		}
	}
	qsort(births, n, sizeof(*births), by_ordinal);
	*ret_count = n;
	return births;
}

static bool of_tree(const struct exact *x, pid_t pid)
{
	return (uint32_t)pid < x->collector.pid_max && x->collector.slot_of[pid];
}

/* Made during the run and, as far as the kernel tells, by a process of the tree. */
static bool is_ours(const struct exact *x, const struct sysvipc_object *o)
{
	if (sysvipc_find(&x->ipc_before, o->kind, o->id))
		return false;
	if (o->kind == SYSVIPC_SHM)
		return of_tree(x, o->creator);
	return o->last_user <= 0 || of_tree(x, o->last_user);
}

static void tell_kind(struct exact *x, const struct sysvipc_list *now, enum sysvipc_kind kind)
{
	uint32_t tag = TAG_OWN_END + (uint32_t)kind;
	struct event ev = {.type = EVENT_TAG, .text = tag_name[kind]};
	size_t told = 0, births_count;
	struct birth *births = births_of(&x->tables, kind, &births_count);

	if (!births_count)
		goto out; /* whoever made the new ones, it was not this tree */
	ev.u.tag = (struct event_tag){.tag = tag,
				      .pool = kind == SYSVIPC_SHM ? POOL_SHARED : POOL_KERNEL,
				      .object_bytes = EVENT_UNKNOWN_BYTES};
	collector_emit(&x->collector, &ev);
	for (size_t i = 0; i < now->count && told < births_count; i++) {
		const struct sysvipc_object *o = &now->object[i];
		struct event left = {.type = EVENT_LEFT};
		char name[32];

		if (o->kind != kind || !is_ours(x, o))
			continue;
		snprintf(name, sizeof(name), "%s %u", sysvipc_name(kind), o->id);
		left.text = name;
		left.u.left = (struct event_left){
		    .pool = ev.u.tag.pool,
		    .tag = tag,
		    .id = o->id,
		    .birth_ordinal = births[told].ordinal,
		    .take = births[told].take,
		    .bytes = kind == SYSVIPC_SHM ? o->used_bytes : EVENT_UNKNOWN_BYTES,
		    .kernel_bytes = EVENT_UNKNOWN_BYTES,
		};
		if (births[told].take)
			collector_take(&x->collector, births[told].take);
		told++;
		x->collector.ipc_left++;
		collector_emit(&x->collector, &left);
	}
out:
	free(births);
}

void exact_tell_ipc(struct exact *x)
{
	struct sysvipc_list now = {};

	if (x->ipc_known && !sysvipc_read(x->proc_fd, &now)) {
		for (int kind = 0; kind < SYSVIPC_KINDS; kind++)
			tell_kind(x, &now, kind);
	}
	sysvipc_done(&now);
}
