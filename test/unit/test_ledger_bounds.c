/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: folding and every bound of the ledger: what is forgotten keeps its sums, and what does
 * not fit is counted; events in an impossible order; events that are none. Not here: the laws
 * (test_ledger.c), random sessions (test_ledger_property.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include "ledger_case.h"

static size_t rows(struct ledger *led)
{
	const struct ledger_account *a = NULL;
	size_t n = 0;

	while ((a = ledger_account_next(led, a)))
		n++;
	return n;
}

static void a_hundred_thousand_forks_need_bounded_room(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const uint32_t forks = 120011;

	for (uint32_t i = 1; i <= forks; i++) {
		uint32_t child = 1000 + i;

		assert_int_equal(put_fork(led, ROOT, child, i, 4096, 4096), 0);
		assert_int_equal(put_exit(led, child, 8192), 0);
		assert_int_equal(put_reap(led, child), 0);
		put_amount(led, EVENT_CHARGE, child, POOL_KERNEL, 0, 140, 100000);
		put_amount(led, EVENT_RETURN, child, POOL_KERNEL, 0, 140, 100000);
	}
	assert_true(rows(led) <= LEDGER_CLOSING + 2);
	assert_int_equal(ledger_root(led)->children.accounts + rows(led) - 1, forks);
	assert_int_equal(ledger_counts(led)->strangers, 0);
	assert_int_equal(ledger_counts(led)->over_bound, 0);
	assert_amount(ledger_pool(led, POOL_KERNEL)->charged, forks * 100000LL, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 0, KNOWN_EXACT);
	/* A folded one's late events still find its parent's books. */
	put_amount(led, EVENT_CHARGE, 100000, POOL_KERNEL, 0, 1, 77);
	assert_int_equal(ledger_root(led)->children.pool[POOL_KERNEL].live, 77);
	/* One that was folded too long ago is a stranger, and is counted. */
	put_amount(led, EVENT_CHARGE, 1001, POOL_KERNEL, 0, 1, 5);
	assert_int_equal(ledger_counts(led)->strangers, 1);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 82, KNOWN_EXACT);
	ledger_free(led);
}

static void who_owes_keeps_its_row(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_fork(led, ROOT, 11, 1, 0, 0);
	put_amount(led, EVENT_CHARGE, 11, POOL_KERNEL, 0, 1, 77);
	put_exit(led, 11, 0);
	put_reap(led, 11);
	for (uint32_t i = 2; i < LEDGER_CLOSING + 100; i++)
		put_child(led, ROOT, i, 0);
	assert_int_equal(row(led, 11)->pool[POOL_KERNEL].live, 77);
	assert_null(ledger_account(led, id(1002)));
	ledger_free(led);
}

static void put_exit_owing(struct ledger *led, uint32_t tgid, int64_t kernel_live)
{
	put(led, EVENT_EXIT, tgid,
	    (struct event){.u.exit = {.private_peak_bytes = UNKNOWN,
				      .commit_bytes = UNKNOWN,
				      .page_table_bytes = UNKNOWN,
				      .kernel_live_bytes = kernel_live}});
	put_reap(led, tgid);
}

static void late_sums_find_their_account(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const uint32_t forks = LEDGER_FOLDED_MAX + 2 * LEDGER_CLOSING;

	put_fork(led, ROOT, 11, 1, 0, 0);
	put_exit_owing(led, 11, 300);
	for (uint32_t i = 2; i <= forks; i++) {
		put_fork(led, ROOT, 1000 + i, i, 0, 0);
		put_exit_owing(led, 1000 + i, 300);
		put_amount(led, EVENT_CHARGE, 1000 + i, POOL_KERNEL, 0, 4, 400);
		put_amount(led, EVENT_RETURN, 1000 + i, POOL_KERNEL, 0, 4, 400);
	}
	assert_true(rows(led) <= LEDGER_CLOSING + 3);
	/* One of its returns was not seen, so all that time nothing could be told of it. */
	put_amount(led, EVENT_CHARGE, 11, POOL_KERNEL, 0, 4, 400);
	assert_int_equal(row(led, 11)->pool[POOL_KERNEL].live, 400);
	put_amount(led, EVENT_RETURN, 11, POOL_KERNEL, 0, 4, 400);
	assert_null(ledger_account(led, id(11)));
	assert_int_equal(ledger_counts(led)->strangers, 0);
	ledger_free(led);
}

