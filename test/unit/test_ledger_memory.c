/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the n-th allocation fails, for every n: the event is refused with -ENOMEM and books
 * nothing, the same event works when there is memory again, the verdict gives up
 * cleanly. Everything that was taken is given back each time.
 * The allocator is replaced for this program; sanitizers and valgrind, which do the same, exclude
 * it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "events.h"
#include "verdict/verdict.h"

#if defined(__SANITIZE_ADDRESS__)
#define REPLACED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REPLACED 0
#endif
#endif
#ifndef REPLACED
#define REPLACED 1
#endif

static long fail_at, allocations, live; /* fail_at 0: never */

#if REPLACED
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

extern void __libc_free(void *p);

static bool fails(void)
{
	return ++allocations == fail_at;
}

static void *took(void *p)
{
	live += p != NULL;
	return p;
}

void *malloc(size_t size)
{
	return fails() ? NULL : took(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : took(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	void *q = fails() ? NULL : __libc_realloc(p, size);

	return p ? q : took(q);
}

void free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}
#endif

static struct ledger *led;
static int refused;

/* Applies it; a refusal must leave the sums as they were, and the next try works. */
static void apply(enum event_type type, uint32_t tgid, struct event ev)
{
	struct ledger_pool before[POOLS];
	uint64_t forks = ledger_counts(led)->forks;
	int err;

	for (int pool = 0; pool < POOLS; pool++)
		before[pool] = *ledger_pool(led, pool);
	err = put(led, type, tgid, ev);
	if (!err)
		return;
	assert_int_equal(err, -ENOMEM);
	refused++;
	assert_int_equal(ledger_counts(led)->forks, forks);
	for (int pool = 0; pool < POOLS; pool++)
		assert_memory_equal(ledger_pool(led, pool), &before[pool], sizeof(before[pool]));
	assert_int_equal(put(led, type, tgid, ev), 0);
}

static void fork_one(uint32_t parent, uint32_t child, uint32_t ordinal)
{
	apply(EVENT_FORK, child,
	      (struct event){.u.fork = {.parent = id(parent),
					.parent_private_bytes = parent ? 4096 : UNKNOWN,
					.inherited_bytes = 100,
					.ordinal = ordinal}});
}

/* A session that reaches every table. */
static int session(long fail)
{
	struct verdict *v = NULL;
	long before = live;
	int err;

	led = ledger_new();
	if (!led)
		return 0;
	refused = 0;
	allocations = 0;
	fail_at = fail;
	apply(EVENT_SESSION, 0,
	      (struct event){.u.session = {.source = SOURCE_PROC, .version = EVENT_VERSION},
			     .text = "command"});
	for (uint32_t i = 1; i <= 20; i++)
		apply(EVENT_TAG, 0,
		      (struct event){.u.tag = {.tag = i, .pool = POOL_KERNEL}, .text = "fd.pipe"});
	apply(EVENT_TAKE, 0, (struct event){.u.take = {.take = 1}, .text = "pipe2"});
	apply(EVENT_FRAME, 0,
	      (struct event){.u.frame = {.take = 1, .index = 3}, .text = "f\tg\th"});
	apply(EVENT_LOSS, 0,
	      (struct event){.u.loss = {.kind = LOSS_TREE, .count = 1}, .text = "x"});
	apply(EVENT_BLIND, 0, (struct event){.text = "y"});
	fork_one(0, ROOT, 0);
	for (uint32_t i = 1; i <= 60; i++) {
		apply(EVENT_GAUGE, ROOT,
		      (struct event){.u.gauge = {.pool = POOL_KERNEL,
						 .tag = 1 + i % 7,
						 .count = i,
						 .bytes = 100 * i}});
		fork_one(ROOT, 100 + i, i);
		apply(EVENT_EXIT, 100 + i, (struct event){.u.exit = {.private_bytes = 5000}});
		if (i % 3)
			apply(EVENT_REAP, 100 + i, (struct event){.text = NULL});
	}
	apply(EVENT_EXIT, ROOT, (struct event){.u.exit = {.private_bytes = 5000}});
	for (uint32_t i = 1; i <= 60; i++)
		apply(EVENT_OBJECT, ROOT,
		      (struct event){.u.object = {.pool = POOL_KERNEL,
						  .tag = 1 + i % 5,
						  .take = 1,
						  .hold = HOLD_PROCESS,
						  .birth_ordinal = i,
						  .count = 1,
						  .bytes = 10,
						  .returned_ns = 1,
						  .holder = id(ROOT)}});
	apply(EVENT_TOTAL, 0,
	      (struct event){.u.total = {.pool = POOL_KERNEL, .tag = 1, .charged_bytes = 5}});
	apply(EVENT_END, 0, (struct event){.u.end = {.status = 0}});
	err = verdict_new(led, &v);
	if (err) {
		assert_int_equal(err, -ENOMEM);
		refused++;
		assert_int_equal(verdict_new(led, &v), 0);
	}
	fail_at = 0;
	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_true(v->reason_count > 0);
	verdict_free(v);
	ledger_free(led);
	assert_int_equal(live, before);
	return refused;
}

static void every_allocation_may_fail(void **state)
{
	long total, n, told = 0;

	if (!REPLACED) {
		print_message("skipped: the sanitizer has its own allocator\n");
		skip();
	}
	assert_int_equal(session(0), 0);
	total = allocations;
	if (!total) {
		print_message("skipped: another allocator is in place\n");
		skip();
	}
	assert_true(total > 100);
	for (n = 1; n <= total; n++)
		told += session(n);
	/* qsort() does without the room that it asks for. */
	assert_true(told <= total && told >= total - 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
