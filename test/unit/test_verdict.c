/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: each first cause from the events that both sources send for it: recognised, counted as a
 * person would, measured against the right forks, one finding and no more.
 * Not here: what is no leak (test_verdict_clean.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "verdict/rule.h"
#include "verdict_case.h"

static void a_pipe_kept_for_each_fork(void **state)
{
	for (int both = 0; both < 2; both++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;
		double bytes = 2056 + (both ? 400 : 200);

		run_children(led, 211);
		for (uint32_t i = 0; i < 211; i++)
			keep_pipe(led, TAKE_PIPE, i, both);
		/* The table of descriptors doubles on the way, under the same call. */
		for (uint32_t i = 32; i < 211; i *= 2)
			put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_4K, TAKE_PIPE, i, 1, 4104, 9);
		v = finish(led);
		f = only(v, "fd.pipe", WHERE_HELD);
		assert_int_equal(f->count, 211);
		assert_int_equal(f->forks, 211);
		assert_near(f->count_per_fork, 1);
		assert_near(f->bytes_per_fork, bytes);
		assert_int_equal(f->bytes.known, KNOWN_EXACT);
		assert_int_equal(f->holder.tgid, ROOT);
		assert_string_equal(f->holder_comm, "test");
		assert_int_equal(f->take, TAKE_PIPE);
		assert_int_equal(f->part_count, 5);
		assert_int_equal(f->pool, POOL_KERNEL);
		assert_int_equal(v->reason_count, 0);
		verdict_free(v);
		ledger_free(led);
	}
}

static void one_pipe_in_ten_forks(void **state)
{
	static const uint32_t sizes[] = {200, 5000};

	for (int n = 0; n < 2; n++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;

		run_children(led, sizes[n]);
		for (uint32_t i = 0; i < sizes[n]; i += 10)
			keep_pipe(led, TAKE_PIPE, i, true);
		v = finish(led);
		f = only(v, "fd.pipe", WHERE_HELD);
		assert_int_equal(f->count, sizes[n] / 10);
		assert_near(f->count_per_fork, 0.1);
		assert_near(f->bytes_per_fork, 245.6);
		verdict_free(v);
		ledger_free(led);
	}
}

static void one_cause_from_many_places_is_one_finding(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	/* Each place alone has too few to be judged. */
	run_children(led, 211);
	for (uint32_t i = 0; i < 40; i++) {
		put_take(led, 100 + i, "pipe2");
		keep_pipe(led, 100 + i, i * 5, true);
	}
	v = finish(led);
	f = only(v, "fd.pipe", WHERE_HELD);
	assert_int_equal(f->count, 40);
	assert_int_equal(f->part_count, 5);
	assert_int_equal(f->take_count, 40);
	for (size_t i = 0; i < f->take_count; i++)
		assert_int_equal(f->takes[i].bytes.bytes, f->bytes.bytes / 40);
	verdict_free(v);
	ledger_free(led);
}

static void two_places_that_leak_are_two_findings(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++) {
		keep_pipe(led, TAKE_PIPE, i, false);
		if (i % 3 == 0)
			keep_pipe(led, TAKE_PIPE_2, i, true);
	}
	v = finish(led);
	assert_int_equal(v->finding_count, 2);
	assert_int_equal(v->findings[0].take, TAKE_PIPE); /* most bytes per fork first */
	assert_int_equal(v->findings[1].take, TAKE_PIPE_2);
	assert_int_equal(v->findings[1].count, 71);
	verdict_free(v);
	ledger_free(led);
}

static void late_returns_do_not_blur_a_count(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	/* One socket in ten is kept; inodes of the last 14 that were closed come back by RCU. */
	run_children(led, 200);
	for (uint32_t i = 0; i < 200; i++) {
		if (i % 10 == 0 || i > 184)
			put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_SOCK, TAKE_PAIR, i, 1, 832,
				   9);
		if (i % 10 == 0)
			put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_1K, TAKE_PAIR, i, 1, 1032, 9);
	}
	v = finish(led);
	f = only(v, "fd.socket.unix", WHERE_HELD);
	assert_int_equal(f->count, 20);
	assert_true(f->bytes_per_fork > 0.95 * 186.4 && f->bytes_per_fork < 1.10 * 186.4);
	verdict_free(v);
	ledger_free(led);
}

static void a_function_name_tells_where_no_call_is_known(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++)
		keep_pipe(led, TAKE_NAMELESS, i, true);
	v = finish(led);
	assert_int_equal(only(v, "fd.pipe", WHERE_HELD)->count, 211);
	verdict_free(v);
	ledger_free(led);
}

