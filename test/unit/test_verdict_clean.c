/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: what looks like a leak and is none; every reason for "inconclusive".
 * Not here: how often growth is misjudged (test_growth.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "verdict_case.h"

static void cache_alone_is_no_leak(void **state)
{
	struct ledger *led = start(SOURCE_BPF);

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++)
		put(led, EVENT_OBJECT, ROOT,
		    (struct event){.u.object = {.pool = POOL_CACHE,
						.tag = TAG_DENTRY,
						.take = TAKE_OPEN,
						.hold = HOLD_NONE,
						.birth_ordinal = i,
						.count = 1,
						.bytes = 192}});
	finish_clean(led);
}

/* What source proc knows of page tables: their level in bytes, no count. */
static void page_tables_of_a_heap_are_no_finding(void **state)
{
	struct ledger *led = start(SOURCE_PROC);
	struct verdict *v;

	for (uint32_t i = 0; i < 5000; i++) {
		put_child(led, ROOT, i + 1, (int64_t)(100 + 3 * i) * 4096);
		put_gauge(led, ROOT, POOL_KERNEL, TAG_TABLE, EVENT_UNKNOWN_BYTES,
			  (int64_t)(10 + i / 170) * 4096);
	}
	v = finish(led);
	only(v, "heap", WHERE_HELD);
	verdict_free(v);
	ledger_free(led);
}

/*
 * GNU make 4.3 with 24 targets, in pages at each fork: it reads the makefile, then keeps 1,944
 * bytes for each target, in small blocks, until it ends.
 */
static void a_record_of_work_is_a_note(void **state)
{
	static const int64_t pages[] = {70, 82, 84, 84, 84, 85, 85, 85, 86, 86, 86, 87, 87,
					88, 89, 89, 89, 90, 90, 90, 91, 91, 92, 92, 92, 93};
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	for (uint32_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		put_child(led, ROOT, i + 1, pages[i] * 4096);
	v = finish(led);
	assert_int_equal(v->judgement, JUDGEMENT_CLEAN);
	assert_int_equal(v->finding_count, 0);
	assert_int_equal(v->note_count, 1);
	assert_non_null(strstr(v->notes[0], " in 26 forks, "));
	assert_non_null(strstr(v->notes[0], "a record of its work or a slow leak"));
	verdict_free(v);
	ledger_free(led);
}

static void a_pool_of_workers_is_no_leak(void **state)
{
	struct ledger *led = start(SOURCE_BPF);

	/* Twenty workers live as long as the root, each with a pipe to it, and fork on their own.
	 */
	for (uint32_t i = 1; i <= 20; i++)
		put_fork(led, ROOT, 100 + i, i, 40960 + i * 8192, 0);
	for (uint32_t i = 0; i < 400; i++)
		put_child(led, 101 + i % 20, 21 + i, 40960);
	for (uint32_t i = 1; i <= 20; i++) {
		put_exit(led, 100 + i, 0);
		put_reap(led, 100 + i);
	}
	for (uint32_t i = 0; i < 20; i++)
		keep_pipe(led, TAKE_PIPE, i, true);
	finish_clean(led);
}

static void plateaus_rings_and_single_things_are_no_leaks(void **state)
{
	struct ledger *led = start(SOURCE_BPF);

	run_children(led, 211);
	for (uint32_t i = 0; i < 40; i++)
		keep_pipe(led, TAKE_PIPE, i, true); /* filled up */
	for (uint32_t i = 195; i < 211; i++)
		keep_pipe(led, TAKE_PIPE_2, i, true); /* the last 16 */
	for (uint32_t i = 10; i < 211; i += 50)
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_FILP, TAKE_OPEN, i, 1, 200, 9);
	finish_clean(led);
}

static void few_forks_are_not_judged(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, LEDGER_FORKS_MIN - 1);
	for (uint32_t i = 0; i < LEDGER_FORKS_MIN - 1; i++)
		keep_pipe(led, TAKE_PIPE, i, true);
	finish_clean(led);

	led = start(SOURCE_BPF);
	run_children(led, LEDGER_FORKS_MIN);
	for (uint32_t i = 0; i < LEDGER_FORKS_MIN; i++)
		keep_pipe(led, TAKE_PIPE, i, true);
	v = finish(led);
	(void)only(v, "fd.pipe", WHERE_HELD);
	verdict_free(v);
	ledger_free(led);
}

