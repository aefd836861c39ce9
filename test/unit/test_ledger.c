/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: each law of the ledger on small sessions whose sums are worked out by hand.
 * Not here: bounds (test_ledger_bounds.c), random sessions (test_ledger_property.c), meaning
 * (test_verdict.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include "ledger_case.h"

static void an_empty_book_knows_nothing(void **state)
{
	struct ledger *led = ledger_new();

	assert_false(ledger_session(led)->seen);
	assert_false(ledger_session(led)->complete);
	assert_string_equal(ledger_session(led)->command, "");
	assert_false(ledger_end(led)->seen);
	assert_null(ledger_root(led));
	assert_null(ledger_account_next(led, NULL));
	for (int pool = 0; pool < POOLS; pool++) {
		const struct ledger_pool *p = ledger_pool(led, pool);

		assert_int_equal(p->charged.known, KNOWN_NOT);
		assert_int_equal(p->live.known, KNOWN_NOT);
		assert_int_equal(p->peak.known, KNOWN_NOT);
		assert_int_equal(p->unattributed.known, KNOWN_NOT);
	}
	ledger_free(led);
	ledger_free(NULL);
}

static void a_charge_is_live_until_it_is_returned(void **state)
{
	struct ledger *led = begin(SOURCE_MODEL);

	put_tag(led, 1, POOL_KERNEL, "filp");
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 1, 1, 4099);
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 1, 1, 23);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 1, 1, 4099);
	assert_amount(ledger_pool(led, POOL_KERNEL)->charged, 4122, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->returned, 4099, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 23, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->peak, 4122, KNOWN_EXACT);
	assert_int_equal(row(led, ROOT)->pool[POOL_KERNEL].live, 23);
	assert_amount(row(led, ROOT)->pool[POOL_KERNEL].peak, 4122, KNOWN_EXACT);
	assert_int_equal(ledger_tag(led, 1)->charged_bytes, 4122);
	assert_int_equal(ledger_tag(led, 1)->returned_bytes, 4099);
	assert_int_equal(ledger_pool(led, POOL_SHARED)->charged.known, KNOWN_NOT);
	ledger_free(led);
}

static void an_over_return_is_a_sum_of_its_own(void **state)
{
	struct ledger *led = begin(SOURCE_MODEL);

	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, 100);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 1, 130);
	assert_amount(ledger_pool(led, POOL_KERNEL)->returned, 100, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 0, KNOWN_EXACT);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->over_return_count, 1);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->over_return_bytes, 30);
	assert_int_equal(row(led, ROOT)->pool[POOL_KERNEL].over_return, 30);
	assert_int_equal(ledger_counts(led)->over_return, 1);
	ledger_free(led);
}

static void unknown_bytes_make_a_bound(void **state)
{
	struct ledger *led = begin(SOURCE_MODEL);

	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, 100);
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 1, UNKNOWN);
	assert_amount(ledger_pool(led, POOL_KERNEL)->charged, 100, KNOWN_AT_LEAST);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 100, KNOWN_AT_LEAST);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 1, UNKNOWN);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 0, KNOWN_NOT);
	ledger_free(led);
}

static void a_sum_over_a_life_is_no_peak(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put(led, EVENT_CHARGE, ROOT,
	    (struct event){
		.u.amount = {.pool = POOL_KERNEL, .count = 9, .bytes = 9000, .peak_bytes = 2000}});
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 9, 9000);
	assert_amount(ledger_pool(led, POOL_KERNEL)->peak, 2000, KNOWN_AT_LEAST);
	assert_amount(row(led, ROOT)->pool[POOL_KERNEL].peak, 2000, KNOWN_EXACT);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->charged_count, 9);
	put(led, EVENT_BOOK, 0,
	    (struct event){.u.book = {.pool = POOL_KERNEL,
				      .moment = BOOK_PEAK,
				      .ledger_bytes = 5000,
				      .kernel_bytes = 5040,
				      .processes = 51}});
	assert_amount(ledger_pool(led, POOL_KERNEL)->peak, 5000, KNOWN_AT_LEAST);
	assert_amount(ledger_pool(led, POOL_KERNEL)->unattributed, 40, KNOWN_EXACT);
	put(led, EVENT_BOOK, 0,
	    (struct event){.u.book = {.pool = POOL_KERNEL,
				      .moment = BOOK_END,
				      .ledger_bytes = 7,
				      .kernel_bytes = 4096}});
	assert_amount(ledger_pool(led, POOL_KERNEL)->unattributed, 4089, KNOWN_EXACT);
	assert_int_equal(ledger_book(led, POOL_KERNEL, BOOK_PEAK)->processes, 51);
	ledger_free(led);
}