static void sockets_and_files_by_call(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++) {
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_SOCK, TAKE_PAIR, i, 2, 1664, 9);
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_FILP, TAKE_PAIR, i, 2, 400, 9);
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_FILP, TAKE_OPEN, i, 1, 200, 9);
		/* A pinned dentry is kernel memory, though its cache could be dropped. */
		put(led, EVENT_OBJECT, ROOT,
		    (struct event){.u.object = {.pool = POOL_CACHE,
						.tag = TAG_DENTRY,
						.take = TAKE_OPEN,
						.hold = HOLD_PROCESS,
						.birth_ordinal = i,
						.count = 1,
						.bytes = 192,
						.returned_ns = 9,
						.holder = id(ROOT)}});
	}
	v = finish(led);
	assert_int_equal(v->finding_count, 2);
	assert_string_equal(v->findings[0].cause, "fd.socket.unix");
	assert_int_equal(v->findings[0].count, 422);
	assert_string_equal(v->findings[1].cause, "fd.file");
	assert_int_equal(v->findings[1].count, 211);
	assert_near(v->findings[1].bytes_per_fork, 392);
	verdict_free(v);
	ledger_free(led);
}

/* Levels as source proc reads them: before each fork, and at the exit. */
static void levels_of_descriptors(void **state)
{
	static const uint32_t sizes[] = {200, 5000}, rates[] = {1, 10};

	for (int n = 0; n < 4; n++) {
		uint32_t forks = sizes[n / 2], rate = rates[n % 2], kept = 0;
		struct ledger *led = start(SOURCE_PROC);
		const struct finding *f;
		struct verdict *v;

		for (uint32_t i = 0; i < forks; i++) {
			/* Where there are many forks, not each is read. */
			if (i < 100 || i % 16 == 0)
				put_gauge(led, ROOT, POOL_KERNEL, TAG_UNIX, 2 * (kept + 1),
					  4800 * (kept + 1));
			put_gauge(led, ROOT, POOL_KERNEL, TAG_PIPES, 3, 7386);
			put_child(led, ROOT, i + 1, 40960);
			kept += i % rate == 0;
		}
		put_gauge(led, ROOT, POOL_KERNEL, TAG_UNIX, 2 * kept, 4800 * kept);
		v = finish(led);
		f = only(v, "fd.socket.unix", WHERE_HELD);
		assert_near(f->count_per_fork, 2.0 / rate);
		assert_near(f->bytes_per_fork, 4800.0 / rate);
		assert_string_equal(f->parts[0].tag, "fd.socket.unix");
		verdict_free(v);
		ledger_free(led);
	}
}

static void zombies(void **state)
{
	for (int exact = 0; exact < 2; exact++) {
		struct ledger *led = start(exact ? SOURCE_BPF : SOURCE_PROC);
		const struct finding *f;
		struct verdict *v;

		for (uint32_t i = 1; i <= 211; i++) {
			put_fork(led, ROOT, 1000 + i, i, 40960, 40960);
			put_exit(led, 1000 + i, 40960);
			if (i % 10 == 1)
				put_gauge(led, 1000 + i, POOL_KERNEL, TAG_ZOMBIE, 1, 9728);
			else
				put_reap(led, 1000 + i);
		}
		put_exit(led, ROOT, 0);
		for (uint32_t i = 1; i <= 211; i += 10) {
			put_reap(led, 1000 + i);
			if (exact)
				put_object(led, 1000 + i, HOLD_PROCESS, ROOT, TAG_TASK, TAKE_CLONE,
					   i, 1, 6024, 9);
		}
		v = finish(led);
		f = only(v, "zombie", WHERE_HELD);
		assert_int_equal(f->count, 22);
		assert_near(f->bytes_per_fork, 9728 * 22.0 / 211);
		assert_int_equal(f->holder.tgid, ROOT);
		assert_int_equal(f->part_count, exact ? 2 : 1);
		verdict_free(v);
		ledger_free(led);
	}
}

static void orphans(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	for (uint32_t i = 1; i <= 211; i++)
		put_fork(led, ROOT, 1000 + i, i, 40960, 40960);
	put_exit(led, ROOT, 0);
	for (uint32_t i = 1; i <= 211; i++)
		put_alive(led, 1000 + i, false, 49152, 80000);
	v = finish(led);
	f = only(v, "orphan", WHERE_HELD);
	assert_int_equal(f->count, 211);
	assert_int_equal(f->pool, POOL_KERNEL);
	assert_near(f->bytes_per_fork, 80000);
	assert_int_equal(f->holder.tgid, 1001);
	verdict_free(v);
	ledger_free(led);
}

static struct event left(enum pool pool, uint32_t tag, uint32_t birth, int64_t bytes,
			 int64_t kernel)
{
	return (struct event){.u.left = {.pool = pool,
					 .tag = tag,
					 .birth_ordinal = birth,
					 .bytes = bytes,
					 .kernel_bytes = kernel}};
}

