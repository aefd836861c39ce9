// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Covers: what census/build.c makes of records: dividing, sums over subtrees, users and cgroups,
 * unknown amounts, processes that come twice, and the second book's sum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "census/build.h"
#include "census/check.h"

static struct build *begin(enum census_depth depth)
{
	struct build *b;

	assert_int_equal(build_open(depth, SOURCE_BPF, &b), 0);
	return b;
}

static struct census_record record(uint32_t tgid, uint32_t parent)
{
	return (struct census_record){.tgid = tgid,
				      .parent = parent,
				      .start_ns = tgid,
				      .threads = 1,
				      .mm = 1000 + tgid,
				      .files = 2000 + tgid};
}

static void add(struct build *b, struct census_record r)
{
	assert_int_equal(build_process(b, &r), 0);
}

static void hold(struct build *b, uint32_t tgid, uint64_t address, uint64_t bytes)
{
	struct census_hold h = {
	    .address = address, .bytes = bytes, .count = 1, .kind = KIND_FD_PIPE, .tgid = tgid};

	assert_int_equal(build_hold(b, &h), 0);
}

static struct census *finish(struct build *b)
{
	struct census *c;

	assert_int_equal(build_finish(b, NULL, &c), 0);
	build_close(b);
	return c;
}

/* 1009 bytes among three: each object once in the sum, remainders with the first. */
static void divides(void **state)
{
	struct build *b = begin(CENSUS_KINDS_ALL);
	struct census *c;

	for (uint32_t i = 1; i <= 3; i++)
		add(b, record(i, 0));
	hold(b, 1, 77, 1009);
	hold(b, 1, 77, 1009); /* the same number of the same process */
	hold(b, 2, 77, 0);    /* as told before */
	hold(b, 3, 77, 0);
	hold(b, 3, 88, 31);
	hold(b, 9, 88, 31); /* a process that never came */
	c = finish(b);
	assert_int_equal(c->process[0].kernel.bytes, 337);
	assert_int_equal(c->process[1].kernel.bytes, 336);
	assert_int_equal(c->process[2].kernel.bytes, 336 + 31);
	assert_int_equal(c->process[2].kernel_undivided.bytes, 1009 + 31);
	assert_int_equal(c->process[2].part[KIND_FD_PIPE].count, 2);
	assert_int_equal(c->process[2].part[KIND_FD_PIPE].shared, 1);
	assert_true(c->complete);
	assert_int_equal(c->all.kernel.bytes, 1009 + 31);
	assert_int_equal(c->all.kernel.known, KNOWN_EXACT);
	census_free(c);
}

/* vfork: the child's memory is its parent's. */
static void divides_memory(void **state)
{
	struct build *b = begin(CENSUS_KINDS_ALL);
	struct census_record r = record(1, 0);
	struct census *c;

	r.anon_bytes = 4097;
	r.cell[KIND_VMA] = (struct census_cell){.bytes = 101, .count = 7};
	r.cell[KIND_TASK] = (struct census_cell){.bytes = 50, .count = 1};
	add(b, r);
	r.tgid = r.start_ns = 2;
	r.parent = 1;
	r.files = 0;
	add(b, r);
	c = finish(b);
	assert_int_equal(c->all.private.bytes, 4097);
	assert_int_equal(c->all.kernel.bytes, 101 + 2 * 50);
	assert_int_equal(c->process[0].part[KIND_VMA].divided, 51);
	assert_int_equal(c->process[1].part[KIND_VMA].bytes, 101);
	census_free(c);
}

/* The address of a table that was let go of, used again: two that were alone share nothing. */
static void address_used_again(void **state)
{
	struct build *b = begin(CENSUS_SUMMARY);
	struct census_record r = record(1, 0);
	struct census *c;

	r.mm = 7;
	r.anon_bytes = 4096;
	r.flags = CENSUS_MM_ALONE;
	add(b, r);
	r.tgid = r.start_ns = 2;
	add(b, r);
	r.tgid = r.start_ns = 3; /* a vfork of 2 while we looked */
	r.flags = 0;
	add(b, r);
	c = finish(b);
	assert_int_equal(c->process[0].private.bytes, 4096);
	assert_int_equal(c->process[1].private.bytes, 2048);
	assert_int_equal(c->process[2].private.bytes, 2048);
	census_free(c);
}