static void private_levels_become_charges_and_inherited_stays_apart(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_pool *p = ledger_pool(led, POOL_PRIVATE);

	assert_int_equal(put_fork(led, ROOT, 11, 1, 1000, 800), 0);
	assert_amount(row(led, ROOT)->pool[POOL_PRIVATE].charged, 1000, KNOWN_EXACT);
	assert_amount(row(led, 11)->inherited, 800, KNOWN_EXACT);
	assert_int_equal(row(led, 11)->private_level, 800);
	assert_amount(p->inherited, 800, KNOWN_EXACT);
	/* The child grows to 900, then execs with 900: 100 were its own. */
	assert_int_equal(put_exec(led, 11, 900), 0);
	assert_amount(row(led, 11)->pool[POOL_PRIVATE].charged, 100, KNOWN_EXACT);
	assert_amount(row(led, 11)->pool[POOL_PRIVATE].returned, 100, KNOWN_EXACT);
	assert_int_equal(row(led, 11)->inherited_live, 0);
	/* Its new image has 300 at exit. */
	assert_int_equal(put_exit(led, 11, 300), 0);
	assert_amount(row(led, 11)->pool[POOL_PRIVATE].charged, 400, KNOWN_EXACT);
	assert_int_equal(row(led, 11)->pool[POOL_PRIVATE].live, 0);
	/* One that shrinks below what it inherited returns what it was charged, no more. */
	put_fork(led, ROOT, 12, 2, 1000, 800);
	put_fork(led, 12, 13, 3, 850, 850);
	put_fork(led, 12, 14, 4, 600, 600);
	assert_amount(row(led, 12)->pool[POOL_PRIVATE].charged, 50, KNOWN_EXACT);
	assert_amount(row(led, 12)->pool[POOL_PRIVATE].returned, 50, KNOWN_EXACT);
	assert_int_equal(row(led, 12)->inherited_live, 600);
	assert_int_equal(p->over_return_count, 0);
	assert_amount(p->live, 1000, KNOWN_EXACT);
	ledger_free(led);
}

static void an_unknown_level_is_not_zero(void **state)
{
	struct ledger *led = begin(SOURCE_PROC);

	put_fork(led, ROOT, 11, 1, UNKNOWN, UNKNOWN);
	put_exit(led, 11, UNKNOWN);
	assert_int_equal(row(led, 11)->inherited.known, KNOWN_NOT);
	assert_false(row(led, 11)->private_known);
	assert_amount(row(led, 11)->pool[POOL_PRIVATE].charged, 0, KNOWN_AT_LEAST);
	assert_amount(ledger_pool(led, POOL_PRIVATE)->charged, 0, KNOWN_AT_LEAST);
	assert_amount(ledger_pool(led, POOL_PRIVATE)->inherited, 0, KNOWN_AT_LEAST);
	ledger_free(led);
}

static void vfork_inherits_nothing(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put(led, EVENT_FORK, 11,
	    (struct event){.u.fork = {.parent = id(ROOT),
				      .parent_private_bytes = 1000,
				      .inherited_bytes = 1000,
				      .flags = FORK_SHARES_MM,
				      .ordinal = 1}});
	assert_amount(row(led, 11)->inherited, 0, KNOWN_EXACT);
	ledger_free(led);
}

static void a_pid_used_again_is_a_new_account(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	struct event ev = {.type = EVENT_FORK,
			   .account = {.tgid = 11, .start_ns = 5},
			   .u.fork = {.parent = id(ROOT), .ordinal = 2}};

	put_child(led, ROOT, 1, 0);
	put_fork(led, ROOT, 11, 1, 0, 0);
	assert_int_equal(ledger_apply(led, &ev), 0);
	assert_int_equal(ledger_counts(led)->forks, 3);
	assert_int_equal(ledger_counts(led)->disorder, 0);
	assert_ptr_not_equal(ledger_account(led, ev.account), row(led, 11));
	ledger_free(led);
}