static void what_ipc_leaves(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 1; i <= 211; i++) {
		put(led, EVENT_LEFT, 1000 + i, left(POOL_SHARED, TAG_SHM, i, 4096, 1425));
		/* Here objects tell the kernel bytes. */
		put(led, EVENT_LEFT, 0, left(POOL_KERNEL, TAG_MSG, i, 1000, UNKNOWN));
		put_object(led, 1000 + i, HOLD_LEFT, 0, TAG_1K, TAKE_MSG, i, 2, 2318, 0);
	}
	v = finish(led);
	assert_int_equal(v->finding_count, 2);
	assert_string_equal(v->findings[0].cause, "ipc.shm");
	assert_int_equal(v->findings[0].where, WHERE_LEFT);
	assert_int_equal(v->findings[0].pool, POOL_SHARED);
	assert_int_equal(v->findings[0].count, 211);
	assert_near(v->findings[0].bytes_per_fork, 4096);
	assert_int_equal(v->findings[0].holder.tgid, 0);
	assert_string_equal(v->findings[1].cause, "ipc.msg");
	assert_int_equal(v->findings[1].count, 211);
	assert_near(v->findings[1].bytes_per_fork, 2318);
	/* Nothing else is known of the pool: what is there at least, but not that nothing came
	 * back. */
	assert_int_equal(ledger_pool(led, POOL_SHARED)->live.bytes, 211 * 4096);
	assert_int_equal(ledger_pool(led, POOL_SHARED)->live.known, KNOWN_AT_LEAST);
	assert_int_equal(ledger_pool(led, POOL_SHARED)->returned.known, KNOWN_NOT);
	verdict_free(v);
	ledger_free(led);
}

static void lost_by_the_kernel(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	/* A server below the root forks 50 of the tree's 251; what they leave nobody reaches. */
	run_children(led, 100);
	put_fork(led, ROOT, 50, 101, 0, 0);
	for (uint32_t i = 102; i <= 151; i++)
		put_child(led, 50, i, 0);
	for (uint32_t i = 152; i <= 251; i++)
		put_child(led, ROOT, i, 0);
	put_exit(led, 50, 0);
	put_reap(led, 50);
	for (uint32_t i = 102; i <= 151; i++)
		put_object(led, 1000 + i, HOLD_NONE, 0, TAG_192, TAKE_CLONE, i, 1, 200, 0);
	v = finish(led);
	f = only(v, "kernel.lost", WHERE_LOST);
	assert_int_equal(f->count, 50);
	assert_int_equal(f->forks, 50);
	assert_near(f->bytes_per_fork, 200);
	assert_int_equal(f->holder.tgid, 0);
	verdict_free(v);
	ledger_free(led);
}

static void heap_and_what_comes_with_it(void **state)
{
	static const uint32_t rates[] = {1, 10};

	for (int n = 0; n < 2; n++) {
		struct ledger *led = start(SOURCE_BPF);
		const struct finding *f;
		struct verdict *v;
		int64_t level = 100 * 4096;

		for (uint32_t i = 0; i < 500; i++) {
			level += i % rates[n] == 0 ? 3 * 4096 : 0;
			put_child(led, ROOT, i + 1, level);
			/* Its page tables and mappings grow with it. */
			put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_TABLE, TAKE_MMAP, i, 1, 4096,
				   9);
			put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_VMA, TAKE_MMAP, i, 1, 200, 9);
		}
		v = finish(led);
		f = only(v, "heap", WHERE_HELD);
		assert_int_equal(f->pool, POOL_PRIVATE);
		assert_true(f->bytes_per_fork > 0.98 * 12288 / rates[n]);
		assert_true(f->bytes_per_fork < 1.02 * 12288 / rates[n]);
		assert_int_equal(f->part_count, 3);
		verdict_free(v);
		ledger_free(led);
	}
}