static void sums_subtrees(void **state)
{
	/* 1 has 2 and 3, 3 has 4 (a zombie) and 5; 6's parent is a younger process by the same
	 * pid; 7 and 8 claim to be each other's child. */
	static const uint32_t parent[] = {0, 0, 1, 1, 3, 3, 9, 8, 7, 0};
	struct build *b = begin(CENSUS_SUMMARY);
	struct census *c;
	uint32_t at;

	for (uint32_t i = 9; i >= 1; i--) {
		struct census_record r = record(i, parent[i]);

		r.anon_bytes = 1 << i;
		r.uid = i & 1;
		r.cgroup = i < 4;
		if (i == 4) {
			r.flags = CENSUS_ZOMBIE;
			r.threads = 0;
		}
		if (i > 6)
			r.start_ns = 7; /* a clock that ticks slowly */
		add(b, r);
	}
	c = finish(b);
	at = census_find(c, 3, 0);
	assert_int_equal(c->process[at].subtree.processes, 3);
	assert_int_equal(c->process[at].subtree.zombies, 1);
	assert_int_equal(c->process[at].zombies, 1);
	assert_int_equal(c->process[at].subtree.private.bytes, 8 + 16 + 32);
	at = census_find(c, 1, 0);
	assert_int_equal(c->process[at].subtree.processes, 5);
	assert_int_equal(c->process[census_find(c, 6, 0)].parent, CENSUS_NONE);
	assert_int_equal(c->process[census_find(c, 7, 0)].parent, CENSUS_NONE);
	assert_int_equal(c->process[census_find(c, 8, 0)].subtree.processes, 1);
	assert_int_equal(c->all.processes, 9);
	assert_int_equal(census_group_sum(c, CENSUS_BY_USER, 1)->processes, 5);
	assert_int_equal(census_group_sum(c, CENSUS_BY_CGROUP, 1)->processes, 3);
	assert_null(census_group_sum(c, CENSUS_BY_USER, 2));
	assert_int_equal(census_find(c, 3, 4), CENSUS_NONE);
	assert_int_equal(census_find(c, 10, 0), CENSUS_NONE);
	census_free(c);
}

/* A pid that was used again while we looked: the process that lives now. */
static void newer_of_two(void **state)
{
	struct build *b = begin(CENSUS_KINDS_ALL);
	struct census_record r = record(5, 0);
	struct census *c;

	r.cell[KIND_TASK].bytes = 10;
	add(b, r);
	r.start_ns = 500;
	r.cell[KIND_TASK].bytes = 20;
	add(b, r);
	add(b, record(2, 0));
	r.start_ns = 5;
	add(b, r);
	c = finish(b);
	assert_int_equal(c->count, 2);
	assert_int_equal(c->process[1].start_ns, 500);
	assert_int_equal(c->process[1].kernel.bytes, 20);
	assert_int_equal(c->all.kernel.bytes, 20);
	census_free(c);
}

static void unknown_is_not_nothing(void **state)
{
	struct build *b = begin(CENSUS_SUMMARY);
	struct census_record r = record(1, 0);
	struct census *c;

	r.swap_bytes = EVENT_UNKNOWN_BYTES;
	r.anon_bytes = 5;
	r.fds = CENSUS_NOT_COUNTED;
	r.task_bytes = 40;
	add(b, r);
	add(b, record(2, 1));
	c = finish(b);
	assert_int_equal(c->process[0].swap.known, KNOWN_NOT);
	assert_int_equal(c->process[0].private.known, KNOWN_AT_LEAST);
	assert_int_equal(c->all.private.known, KNOWN_AT_LEAST);
	assert_int_equal(c->all.private.bytes, 5);
	assert_true(c->all.fds == CENSUS_UNKNOWN_COUNT);
	assert_int_equal(c->process[0].kernel.known, KNOWN_AT_LEAST);
	assert_int_equal(c->process[0].kernel.bytes, 40);
	assert_int_equal(c->process[0].shared.known, KNOWN_NOT);
	assert_null(c->process[0].part);
	assert_int_equal(c->unattributed.known, KNOWN_NOT);
	assert_int_equal(c->machine.total.known, KNOWN_NOT);
	census_free(c);
}

/* What is outside of the pid namespace is in no sum, and holds memory of the same machine. */
static void who_is_outside_holds_too(void **state)
{
	struct census_machine machine = {.slab_reclaimable = {.bytes = 4096}};
	struct census_record r = record(2, 1);

	r.cell[KIND_TASK] = (struct census_cell){.bytes = 50, .count = 1};
	for (int outside = 0; outside < 2; outside++) {
		struct build *b = begin(CENSUS_KINDS_ALL);
		struct census *c;

		add(b, r);
		if (outside)
			build_outside(b);
		assert_int_equal(build_finish(b, &machine, &c), 0);
		build_close(b);
		assert_true(c->complete);
		assert_int_equal(c->all.kernel.known, KNOWN_EXACT);
		assert_int_equal(c->all.kernel.bytes, 50);
		assert_int_equal(c->unattributed.known, outside ? KNOWN_NOT : KNOWN_EXACT);
		assert_int_equal(c->unattributed.bytes, outside ? 0 : 4046);
		census_free(c);
	}
}