static void gauges_are_levels_and_exit_gives_them_back(void **state)
{
	struct ledger *led = begin(SOURCE_PROC);

	put_tag(led, 1, POOL_KERNEL, "fd.pipe");
	put_tag(led, 2, POOL_KERNEL, "zombie");
	put_gauge(led, ROOT, POOL_KERNEL, 1, 3, 300);
	put_gauge(led, ROOT, POOL_KERNEL, 1, 5, 500);
	put_gauge(led, ROOT, POOL_KERNEL, 1, 4, 400);
	assert_amount(ledger_pool(led, POOL_KERNEL)->charged, 500, KNOWN_EXACT);
	assert_amount(ledger_pool(led, POOL_KERNEL)->returned, 100, KNOWN_EXACT);
	assert_int_equal(row(led, ROOT)->pool[POOL_KERNEL].live, 400);
	put_fork(led, ROOT, 11, 1, 0, 0);
	put_exit(led, 11, 0);
	put(led, EVENT_GAUGE, 11,
	    (struct event){.u.gauge = {.pool = POOL_KERNEL,
				       .tag = 2,
				       .flags = OBJECT_ESTIMATE,
				       .count = 1,
				       .bytes = 9728}});
	assert_int_equal(row(led, 11)->pool[POOL_KERNEL].live, 9728);
	assert_amount(ledger_pool(led, POOL_KERNEL)->live, 10128, KNOWN_ESTIMATE);
	put_reap(led, 11);
	assert_int_equal(row(led, 11)->pool[POOL_KERNEL].live, 0);
	put_exit(led, ROOT, 0);
	assert_int_equal(row(led, ROOT)->pool[POOL_KERNEL].live, 0);
	/* The level that stood before the exit is what is judged. */
	assert_int_equal(ledger_residue_count(led), 1);
	assert_int_equal(ledger_residue(led, 0)->kind, RESIDUE_LEVEL);
	assert_int_equal(ledger_residue(led, 0)->count, 4);
	ledger_free(led);
}

static void an_exact_source_charges_its_gauges_itself(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_tag(led, 2, POOL_KERNEL, "zombie");
	put_fork(led, ROOT, 11, 1, 0, 0);
	put_exit(led, 11, 0);
	put_gauge(led, 11, POOL_KERNEL, 2, 1, 9728);
	assert_int_equal(row(led, 11)->pool[POOL_KERNEL].live, 0);
	assert_amount(row(led, 11)->zombie_bytes, 9728, KNOWN_EXACT);
	ledger_free(led);
}

static void estimates_are_told_by_tag(void **state)
{
	struct ledger *led = begin(SOURCE_PROC);

	put(led, EVENT_TAG, 0,
	    (struct event){.u.tag = {.tag = 7, .pool = POOL_KERNEL, .flags = TAG_ESTIMATE},
			   .text = "task"});
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 7, 1, 9730);
	assert_amount(ledger_pool(led, POOL_KERNEL)->charged, 9730, KNOWN_ESTIMATE);
	ledger_free(led);
}

static void a_parents_exit_finds_its_zombies(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_residue *r;

	/* P = 20 forks 9: 4 not waited for, 1 still running, when P begins to exit. */
	put_tag(led, 2, POOL_KERNEL, "zombie");
	put_fork(led, ROOT, 20, 1, 0, 0);
	for (uint32_t i = 0; i < 9; i++) {
		put_fork(led, 20, 30 + i, 2 + i, 0, 0);
		if (i < 8)
			put_exit(led, 30 + i, 0);
		if (i < 4)
			put_reap(led, 30 + i);
	}
	put_gauge(led, 34, POOL_KERNEL, 2, 1, 9728);
	put_exit(led, 20, 0);
	assert_int_equal(ledger_residue_count(led), 1);
	r = ledger_residue(led, 0);
	assert_int_equal(r->kind, RESIDUE_ZOMBIE);
	assert_ptr_equal(r->holder, row(led, 20));
	assert_int_equal(r->count, 4);
	assert_amount(r->bytes, 9728, KNOWN_AT_LEAST);
	/* What the others hold may be told later, and more than once. */
	put_gauge(led, 35, POOL_KERNEL, 2, 1, 9000);
	put_gauge(led, 35, POOL_KERNEL, 2, 1, 9728);
	put_gauge(led, 36, POOL_KERNEL, 2, 1, 9728);
	put_gauge(led, 37, POOL_KERNEL, 2, 1, 9728);
	assert_amount(r->bytes, 4 * 9728, KNOWN_EXACT);
	/* The one that ran is no zombie of P when it ends later; nor is P its own parent's. */
	put_exit(led, 38, 0);
	put_reap(led, 20);
	put_exit(led, ROOT, 0);
	put_end(led);
	assert_int_equal(r->count, 4);
	assert_int_equal(ledger_residue_count(led), 1);
	ledger_free(led);
}