/* Pages of private memory at their places: one that was filled once is not named. */
static void heap_is_taken_where_it_grows(void **state)
{
	enum { TAG_BRK = 900, TAG_MMAP, LEAKS = 90, CACHE };
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;
	int64_t level = 100;

	put_tag(led, TAG_BRK, POOL_PRIVATE, "brk");
	put_tag(led, TAG_MMAP, POOL_PRIVATE, "mmap");
	for (uint32_t i = 0; i < 2; i++)
		put(led, EVENT_TAKE, 0,
		    (struct event){.u.take = {.take = LEAKS + i, .syscall_nr = -1}, .text = ""});
	for (uint32_t i = 0; i < 500; i++) {
		level += i == 250 ? 203 : 3;
		put_child(led, ROOT, i + 1, level * 4096);
	}
	for (uint32_t i = 4; i < 500; i++) {
		struct event page = {.u.object = {.pool = POOL_PRIVATE,
						  .tag = i == 250 ? TAG_MMAP : TAG_BRK,
						  .take = i == 250 ? CACHE : LEAKS,
						  .hold = HOLD_PROCESS,
						  .birth_ordinal = i,
						  .count = i == 250 ? 200 : 3,
						  .returned_ns = 9,
						  .holder = id(ROOT)}};

		page.u.object.bytes = (int64_t)page.u.object.count * 4096;
		assert_int_equal(put(led, EVENT_OBJECT, ROOT, page), 0);
	}
	v = finish(led);
	f = only(v, "heap", WHERE_HELD);
	assert_true(f->bytes_per_fork > 0.98 * 12288 && f->bytes_per_fork < 1.1 * 12288);
	assert_int_equal(f->take, LEAKS);
	assert_int_equal(f->take_count, 1);
	assert_int_equal(f->part_count, 2);
	assert_string_equal(f->parts[0].tag, "brk");
	assert_int_equal(f->parts[0].bytes.bytes, 495 * 3 * 4096);
	assert_string_equal(f->parts[1].tag, "private");
	assert_int_equal(f->parts[0].bytes.bytes + f->parts[1].bytes.bytes, f->bytes.bytes);
	verdict_free(v);
	ledger_free(led);
}

static void mappings_without_memory(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	struct verdict *v;

	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++)
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_VMA, TAKE_MMAP, i, 1, 200, 9);
	v = finish(led);
	assert_int_equal(only(v, "vma", WHERE_HELD)->count, 211);
	verdict_free(v);
	ledger_free(led);
}

static void unrecognised_things_are_found_but_not_beside_their_cause(void **state)
{
	struct ledger *led = start(SOURCE_BPF);
	const struct finding *f;
	struct verdict *v;

	/* Some array grows by a little for each pipe, under a call that says nothing. */
	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++) {
		keep_pipe(led, TAKE_PIPE, i, true);
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_4K, 0, i, 1, 64, 9);
	}
	v = finish(led);
	f = only(v, "fd.pipe", WHERE_HELD);
	assert_near(f->bytes_per_fork, 2456 + 64);
	verdict_free(v);
	ledger_free(led);

	led = start(SOURCE_BPF);
	run_children(led, 211);
	for (uint32_t i = 0; i < 211; i++)
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_4K, 0, i, 1, 64, 9);
	v = finish(led);
	assert_int_equal(only(v, "kernel.held", WHERE_HELD)->count, 211);
	verdict_free(v);
	ledger_free(led);
}

static void the_table_of_causes_is_whole(void **state)
{
	for (int thing = THING_NONE + 1; thing < THING_KINDS; thing++) {
		if (thing != THING_PROCESS)
			assert_string_equal(rule_of_thing(thing)->cause, thing_name(thing));
	}
	for (size_t i = 0; rule_at(i); i++) {
		const struct rule *rule = rule_at(i);

		assert_ptr_equal(rule_named(rule->cause), rule);
		assert_true(strlen(rule->hint) > 20);
		assert_int_equal(rule->hint[strlen(rule->hint) - 1], '.');
		/* No call stands in two rows. */
		for (size_t k = 0; rule_at(k); k++) {
			for (size_t a = 0; a < RULE_NAMES && rule->syscalls[a]; a++) {
				for (size_t b = 0; b < RULE_NAMES && rule_at(k)->syscalls[b]; b++) {
					if (i != k || a != b)
						assert_string_not_equal(rule->syscalls[a],
									rule_at(k)->syscalls[b]);
				}
			}
		}
	}
	assert_null(rule_named("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pipe_kept_for_each_fork),
	    cmocka_unit_test(one_pipe_in_ten_forks),
	    cmocka_unit_test(one_cause_from_many_places_is_one_finding),
	    cmocka_unit_test(two_places_that_leak_are_two_findings),
	    cmocka_unit_test(late_returns_do_not_blur_a_count),
	    cmocka_unit_test(a_function_name_tells_where_no_call_is_known),
	    cmocka_unit_test(sockets_and_files_by_call),
	    cmocka_unit_test(levels_of_descriptors),
	    cmocka_unit_test(zombies),
	    cmocka_unit_test(orphans),
	    cmocka_unit_test(what_ipc_leaves),
	    cmocka_unit_test(lost_by_the_kernel),
	    cmocka_unit_test(heap_and_what_comes_with_it),
	    cmocka_unit_test(heap_is_taken_where_it_grows),
	    cmocka_unit_test(mappings_without_memory),
	    cmocka_unit_test(unrecognised_things_are_found_but_not_beside_their_cause),
	    cmocka_unit_test(the_table_of_causes_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
