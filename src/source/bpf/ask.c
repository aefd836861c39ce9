// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ask.c - is an open charge really open? The kernel keeps who pays beside each object, and is asked
 * by ask.bpf.c; what it says is dead came back unseen, and is booked so here.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "bpf/ask.skel.h"
#include "source/bpf/exact.h"

enum { ANSWER_UNKNOWN, ANSWER_LIVE, ANSWER_DEAD }; /* as in ask.bpf.c */

static uint32_t ask(struct exact *x, uint64_t key, const struct object_entry *e)
{
	const struct tag_slot *tag = &x->tables.tags[e->tag & (TAG_MAX - 1)];
	struct ask_bpf *q = x->tables.ask;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	q->bss->address = key;
	q->bss->kind = tag->kind;
	q->bss->bytes = tables_object_size(&x->tables, tag);
	q->bss->cache = tag->key;
	q->bss->memcg = x->tables.tree->memcg;
	q->bss->answer = ANSWER_UNKNOWN;
	if (bpf_prog_test_run_opts(bpf_program__fd(q->progs.ask), &run))
		return ANSWER_UNKNOWN;
	return q->bss->answer;
}

void exact_prove_oracle(struct exact *x)
{
	struct tables *t = &x->tables;

	for (uint32_t b = 0; b < t->object_buckets && !x->oracle; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			const struct object_entry *e = &t->objects[b].entry[i];
			uint64_t key = t->objects[b].key[i];

			if (!key || KEY_IS_TOMBSTONE(key) || e->account == SHELF_SLOT ||
			    t->accounts[e->account & (TABLE_ACCOUNTS - 1)].state != ACCOUNT_LIVE ||
			    t->tags[e->tag & (TAG_MAX - 1)].kind != TAG_SLAB)
				continue;
			if (ask(x, key, e) == ANSWER_LIVE) {
				x->oracle = true;
				return;
			}
		}
	}
}

/*
 * What the programs did not see come back, but the kernel says did. What its holder was found to
 * have when its exit began was there then, whoever saw it go: that leaves a tombstone.
 */
static void take_back(struct exact *x, uint32_t bucket, int slot)
{
	struct tables *t = &x->tables;
	struct object_bucket *b = &t->objects[bucket];
	struct object_entry e = b->entry[slot];
	uint64_t key = b->key[slot];
	bool late = collector_found_at_exit(&x->collector, &e);
	uint64_t left_behind = late ? TOMBSTONE(collector_now_ns()) : 0;
	uint32_t home = OBJECT_HOME(key);
	uint32_t tag = e.tag & (TAG_MAX - 1);

	if (!__atomic_compare_exchange_n(&b->key[slot], &key, left_behind, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return;
	if (late)
		collector_tombstone(&x->collector, &e);
	if (home != bucket)
		__atomic_sub_fetch(&t->objects[home].spilled, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(
	    &t->accounts[e.account & (TABLE_ACCOUNTS - 1)].returned[t->tags[tag].book & 1],
	    t->tags[tag].bytes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&t->counts[0].returned[tag], 1, __ATOMIC_RELAXED);
	x->collector.asked[tag]++;
}

static bool is_over(const struct account_slot *accounts, uint32_t slot)
{
	const struct account_slot *a = &accounts[slot & (TABLE_ACCOUNTS - 1)];

	if (a->state == ACCOUNT_ALIAS)
		a = &accounts[a->alias & (TABLE_ACCOUNTS - 1)];
	return a->state != ACCOUNT_LIVE && a->state != ACCOUNT_FREE;
}

/* Too fresh to ask about: what is on its way back is not worth a question. */
static bool reaped_after(const struct account_slot *accounts, uint32_t slot, uint64_t before_ns)
{
	const struct account_slot *a = &accounts[slot & (TABLE_ACCOUNTS - 1)];

	return before_ns && (a->state != ACCOUNT_REAPED || a->reap_ns >= before_ns);
}

/* Calls each() for every open charge of a process that is gone (or of any), with its place. */
static void each_open(struct exact *x, uint64_t reaped_before_ns, bool living,
		      void (*each)(struct exact *x, uint32_t bucket, int slot, void *ctx),
		      void *ctx)
{
	const struct tables *t = &x->tables;

	for (uint32_t b = 0; b < t->object_buckets; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			const struct object_entry *e = &t->objects[b].entry[i];
			uint64_t key = t->objects[b].key[i];

			if (key && !KEY_IS_TOMBSTONE(key) && !(e->flags & OBJECT_IS_UNCHARGED) &&
			    (living || is_over(t->accounts, e->account) ||
			     e->account == SHELF_SLOT) &&
			    !reaped_after(t->accounts, e->account, reaped_before_ns))
				each(x, b, i, ctx);
		}
	}
}

struct asking {
	uint64_t hopes;
	uint8_t maps[TABLE_ACCOUNTS / 8]; /* accounts of which a memory map is open */
};

static void ask_one(struct exact *x, uint32_t bucket, int slot, void *ctx)
{
	const struct object_entry *at = &x->tables.objects[bucket].entry[slot];
	const struct tag_slot *tag = &x->tables.tags[at->tag & (TAG_MAX - 1)];
	struct object_entry e = *at;
	struct asking *a = ctx;
	uint32_t account = e.account & (TABLE_ACCOUNTS - 1);

	if (ask(x, x->tables.objects[bucket].key[slot], &e) == ANSWER_DEAD) {
		if (!memcmp(&e, at, sizeof(e))) /* else it is just being booked */
			take_back(x, bucket, slot);
		return;
	}
	a->hopes += collector_may_return(&x->collector, &e, x->tables.objects[bucket].key[slot]);
	if (tag->kind == TAG_SLAB && !strcmp(tag->name, "mm_struct"))
		a->maps[account / 8] |= (uint8_t)(1 << account % 8);
}

/*
 * The counters of a memory map cannot be asked about. They are freed just before the map itself:
 * where none of a process that was collected is open, neither are they, though that was not seen.
 * Nobody asked for them by a system call, as one does for other memory of this kind.
 */
static void close_counters(struct exact *x, uint32_t bucket, int slot, void *ctx)
{
	const struct tables *t = &x->tables;
	const struct object_entry *e = &t->objects[bucket].entry[slot];
	const struct asking *a = ctx;
	uint32_t account = e->account & (TABLE_ACCOUNTS - 1);

	if (t->tags[e->tag & (TAG_MAX - 1)].kind == TAG_PERCPU && !e->take &&
	    t->accounts[account].state == ACCOUNT_REAPED &&
	    !(a->maps[account / 8] >> account % 8 & 1))
		take_back(x, bucket, slot);
}

uint64_t exact_ask(struct exact *x, uint64_t reaped_before_ns, bool living)
{
	struct asking a = {0};

	if (!x->oracle)
		return 1;
	each_open(x, reaped_before_ns, living, ask_one, &a);
	each_open(x, reaped_before_ns, false, close_counters, &a);
	return a.hopes;
}