static void orphans_are_found_at_the_end(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_residue *r;

	put_fork(led, ROOT, 11, 1, 0, 0);
	put_fork(led, ROOT, 12, 2, 0, 0);
	put_fork(led, 12, 13, 3, 0, 0); /* its parent lives: no orphan */
	put_exit(led, ROOT, 0);
	put_alive(led, 11, false, 5000, 80000);
	put_alive(led, 12, false, 7000, 90000);
	put_alive(led, 13, false, 7000, UNKNOWN);
	put_end(led);
	assert_int_equal(ledger_residue_count(led), 1);
	r = ledger_residue(led, 0);
	assert_int_equal(r->kind, RESIDUE_ORPHAN);
	assert_int_equal(r->count, 2);
	assert_ptr_equal(r->first, row(led, 11));
	assert_ptr_equal(r->forker, row(led, ROOT));
	assert_amount(r->bytes, 12000, KNOWN_EXACT);
	assert_amount(r->kernel_bytes, 170000, KNOWN_EXACT);
	assert_false(row(led, 13)->orphan);
	ledger_free(led);
}

static void objects_of_one_take_are_one_group(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_residue *r;

	put_tag(led, 1, POOL_KERNEL, "filp");
	put_take(led, 5, "pipe2");
	for (uint32_t i = 1; i <= 10; i++)
		put_child(led, ROOT, i, 0);
	put_exit(led, ROOT, 0);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, 1, 5, 0, 2, 400, 99);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, 1, 5, 9, 2, 400, 99);
	put_object(led, 1003, HOLD_NONE, 0, 1, 5, 3, 1, 200, 0);
	put_object(led, 1004, HOLD_NONE, 0, 1, 5, 4, 1, UNKNOWN, 0);
	assert_int_equal(ledger_residue_count(led), 2);
	r = ledger_residue(led, 0);
	assert_ptr_equal(r->holder, ledger_root(led));
	assert_int_equal(r->count, 4);
	assert_amount(r->bytes, 800, KNOWN_EXACT);
	assert_int_equal(r->open_count, 0);
	assert_int_equal(r->births.count[0], 2);
	assert_int_equal(r->births.count[9], 2);
	r = ledger_residue(led, 1);
	assert_null(r->holder);
	assert_ptr_equal(r->forker, ledger_root(led));
	assert_int_equal(r->open_count, 2);
	assert_amount(r->bytes, 200, KNOWN_AT_LEAST);
	assert_int_equal(ledger_tag(led, 1)->open_count, 2);
	ledger_free(led);
}

static void the_sources_totals_must_close(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_violation *v;

	put_tag(led, 1, POOL_KERNEL, "filp");
	put_tag(led, 2, POOL_KERNEL, "dentry");
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 3, 1000);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 2, 600);
	put_object(led, ROOT, HOLD_NONE, 0, 1, 0, 0, 1, 400, 0);
	put_total(led, POOL_KERNEL, 1, 600, 200);
	put_total(led, POOL_KERNEL, 2, 407, 400);
	put_end(led);
	assert_int_equal(ledger_violation_count(led), 2);
	v = ledger_violation(led, 0);
	assert_int_equal(v->law, LAW_TAG_OPEN);
	assert_string_equal(v->tag->name, "dentry");
	assert_int_equal(v->left_bytes, 7);
	assert_int_equal(v->right_bytes, 0);
	v = ledger_violation(led, 1);
	assert_int_equal(v->law, LAW_POOL_CHARGED);
	assert_int_equal(v->left_bytes, 1000);
	assert_int_equal(v->right_bytes, 1007);
	ledger_free(led);
}

static void what_came_back_must_close(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_violation *v;

	put_tag(led, 1, POOL_KERNEL, "filp");
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 2, 1000);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 2, 900);
	put_object(led, ROOT, HOLD_NONE, 0, 1, 0, 0, 1, 0, 0);
	put_total(led, POOL_KERNEL, 1, 1000, 1000);
	put_end(led);
	assert_int_equal(ledger_violation_count(led), 1);
	v = ledger_violation(led, 0);
	assert_int_equal(v->law, LAW_POOL_RETURNED);
	assert_int_equal(v->left_bytes, 900);
	assert_int_equal(v->right_bytes, 1000);
	ledger_free(led);
}

