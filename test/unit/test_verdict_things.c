/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: findings whose things the source recognised: counted by their bodies, named by who keeps
 * them, children that outlive their parent.
 * Not here: causes from bare objects (test_verdict.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "event/thing.h"
#include "verdict_case.h"

static void put_part(struct ledger *led, uint32_t tag, uint32_t take, uint32_t birth,
		     enum thing thing, bool body, uint32_t keeper)
{
	put(led, EVENT_OBJECT, ROOT,
	    (struct event){.u.object = {.pool = POOL_KERNEL,
					.tag = tag,
					.take = take,
					.hold = HOLD_PROCESS,
					.birth_ordinal = birth,
					.flags = body ? OBJECT_BODY : 0,
					.count = 1,
					.bytes = 200,
					.returned_ns = 1,
					.holder = id(keeper),
					.thing = thing,
					.via = VIA_FD,
					.fd = 7},
			   .text = "stranger"});
}

/* What the source knows goes before the system call; what it does not know goes with its take. */
static void things_are_counted_by_their_bodies(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++) {
		put_part(led, TAG_FILP, TAKE_OPEN, i, THING_FD_PTY, true, ROOT);
		put_part(led, TAG_1K, TAKE_OPEN, i, THING_FD_PTY, false, ROOT);
		put_part(led, TAG_1K, TAKE_OPEN, i, THING_FD_PTY, false, ROOT);
		put_part(led, TAG_192, TAKE_OPEN, i, THING_NONE, false, ROOT);
	}
	v = finish(led);
	f = only(v, "fd.pty", WHERE_HELD);
	assert_int_equal(f->count, 211);
	assert_int_equal(f->bytes.bytes, 211 * 4 * 200);
	assert_int_equal(f->via, VIA_FD);
	assert_int_equal(f->fd, 7);
	verdict_free(v);
	ledger_free(led);
}

/* Of two kinds that one thing may be, the parts go with the bodies of the commoner one. */
static void parts_of_two_kinds_are_one_finding(void **state)
{
	static const enum thing kinds[][2] = {{THING_FD_SOCKET_INET, THING_SOCKET_CLOSEWAIT},
					      {THING_SOCKET_CLOSEWAIT, THING_FD_SOCKET_INET},
					      {THING_FD_FILE, THING_FD_FILE_DELETED}};

	for (int n = 0; n < 3; n++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;

		run_children(led, 211);
		for (uint32_t i = 0; i < 211; i++) {
			enum thing kind = kinds[n][i % 12 != 0];

			put_part(led, TAG_FILP, TAKE_OPEN, i, kind, true, ROOT);
			put_part(led, TAG_1K, TAKE_OPEN, i, kind, false, ROOT);
		}
		v = finish(led);
		f = only(v, thing_name(kinds[n][1]), WHERE_HELD);
		assert_int_equal(f->count, 211);
		assert_int_equal(f->bytes.bytes, 211 * 2 * 200);
		verdict_free(v);
		ledger_free(led);
	}
}

/* Handed to a process that does not fork, or is not of the tree: that one, by the maker's forks. */
static void a_keeper_is_named_by_its_makers_forks(void **state)
{
	static const uint32_t keepers[] = {1000 + 3, 9999};

	for (int n = 0; n < 2; n++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;

		run_children(led, 211);
		for (uint32_t i = 0; i < 211; i++)
			put_part(led, TAG_FILP, TAKE_OPEN, i, THING_FD_FILE, true, keepers[n]);
		v = finish(led);
		assert_int_equal(v->finding_count, 1);
		f = &v->findings[0];
		assert_string_equal(f->cause, "fd.file");
		assert_int_equal(f->holder.tgid, keepers[n]);
		assert_string_equal(f->holder_comm, n ? "stranger" : "test");
		assert_int_equal(ledger_counts(led)->strangers, 0);
		assert_near(f->count_per_fork, 1);
		verdict_free(v);
		ledger_free(led);
	}
}