static void what_short_lived_children_hold_is_theirs(void **state)
{
	struct ledger *led = start(SOURCE_BPF);

	/* Each child has a pipe until its own exit. */
	run_children(led, 211);
	for (uint32_t i = 1; i <= 211; i++)
		put_object(led, 1000 + i, HOLD_PROCESS, 1000 + i, TAG_INODE, TAKE_PIPE, i, 1, 624,
			   9);
	finish_clean(led);
}

static void losses_make_it_inconclusive_but_hide_no_leak(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	put_loss(led, LOSS_RECORDS, 3, "the ring was full");
	put_exit(led, ROOT, 0);
	put_end(led);
	finish_inconclusive(led,
			    "3 records were lost on their way from the kernel: the ring was full.");

	led = start(SOURCE_BPF);
	run_children(led, 211);
	put_loss(led, LOSS_RECORDS, 3, "");
	for (uint32_t i = 0; i < 211; i++)
		keep_pipe(led, TAKE_PIPE, i, true);
	v = finish(led);
	(void)only(v, "fd.pipe", WHERE_HELD);
	assert_int_equal(v->reason_count, 1);
	verdict_free(v);
	ledger_free(led);
}

static void every_kind_of_not_knowing_has_its_reason(void **state)
{
	struct ledger *led = start(SOURCE_BPF);

	put_exit(led, ROOT, 0);
	finish_inconclusive(led, "The session was cut off: it has no end.");

	led = start(SOURCE_BPF);
	put_end(led);
	finish_inconclusive(led, "How the command itself ended was not seen.");

	led = start(SOURCE_BPF);
	put_exit(led, ROOT, 0);
	put(led, EVENT_END, 0, (struct event){.u.end = {.status = -1}});
	finish_inconclusive(led, "The command never ran.");

	led = start(SOURCE_BPF);
	put_exit(led, ROOT, 0);
	put_exit(led, 99, 0);
	put_end(led);
	finish_inconclusive(led, "1 events were about processes whose fork was not seen.");

	led = start(SOURCE_BPF);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 1, 5);
	put_exit(led, ROOT, 0);
	put_end(led);
	finish_inconclusive(
	    led, "1 returns were of more than had been charged: some charges were not seen.");

	led = start(SOURCE_BPF);
	put_total(led, POOL_KERNEL, TAG_FILP, 400, 200);
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 2, 400);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 1, 200);
	put_exit(led, ROOT, 0);
	put_end(led);
	finish_inconclusive(led,
			    "The books of \"filp\" do not close: charged minus returned is 200 "
			    "bytes, what is open sums up to 0.");

	led = start(SOURCE_BPF);
	run_children(led, 211);
	for (uint32_t i = 1; i <= 211; i++)
		put_object(led, 1000 + i, HOLD_UNKNOWN, 0, TAG_192, 0, i, 1, 200, 0);
	put_exit(led, ROOT, 0);
	put_end(led);
	finish_inconclusive(led, "211 objects \"kmalloc-cg-192\" are still charged, more with each "
				 "fork, and who holds them could not be told.");
}

static void blind_spots_alone_stay_clean(void **state)
{
	struct ledger *led = start(SOURCE_PROC);

	run_children(led, 211);
	put(led, EVENT_BLIND, 0, (struct event){.text = "kernel memory of what is not listed"});
	finish_clean(led);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cache_alone_is_no_leak),
	    cmocka_unit_test(page_tables_of_a_heap_are_no_finding),
	    cmocka_unit_test(a_record_of_work_is_a_note),
	    cmocka_unit_test(a_pool_of_workers_is_no_leak),
	    cmocka_unit_test(plateaus_rings_and_single_things_are_no_leaks),
	    cmocka_unit_test(few_forks_are_not_judged),
	    cmocka_unit_test(what_short_lived_children_hold_is_theirs),
	    cmocka_unit_test(losses_make_it_inconclusive_but_hide_no_leak),
	    cmocka_unit_test(every_kind_of_not_knowing_has_its_reason),
	    cmocka_unit_test(blind_spots_alone_stay_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