static void totals_that_close_are_silent(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_tag(led, 1, POOL_KERNEL, "filp");
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, 0, 3, 1000);
	put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, 0, 2, 600);
	put_object(led, ROOT, HOLD_NONE, 0, 1, 0, 0, 2, 400, 0);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, 1, 0, 0, 2, 400, 77); /* came back late */
	put_total(led, POOL_KERNEL, 1, 1000, 600);
	put_end(led);
	assert_int_equal(ledger_violation_count(led), 0);
	assert_true(ledger_session(led)->complete);
	ledger_free(led);
}

static void names_and_notes_are_kept(void **state)
{
	struct ledger *led = begin(SOURCE_BPF);
	const struct ledger_take *take;

	/* A frame may come before its take; a hole is not filled with a guess. */
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = 5, .index = 2, .line = 23},
			   .text = "main\tserver.c\t/usr/bin/server"});
	put_take(led, 5, "pipe2");
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = 5, .index = 0, .kernel = 1}, .text = "do_pipe2"});
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = 5, .index = 64}, .text = "deep"});
	take = ledger_take(led, 5);
	assert_string_equal(take->syscall, "pipe2");
	assert_int_equal(take->frame_count, 3);
	assert_string_equal(take->frames[0].function, "do_pipe2");
	assert_string_equal(take->frames[0].file, "");
	assert_true(take->frames[0].kernel);
	assert_false(take->frames[1].seen);
	assert_string_equal(take->frames[1].function, "");
	assert_string_equal(take->frames[2].file, "server.c");
	assert_string_equal(take->frames[2].module, "/usr/bin/server");
	assert_int_equal(ledger_counts(led)->over_text, 1);
	put_loss(led, LOSS_RECORDS, 3, "ring full");
	put_loss(led, LOSS_RECORDS, 4, "ring full");
	put_loss(led, LOSS_TREE, 1, "");
	assert_int_equal(ledger_loss_count(led), 2);
	assert_int_equal(ledger_loss(led, 0)->count, 7);
	assert_int_equal(ledger_lost_events(led), 8);
	put(led, EVENT_BLIND, 0, (struct event){.text = "no cgroup"});
	put(led, EVENT_BLIND, 0, (struct event){.text = "no cgroup"});
	assert_int_equal(ledger_blind_count(led), 1);
	assert_string_equal(ledger_blind(led, 0), "no cgroup");
	assert_null(ledger_blind(led, 1));
	assert_null(ledger_take(led, 6));
	assert_ptr_equal(ledger_take_at(led, 0), take);
	assert_null(ledger_take_at(led, 1));
	ledger_free(led);
}

static void own_forks_are_found_on_the_trees_clock(void **state)
{
	struct marks m = {0};

	/* Own forks at ordinals 100, 110, ... : the k-th at 90 + 10 k. */
	for (uint32_t k = 1; k <= 1000; k++)
		assert_int_equal(marks_add(&m, 90 + 10 * k), 0);
	assert_int_equal(marks_own(&m, 0), 0);
	assert_int_equal(marks_own(&m, 99), 0);
	assert_int_equal(marks_own(&m, 100), 1);
	for (uint32_t k = 1; k <= 1000; k += 7)
		assert_int_equal(marks_own(&m, 90 + 10 * k), k);
	assert_int_equal(marks_own(&m, 1000000), 1000);
	marks_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_book_knows_nothing),
	    cmocka_unit_test(a_charge_is_live_until_it_is_returned),
	    cmocka_unit_test(what_came_back_must_close),
	    cmocka_unit_test(an_over_return_is_a_sum_of_its_own),
	    cmocka_unit_test(unknown_bytes_make_a_bound),
	    cmocka_unit_test(a_sum_over_a_life_is_no_peak),
	    cmocka_unit_test(private_levels_become_charges_and_inherited_stays_apart),
	    cmocka_unit_test(an_unknown_level_is_not_zero),
	    cmocka_unit_test(vfork_inherits_nothing),
	    cmocka_unit_test(a_pid_used_again_is_a_new_account),
	    cmocka_unit_test(gauges_are_levels_and_exit_gives_them_back),
	    cmocka_unit_test(an_exact_source_charges_its_gauges_itself),
	    cmocka_unit_test(estimates_are_told_by_tag),
	    cmocka_unit_test(a_parents_exit_finds_its_zombies),
	    cmocka_unit_test(orphans_are_found_at_the_end),
	    cmocka_unit_test(objects_of_one_take_are_one_group),
	    cmocka_unit_test(the_sources_totals_must_close),
	    cmocka_unit_test(totals_that_close_are_silent),
	    cmocka_unit_test(names_and_notes_are_kept),
	    cmocka_unit_test(own_forks_are_found_on_the_trees_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
