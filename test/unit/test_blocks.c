/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The region of the allocator hook, as events: what a process wrote comes out as it is, and
 * whatever else stands there (any process of the tree can write to it) gives events that the
 * ledger takes, or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/symbol.h"
#include "events.h"
#include "source/heap/inside.h"

static struct heap_region *region;

struct told {
	struct ledger *ledger;
	unsigned int takes, frames, objects, blinds;
	uint64_t count;
	int64_t bytes;
};

static int take_event(void *ctx, const struct event *ev)
{
	struct told *told = ctx;

	told->takes += ev->type == EVENT_TAKE;
	told->frames += ev->type == EVENT_FRAME;
	told->blinds += ev->type == EVENT_BLIND;
	if (ev->type == EVENT_OBJECT) {
		told->objects++;
		told->count += ev->u.object.count;
		told->bytes += ev->u.object.bytes;
		assert_int_equal(ev->u.object.flags, OBJECT_OWN_FORKS);
	}
	return ledger_apply(told->ledger, ev);
}

static struct blocks *blocks(struct told *told)
{
	struct blocks *b = calloc(1, sizeof(*b));

	*told = (struct told){.ledger = ledger_new()};
	put_session(told->ledger, SOURCE_PROC);
	b->emit = take_event;
	b->emit_ctx = told;
	b->preload.region = region;
	assert_int_equal(symbolizer_new(NULL, &b->symbolizer), 0);
	memset(region, 0, HEAP_REGION_BYTES);
	return b;
}

static void done(struct blocks *b, struct told *told)
{
	b->preload.region = NULL;
	ledger_free(told->ledger);
	blocks_free(b);
}

static void send(struct blocks *b, enum event_type type, uint32_t tgid, struct event ev)
{
	ev.type = type;
	ev.account = id(tgid);
	ev.time_ns = ++events_now;
	assert_int_equal(blocks_emit(b, &ev), 0);
}

static void send_forks(struct blocks *b, uint32_t tgid, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		send(b, EVENT_FORK, 1000 + i,
		     (struct event){.u.fork = {.parent = id(tgid), .ordinal = i}});
}

static struct heap_site *put_record(uint32_t record, uint32_t pid)
{
	struct heap_chunk *c = heap_chunk(region, 3 + record);

	region->record[record] = (struct heap_record){
	    .state = HEAP_READY, .pid = pid, .begun_ns = events_now, .forks = 20};
	c->owner = record + 1;
	c->kind = HEAP_SITES;
	c->used = 1;
	c->u.site[0].depth = 2;
	c->u.site[0].stride = 1;
	c->u.site[0].frame[0] = 0x1000;
	c->u.site[0].frame[1] = 0x2000;
	return &c->u.site[0];
}

static void what_is_live_is_told_at_exit(void **state)
{
	struct told told;
	struct blocks *b = blocks(&told);
	struct heap_site *s;

	send(b, EVENT_FORK, ROOT, (struct event){.u.fork = {.parent = id(0)}});
	s = put_record(0, ROOT);
	s->count[4] = 2;
	s->bytes[4] = 300;
	s->count[9] = 1;
	s->bytes[9] = 50;
	send_forks(b, ROOT, 20);
	send(b, EVENT_EXIT, ROOT, (struct event){.u.exit = {.private_bytes = UNKNOWN}});
	assert_int_equal(told.takes, 1);
	assert_int_equal(told.frames, 3); /* malloc and two without a name */
	assert_int_equal(told.objects, 2);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.bytes, 350);
	assert_int_equal(region->record[0].state, HEAP_FREE);
	assert_int_equal(heap_chunk(region, 3)->owner, 0);
	assert_int_equal(s->depth, 0);
	send(b, EVENT_END, 0, (struct event){.u.end.status = 0});
	assert_int_equal(told.blinds, 0);
	done(b, &told);
}

static void a_process_without_the_hook_is_told(void **state)
{
	struct told told;
	struct blocks *b = blocks(&told);

	send(b, EVENT_FORK, ROOT, (struct event){.u.fork = {.parent = id(0)}});
	send_forks(b, ROOT, 8);
	send_forks(b, 99, 7); /* too few to be judged */
	send(b, EVENT_END, 0, (struct event){.u.end.status = 0});
	assert_int_equal(told.blinds, 1);
	assert_non_null(strstr(ledger_blind(told.ledger, 0), "pid 10, 8 forks"));
	assert_null(strstr(ledger_blind(told.ledger, 0), "pid 99"));
	done(b, &told);
}

/* The record of what it ran before is not that of what it runs now. */
static void exec_drops_the_old_record(void **state)
{
	struct told told;
	struct blocks *b = blocks(&told);
	struct heap_site *s;

	send(b, EVENT_FORK, ROOT, (struct event){.u.fork = {.parent = id(0)}});
	s = put_record(0, ROOT);
	s->count[4] = 2;
	send_forks(b, ROOT, 20);
	send(b, EVENT_EXEC, ROOT, (struct event){.text = "/bin/other"});
	assert_int_equal(region->record[0].state, HEAP_FREE);
	send_forks(b, ROOT, 7);
	send(b, EVENT_EXIT, ROOT, (struct event){.u.exit = {.private_bytes = UNKNOWN}});
	send(b, EVENT_END, 0, (struct event){.u.end.status = 0});
	assert_int_equal(told.objects, 0);
	assert_int_equal(told.blinds, 0);
	done(b, &told);
}

static void rubbish_is_no_harm(void **state)
{
	for (unsigned int seed = 1; seed <= 12; seed++) {
		struct told told;
		struct blocks *b = blocks(&told);
		unsigned char *bytes = (unsigned char *)region;

		srand(seed);
		send(b, EVENT_FORK, ROOT, (struct event){.u.fork = {.parent = id(0)}});
		for (size_t i = HEAP_CHUNK_BYTES; i < 40 * HEAP_CHUNK_BYTES; i++)
			if (rand() % (int)seed == 0)
				bytes[i] = (unsigned char)rand();
		put_record(0, ROOT);
		for (uint32_t i = 1; i < 40; i++) {
			struct heap_chunk *c = heap_chunk(region, i);

			c->owner = 1;
			c->kind = i % 3 ? HEAP_SITES : HEAP_MAPS;
			if (i % 4)
				c->used = (uint32_t)rand() % 20;
			for (uint32_t k = 0; k < HEAP_SITES_IN_CHUNK && i % 5; k++) {
				c->u.site[k].depth = (uint32_t)rand() % (HEAP_FRAMES + 2);
				c->u.site[k].call = (uint32_t)rand() % (HEAP_CALLS + 1);
				c->u.site[k].stride = 1u << rand() % 32;
			}
		}
		region->record[0].forks = (uint32_t)rand();
		region->record[0].missed = 5;
		send_forks(b, ROOT, 20);
		send(b, EVENT_EXIT, ROOT, (struct event){.u.exit = {.private_bytes = UNKNOWN}});
		send(b, EVENT_END, 0, (struct event){.u.end.status = 0});
		assert_true(told.takes <= BLOCKS_SITES_MAX);
		done(b, &told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_live_is_told_at_exit),
	    cmocka_unit_test(a_process_without_the_hook_is_told),
	    cmocka_unit_test(exec_drops_the_old_record),
	    cmocka_unit_test(rubbish_is_no_harm),
	};
	int failed;

	region = calloc(1, HEAP_REGION_BYTES);
	failed = region ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	free(region);
	return failed;
}