static void put_ended(struct ledger *led, uint32_t tgid, enum outlived outlived, int status)
{
	put(led, EVENT_EXIT, tgid,
	    (struct event){.u.exit = {.private_bytes = 0,
				      .kernel_live_bytes = 70000,
				      .status = status,
				      .outlived = outlived}});
	put_reap(led, tgid);
}

/* Those whom their parent's end ended; not those that ended by themselves. */
static void children_that_outlive_their_parent(void **state)
{
	static const struct {
		enum outlived outlived;
		int status;
		const char *cause;
	} cases[] = {{OUTLIVED_RUNNING, 9, "child.running"},
		     {OUTLIVED_STOPPED, 9, "child.stopped"},
		     {OUTLIVED_RUNNING, 0, NULL}};

	for (int n = 0; n < 3; n++) {
		struct ledger *led = start(SOURCE_BPF);
		struct verdict *v;

		for (uint32_t i = 1; i <= 97; i++)
			put_fork(led, ROOT, 1000 + i, i, 40960, 0);
		put_exit(led, ROOT, 0);
		for (uint32_t i = 1; i <= 97; i++)
			put_ended(led, 1000 + i, cases[n].outlived, cases[n].status);
		put_reap(led, ROOT);
		if (!cases[n].cause) {
			finish_clean(led);
			continue;
		}
		v = finish(led);
		assert_int_equal(only(v, cases[n].cause, WHERE_HELD)->count, 97);
		assert_int_equal(v->findings[0].bytes.bytes, 97 * 70000);
		verdict_free(v);
		ledger_free(led);
	}
}

/* Made by one process for another (CLONE_PARENT): that one has not waited, and did not fork. */
static void zombies_are_held_by_who_should_wait(void **state)
{
	enum { MAKER = 500, CHILDREN = 97 };

	for (int reaped = 0; reaped < 2; reaped++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;

		put_fork(led, ROOT, MAKER, 1, 40960, 0);
		for (uint32_t i = 0; i < CHILDREN; i++) {
			put_fork(led, MAKER, 1000 + i, 2 + i, 40960, 0);
			put(led, EVENT_EXIT, 1000 + i,
			    (struct event){
				.u.exit = {.kernel_live_bytes = 70000, .parent_tgid = ROOT}});
		}
		put_exit(led, MAKER, 0);
		put_reap(led, MAKER);
		for (uint32_t i = 0; reaped && i < CHILDREN; i++)
			put_reap(led, 1000 + i);
		put_exit(led, ROOT, 0);
		for (uint32_t i = 0; !reaped && i < CHILDREN; i++)
			put_reap(led, 1000 + i);
		put_reap(led, ROOT);
		if (reaped) {
			finish_clean(led);
			continue;
		}
		v = finish(led);
		f = only(v, "zombie", WHERE_HELD);
		assert_int_equal(f->count, CHILDREN);
		assert_int_equal(f->holder.tgid, ROOT);
		assert_int_equal(f->forks, CHILDREN);
		verdict_free(v);
		ledger_free(led);
	}
}

/* Its tag has no totals: what is open of it is in no book, and breaks none. */
static void what_is_charged_to_nobody_is_found_and_in_no_book(void **state)
{
	enum { TAG_LOCK_CACHE = 40, LOCKS = 97 };
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	put(led, EVENT_TAG, 0,
	    (struct event){.u.tag = {.tag = TAG_LOCK_CACHE,
				     .pool = POOL_KERNEL,
				     .flags = TAG_UNACCOUNTED,
				     .object_bytes = 192},
			   .text = "file_lock_cache"});
	run_children(led, LOCKS);
	for (uint32_t i = 0; i < LOCKS; i++)
		put(led, EVENT_OBJECT, ROOT,
		    (struct event){.u.object = {.pool = POOL_KERNEL,
						.tag = TAG_LOCK_CACHE,
						.hold = HOLD_PROCESS,
						.birth_ordinal = i,
						.flags = OBJECT_BODY,
						.count = 1,
						.bytes = 192,
						.holder = id(ROOT),
						.thing = THING_LOCK,
						.via = VIA_FD,
						.fd = 3}});
	v = finish(led);
	f = only(v, "lock", WHERE_HELD);
	assert_int_equal(f->count, LOCKS);
	assert_int_equal(f->bytes.bytes, LOCKS * 192);
	assert_int_equal(ledger_violation_count(led), 0);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->live.bytes, 0);
	verdict_free(v);
	ledger_free(led);
}