static void grandchildren_fold_into_who_is_left(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	/* 11 forks 12 and goes; 12 outlives it. */
	put_fork(led, ROOT, 11, 1, 0, 0);
	put_fork(led, 11, 12, 2, 0, 0);
	put_amount(led, EVENT_CHARGE, 12, POOL_KERNEL, 0, 1, 50);
	put_exit(led, 11, 0);
	put_reap(led, 11);
	for (uint32_t i = 3; i < LEDGER_CLOSING + 100; i++)
		put_child(led, ROOT, i, 0);
	assert_non_null(ledger_account(led, id(11))); /* it has a row below */
	put_amount(led, EVENT_RETURN, 12, POOL_KERNEL, 0, 1, 50);
	put_exit(led, 12, 0);
	put_reap(led, 12);
	for (uint32_t i = 1; i < LEDGER_CLOSING + 100; i++)
		put_child(led, ROOT, LEDGER_CLOSING + 100 + i, 0);
	assert_null(ledger_account(led, id(12)));
	assert_null(ledger_account(led, id(11)));
	put_amount(led, EVENT_CHARGE, 12, POOL_KERNEL, 0, 1, 9);
	assert_int_equal(ledger_root(led)->children.pool[POOL_KERNEL].live, 9);
	assert_int_equal(ledger_counts(led)->strangers, 0);
	ledger_free(led);
}

static void too_many_at_once_are_counted(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	for (uint32_t i = 1; i <= LEDGER_ROWS_MAX + 22; i++)
		assert_int_equal(put_fork(led, ROOT, 1000 + i, i, 0, 0), 0);
	assert_int_equal(ledger_counts(led)->over_bound, 23);
	assert_int_equal(rows(led), LEDGER_ROWS_MAX);
	put_amount(led, EVENT_CHARGE, 1000 + LEDGER_ROWS_MAX + 1, POOL_KERNEL, 0, 1, 9);
	assert_int_equal(ledger_root(led)->children.pool[POOL_KERNEL].live, 9);
	ledger_free(led);
}

static void too_many_residues_are_counted(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_tag(led, 1, POOL_KERNEL, "filp");
	for (uint32_t i = 1; i <= LEDGER_RESIDUES_MAX + 5; i++)
		put_object(led, ROOT, HOLD_NONE, 0, 1, i, 0, 1, 10, 0);
	assert_int_equal(ledger_counts(led)->over_bound, 5);
	assert_int_equal(ledger_residue_count(led), LEDGER_RESIDUES_MAX + 1);
	assert_int_equal(ledger_residue(led, LEDGER_RESIDUES_MAX)->count, 5);
	assert_int_equal(ledger_tag(led, 1)->open_bytes, 10 * (LEDGER_RESIDUES_MAX + 5));
	ledger_free(led);
}

static void too_many_tags_share_no_name(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	for (uint32_t i = 1; i <= LEDGER_TAGS_MAX + 3; i++)
		assert_int_equal(put_tag(led, i, POOL_KERNEL, "x"), 0);
	assert_int_equal(ledger_counts(led)->over_bound, 3);
	assert_int_equal(
	    put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, LEDGER_TAGS_MAX + 2, 1, 9), 0);
	ledger_free(led);
}

static void impossible_orders_are_counted(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_fork(led, ROOT, 11, 1, 0, 0);
	put_fork(led, ROOT, 11, 1, 0, 0); /* twice */
	put_reap(led, 11);		  /* before its exit */
	put_exit(led, 11, 0);
	put_exit(led, 11, 0);
	put_reap(led, 11);
	assert_int_equal(ledger_counts(led)->disorder, 4);
	assert_int_equal(ledger_counts(led)->forks, 1);
	put_exit(led, 99, 0);
	put_amount(led, EVENT_CHARGE, 99, POOL_KERNEL, 0, 1, 5);
	assert_int_equal(ledger_counts(led)->strangers, 2);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->live.bytes, 5);
	put_end(led);
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, 5);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->live.bytes, 5);
	assert_int_equal(ledger_counts(led)->disorder, 5);
	ledger_free(led);
}

