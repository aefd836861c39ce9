/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks of an allocator beside the level of private memory that they are part of: what is a
 * finding, and that nothing is in two of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "verdict_case.h"

#define TAG_BLOCK 77
#define FORKS	  100

/* A call stack: malloc, then these functions. */
static void put_stack(struct ledger *led, uint32_t take, const char *inner, const char *outer)
{
	const char *const functions[] = {"malloc", inner, outer, "main"};

	put(led, EVENT_TAKE, 0,
	    (struct event){.u.take = {.take = take, .syscall_nr = -2}, .text = ""});
	for (uint32_t i = 0; i < 4; i++)
		put(led, EVENT_FRAME, 0,
		    (struct event){.u.frame = {.take = take, .index = i, .line = i},
				   .text = functions[i]});
}

/* Forks of the root; its private memory rises by @each bytes for each of them. */
static struct ledger *forks(int64_t each)
{
	struct ledger *led = start(SOURCE_PROC);

	assert_int_equal(put_tag(led, TAG_BLOCK, POOL_PRIVATE, "heap block"), 0);
	put_stack(led, 1001, "leaker", "serve");
	put_stack(led, 1002, "second", "serve");
	put_stack(led, 1003, "leaker", "other_caller");
	for (uint32_t i = 1; i <= FORKS; i++)
		assert_int_equal(put_child(led, ROOT, i, 40960 + i * each), 0);
	put_exit(led, ROOT, 40960 + FORKS * each);
	return led;
}

static void put_block(struct ledger *led, uint32_t take, uint32_t birth, uint64_t count,
		      int64_t bytes)
{
	struct event ev = {.u.object = {.pool = POOL_PRIVATE,
					.tag = TAG_BLOCK,
					.take = take,
					.hold = HOLD_PROCESS,
					.birth_ordinal = birth,
					.flags = OBJECT_OWN_FORKS,
					.count = count,
					.bytes = bytes,
					.returned_ns = 9,
					.holder = id(ROOT),
					.fd = -1}};

	assert_int_equal(put(led, EVENT_OBJECT, ROOT, ev), 0);
}

static struct verdict *judge(struct ledger *led)
{
	struct verdict *v;

	put_reap(led, ROOT);
	put_end(led);
	assert_int_equal(verdict_new(led, &v), 0);
	return v;
}

static void done(struct ledger *led, struct verdict *v)
{
	verdict_free(v);
	ledger_free(led);
}

/* Two lines, each its own finding; their bytes explain what private memory grew by. */
static void each_line_is_a_finding(void **state)
{
	struct ledger *led = forks(3200);
	struct verdict *v;

	for (uint32_t i = 1; i < FORKS; i++) {
		put_block(led, 1001, i, 1, 3000);
		if (i % 5 == 0)
			put_block(led, 1002, i, 2, 64);
	}
	v = judge(led);
	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_int_equal(v->finding_count, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(v->findings[i].cause, "heap");
		assert_true(v->findings[i].blocks);
		assert_int_equal(v->findings[i].forks, FORKS);
		assert_int_equal(v->findings[i].holder.tgid, ROOT);
	}
	assert_int_equal(v->findings[0].take, 1001);
	assert_int_equal(v->findings[0].count, 99);
	assert_int_equal(v->findings[0].bytes.bytes, 99 * 3000);
	assert_near(v->findings[0].count_per_fork, 1); /* one is missing: before the first fork */
	assert_near(v->findings[0].bytes_per_fork, 3000);
	assert_int_equal(v->findings[1].take, 1002);
	assert_int_equal(v->findings[1].count, 38);
	assert_int_equal(v->note_count, 0);
	done(led, v);
}

/* Blocks of 16 bytes: what the allocator adds to them is no second finding, nor a note. */
static void what_allocators_add_is_theirs(void **state)
{
	struct ledger *led = forks(64);
	struct verdict *v;

	for (uint32_t i = 1; i < FORKS; i++)
		put_block(led, 1001, i, 1, 16);
	v = judge(led);
	assert_int_equal(v->finding_count, 1);
	assert_int_equal(v->findings[0].bytes.bytes, 99 * 16);
	assert_int_equal(v->note_count, 0);
	done(led, v);
}

/* Three pages for each fork, one of them in blocks: the rest is a finding, and less by those. */
static void the_rest_is_told_once(void **state)
{
	struct ledger *led = forks(3 * 4096);
	struct verdict *v;

	for (uint32_t i = 1; i < FORKS; i++)
		put_block(led, 1001, i, 1, 4096);
	v = judge(led);
	assert_int_equal(v->finding_count, 2);
	assert_false(v->findings[0].blocks);
	assert_true(v->findings[1].blocks);
	assert_near(v->findings[0].bytes.bytes, FORKS * 3 * 4096 - 99 * 4096);
	done(led, v);
}

/* Pools, rings and single blocks are none; what is live at all says that somebody looked. */
static void what_does_not_pile_up_is_clean(void **state)
{
	struct ledger *led = forks(1000);
	struct verdict *v;

	for (uint32_t i = 1; i <= 9; i++)
		put_block(led, 1001, i, 10, 50000);
	for (uint32_t i = 91; i <= FORKS; i++)
		put_block(led, 1002, i, 1, 700);
	put_block(led, 1003, 50, 1, 1 << 20);
	v = judge(led);
	assert_int_equal(v->judgement, JUDGEMENT_CLEAN);
	assert_int_equal(v->note_count, 1);
	assert_non_null(strstr(v->notes[0], "not in blocks of malloc() that stay"));
	done(led, v);
	led = forks(1000);
	v = judge(led);
	assert_non_null(strstr(v->notes[0], "--heap"));
	done(led, v);
}

/* One line, called from many places that are too seldom to be judged. */
static void one_line_in_many_ways(void **state)
{
	struct ledger *led = forks(0);
	char outer[32];
	struct verdict *v;

	for (uint32_t way = 0; way < 25; way++) {
		snprintf(outer, sizeof(outer), "way_%u", way);
		put(led, EVENT_TAKE, 0,
		    (struct event){.u.take = {.take = 2000 + way, .syscall_nr = -2}, .text = ""});
		for (uint32_t i = 0; i < 5; i++)
			put(led, EVENT_FRAME, 0,
			    (struct event){.u.frame = {.take = 2000 + way, .index = i},
					   .text = i == 0   ? "malloc"
						   : i == 4 ? outer
							    : "interpreter"});
		for (uint32_t i = 0; i < 4; i++)
			put_block(led, 2000 + way, way + 25 * i, 1, 40);
	}
	put_block(led, 1002, 3, 1, 40); /* another line, once */
	v = judge(led);
	assert_int_equal(v->finding_count, 1);
	assert_int_equal(v->findings[0].count, 100);
	assert_int_equal(v->findings[0].take_count, 25);
	done(led, v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_line_is_a_finding),
	    cmocka_unit_test(what_allocators_add_is_theirs),
	    cmocka_unit_test(the_rest_is_told_once),
	    cmocka_unit_test(what_does_not_pile_up_is_clean),
	    cmocka_unit_test(one_line_in_many_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