/* Whoever did not come had memory too: sums over all are lower bounds, no single one is. */
static void what_never_came_is_not_nothing(void **state)
{
	struct build *b = begin(CENSUS_KINDS_ALL);
	struct census_machine machine = {.slab_reclaimable = {.bytes = 4096}};
	struct census_record r = record(2, 1);
	struct census *c;

	r.anon_bytes = 4096;
	r.cell[KIND_TASK] = (struct census_cell){.bytes = 50, .count = 1};
	add(b, r);
	build_missing(b);
	assert_int_equal(build_finish(b, &machine, &c), 0);
	build_close(b);
	assert_false(c->complete);
	assert_int_equal(c->process[0].private.known, KNOWN_EXACT);
	assert_int_equal(c->process[0].subtree.private.known, KNOWN_EXACT);
	assert_int_equal(c->all.private.known, KNOWN_AT_LEAST);
	assert_int_equal(c->all.private.bytes, 4096);
	assert_int_equal(c->all.kernel.known, KNOWN_AT_LEAST);
	assert_int_equal(c->all.kernel.bytes, 50);
	assert_true(c->all.fds == CENSUS_UNKNOWN_COUNT);
	assert_int_equal(c->all.processes, 1);
	assert_int_equal(c->unattributed.known, KNOWN_NOT);
	census_free(c);

	/* What was cut says so itself: what else is known of it stays known. */
	b = begin(CENSUS_KINDS_ALL);
	add(b, r);
	r.tgid = r.start_ns = 3;
	r.flags = CENSUS_CUT;
	add(b, r);
	c = finish(b);
	assert_false(c->complete);
	assert_int_equal(c->all.private.known, KNOWN_EXACT);
	assert_int_equal(c->all.kernel.known, KNOWN_AT_LEAST);
	census_free(c);
}

/* held - uncharged - elsewhere + others + overhead = reached. */
static void second_book(void **state)
{
	struct build *b = begin(CENSUS_PAYERS);
	struct census_record r = record(1, 0);
	struct census_check k;
	struct census_hold h = {.bytes = 100, .charged = 108, .count = 1, .kind = KIND_FD_PIPE};
	struct census *c;

	r.payer = 70;
	r.cell[KIND_TASK] = (struct census_cell){.bytes = 1000, .charged = 908, .count = 2};
	r.uncharged_bytes = 100;
	add(b, r);
	r = record(2, 1);
	r.payer = 71;
	add(b, r);
	for (uint32_t i = 0; i < 6; i++) {
		h.tgid = 1 + i % 2;
		h.address = 1 + i / 2;
		h.payer = 69 + i / 2; /* somebody else, 1's, 2's */
		if (!i)		      /* only 1 has this one */
			h.address = 9;
		assert_int_equal(build_hold(b, &h), 0);
	}
	c = finish(b);
	census_check_sum(c, (uint64_t[]){70}, 1, &k);
	assert_int_equal(k.processes, 1);
	assert_int_equal(k.held.bytes, 1000 + 100 + 50 + 50);
	assert_int_equal(k.uncharged.bytes, 100);
	assert_int_equal(k.elsewhere.bytes, 100 + 50);
	assert_int_equal(k.others.bytes, 50);
	assert_int_equal(k.reached.bytes, 908 + 108);
	assert_int_equal(k.overhead.bytes, 8 + 8);
	assert_int_equal(k.kind_bytes[KIND_FD_PIPE], 108);
	census_free(c);
}

static void see_sharer(void *ctx, uint32_t other, enum census_kind kind, uint64_t count)
{
	uint64_t *seen = ctx;

	assert_int_equal(kind, KIND_FD_PIPE);
	seen[other] += count;
}

static void names_sharers(void **state)
{
	struct build *b = begin(CENSUS_KINDS_ALL);
	uint64_t seen[3] = {};
	struct census *c;

	for (uint32_t i = 1; i <= 3; i++)
		add(b, record(i, 0));
	for (uint64_t address = 1; address <= 5000; address++) {
		for (uint32_t i = 1; i <= (address % 2 ? 2u : 3u); i++)
			hold(b, i, address, 8);
	}
	c = finish(b);
	assert_int_equal(census_sharers(c, 0, see_sharer, seen), 0);
	assert_int_equal(seen[0], 0);
	assert_int_equal(seen[1], 5000);
	assert_int_equal(seen[2], 2500);
	assert_int_equal(c->all.kernel.bytes, 5000 * 8);
	census_free(c);
}

static void every_kind_has_a_row(void **state)
{
	for (int k = 0; k < CENSUS_KINDS; k++) {
		const struct census_kind_row *row = kind_get(k);

		assert_non_null(row->name);
		assert_non_null(row->help);
		assert_non_null(row->source);
		for (int other = 0; other < k; other++)
			assert_string_not_equal(row->name, kind_get(other)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(divides),
	    cmocka_unit_test(divides_memory),
	    cmocka_unit_test(address_used_again),
	    cmocka_unit_test(sums_subtrees),
	    cmocka_unit_test(newer_of_two),
	    cmocka_unit_test(who_is_outside_holds_too),
	    cmocka_unit_test(what_never_came_is_not_nothing),
	    cmocka_unit_test(second_book),
	    cmocka_unit_test(unknown_is_not_nothing),
	    cmocka_unit_test(names_sharers),
	    cmocka_unit_test(every_kind_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