static void what_is_no_event_is_refused(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	assert_int_equal(put(led, EVENT_TYPES, ROOT, (struct event){.text = ""}), -EINVAL);
	assert_int_equal(put(led, EVENT_NONE, ROOT, (struct event){.text = ""}), -EINVAL);
	assert_int_equal(put(led, (enum event_type) - 1, ROOT, (struct event){.text = ""}),
			 -EINVAL);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOLS, 0, 1, 1), -EINVAL);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 4, 1, 1), -EINVAL);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, -1), -EINVAL);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, INT64_MAX),
			 -EINVAL);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, 1LL << 60), 0);
	assert_int_equal(put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, 1), -EINVAL);
	assert_int_equal(put_loss(led, 0, 1, ""), -EINVAL);
	assert_int_equal(put_loss(led, LOSSES, 1, ""), -EINVAL);
	assert_int_equal(put_fork(led, ROOT, 0, 1, 0, 0), -EINVAL);
	assert_int_equal(put_object(led, ROOT, HOLD_NONE + 1, 0, 0, 0, 0, 1, 1, 0), -EINVAL);
	assert_int_equal(put_tag(led, 0, POOL_KERNEL, "none"), -EINVAL);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->charged.bytes, 1LL << 60);
	assert_int_equal(ledger_residue_count(led), 0);
	ledger_free(led);
}

static void series_grow_coarse_but_lose_nothing(void **state)
{
	struct births b = {0};
	struct levels l = {0};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < 5003; i++) {
		assert_int_equal(births_add(&b, i, 3), 0);
		assert_int_equal(levels_add(&l, i, i % 64 == 17 ? 5 : 1000 + i, -1, 4096), 0);
	}
	assert_int_equal(b.stride, 64);
	assert_int_equal(b.bins, 5002 / 64 + 1);
	for (uint32_t i = 0; i < b.bins; i++)
		sum += b.count[i];
	assert_int_equal(sum, 3 * 5003);
	assert_int_equal(b.count[10], 3 * 64);
	assert_int_equal(l.stride, 64);
	assert_int_equal(l.at[10].bytes_min, 5);
	assert_int_equal(l.at[10].bytes, 1000 + 10 * 64 + 63);
	assert_int_equal(l.at[10].samples, 64);
	assert_int_equal(l.at[10].count, -1);
	births_release(&b);
	levels_release(&l);
}

static void a_number_used_again_is_another_account(void **state)
{
	struct ledger *led = begin(SOURCE_MODEL);
	struct event second = {.type = EVENT_FORK,
			       .account = {.tgid = 50, .start_ns = 7},
			       .u.fork = {.parent = id(ROOT), .ordinal = 2}};
	struct event charge = {.type = EVENT_CHARGE,
			       .account = second.account,
			       .u.amount = {.pool = POOL_KERNEL, .count = 1, .bytes = 64}};

	put_fork(led, ROOT, 50, 1, 0, 0);
	assert_int_equal(ledger_apply(led, &second), 0);
	assert_int_equal(ledger_apply(led, &charge), 0);
	assert_int_equal(ledger_counts(led)->forks, 2);
	assert_int_equal(ledger_counts(led)->disorder, 0);
	assert_int_equal(ledger_account(led, id(50))->pool[POOL_KERNEL].live, 0);
	assert_int_equal(ledger_account(led, second.account)->pool[POOL_KERNEL].live, 64);
	ledger_free(led);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_number_used_again_is_another_account),
	    cmocka_unit_test(a_hundred_thousand_forks_need_bounded_room),
	    cmocka_unit_test(who_owes_keeps_its_row),
	    cmocka_unit_test(late_sums_find_their_account),
	    cmocka_unit_test(grandchildren_fold_into_who_is_left),
	    cmocka_unit_test(too_many_at_once_are_counted),
	    cmocka_unit_test(too_many_residues_are_counted),
	    cmocka_unit_test(too_many_tags_share_no_name),
	    cmocka_unit_test(impossible_orders_are_counted),
	    cmocka_unit_test(what_is_no_event_is_refused),
	    cmocka_unit_test(series_grow_coarse_but_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