/* Source proc reads first at the first fork: two files were open before, one comes with each. */
static void what_was_there_before_the_first_fork_is_not_counted(void **state)
{
	static const struct {
		uint32_t forks, rate, count;
	} cases[] = {{97, 1, 97}, {97, 10, 10}, {12, 1, 12}};

	for (int n = 0; n < 3; n++) {
		struct ledger *led = start(SOURCE_PROC);
		uint32_t kept = 0;
		struct verdict *v;

		for (uint32_t i = 0; i < cases[n].forks; i++) {
			kept += i % cases[n].rate == 0;
			put_child(led, ROOT, i + 1, 40960);
			put_gauge(led, ROOT, POOL_KERNEL, TAG_PIPES, 2 + kept, (2 + kept) * 200);
		}
		v = finish(led);
		assert_int_equal(only(v, "fd.pipe", WHERE_HELD)->count, cases[n].count);
		verdict_free(v);
		ledger_free(led);
	}
}

/* A source that does not tell what an ended process still had has charged it as it went. */
static void children_that_outlive_their_parent_by_estimate(void **state)
{
	enum { TAG_COST = 41, COST_BYTES = 43000, CHILDREN = 97 };
	struct ledger *led = start(SOURCE_PROC);
	const struct finding *f;
	struct verdict *v;

	put(led, EVENT_TAG, 0,
	    (struct event){.u.tag = {.tag = TAG_COST, .pool = POOL_KERNEL, .flags = TAG_ESTIMATE},
			   .text = "process"});
	for (uint32_t i = 1; i <= CHILDREN; i++) {
		put_fork(led, ROOT, 1000 + i, i, 40960, 0);
		put_amount(led, EVENT_CHARGE, 1000 + i, POOL_KERNEL, TAG_COST, 1, COST_BYTES);
	}
	put_exit(led, ROOT, 0);
	for (uint32_t i = 1; i <= CHILDREN; i++)
		put(led, EVENT_EXIT, 1000 + i,
		    (struct event){.u.exit = {.private_bytes = 0,
					      .kernel_live_bytes = EVENT_UNKNOWN_BYTES,
					      .status = 9,
					      .outlived = OUTLIVED_RUNNING}});
	put_reap(led, ROOT);
	v = finish(led);
	f = only(v, "child.running", WHERE_HELD);
	assert_int_equal(f->count, CHILDREN);
	assert_int_equal(f->bytes.bytes, CHILDREN * COST_BYTES);
	assert_int_equal(f->bytes.known, KNOWN_ESTIMATE);
	verdict_free(v);
	ledger_free(led);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(things_are_counted_by_their_bodies),
	    cmocka_unit_test(parts_of_two_kinds_are_one_finding),
	    cmocka_unit_test(a_keeper_is_named_by_its_makers_forks),
	    cmocka_unit_test(children_that_outlive_their_parent),
	    cmocka_unit_test(what_was_there_before_the_first_fork_is_not_counted),
	    cmocka_unit_test(children_that_outlive_their_parent_by_estimate),
	    cmocka_unit_test(zombies_are_held_by_who_should_wait),
	    cmocka_unit_test(what_is_charged_to_nobody_is_found_and_in_no_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
