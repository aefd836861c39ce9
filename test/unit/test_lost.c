/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: which open charges of forks are lost: those of a process that is gone, that the walk did
 * not reach and that nothing leads to which is itself kept. Not: how the kernel's memory is read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include "source/bpf/lost.h"

enum { LIVE = 3, GONE = 5, THREAD = 7, IN_NAMESPACE = 11, ZOMBIE = 13 }; /* accounts */
enum { SLAB = 1, PAGE };

static struct tables t;
static struct lost l;
static struct {
	uint64_t from, to;
} words[16];
static size_t word_count;
static uint64_t reached, read_of[16];
static size_t read_count;
static int read_err;

static int set_up(void **state)
{
	t = (struct tables){.object_buckets = 2 * NEAR_BUCKETS, .far_mask = NEAR_BUCKETS - 1};
	t.objects = calloc(t.object_buckets, sizeof(*t.objects));
	t.accounts = calloc(TABLE_ACCOUNTS, sizeof(*t.accounts));
	t.tags = calloc(TAG_MAX, sizeof(*t.tags));
	t.accounts[LIVE].state = ACCOUNT_LIVE;
	t.accounts[GONE].state = t.accounts[IN_NAMESPACE].state = ACCOUNT_REAPED;
	t.accounts[ZOMBIE].state = ACCOUNT_EXITED;
	t.accounts[IN_NAMESPACE].namespaces = 0x20000000;
	t.accounts[THREAD] = (struct account_slot){.state = ACCOUNT_ALIAS, .alias = GONE};
	t.tags[SLAB] = (struct tag_slot){.kind = TAG_SLAB, .bytes = 208};
	t.tags[PAGE] = (struct tag_slot){.kind = TAG_PAGE, .bytes = 4096};
	t.payer_bytes = 8;
	l = (struct lost){0};
	word_count = read_count = 0;
	read_err = 0;
	reached = 0;
	return 0;
}

static int tear_down(void **state)
{
	lost_forget(&l);
	free(t.objects);
	free(t.accounts);
	free(t.tags);
	return 0;
}

/* One open charge; the second of a full home bucket would live far, here all live at home. */
static void charged(uint64_t key, uint16_t account, uint16_t tag, uint16_t flags)
{
	struct object_bucket *b = &t.objects[OBJECT_HOME(key)];
	int i = 0;

	while (b->key[i])
		assert_true(++i < BUCKET_SLOTS);
	b->key[i] = key;
	b->entry[i] = (struct object_entry){.account = account, .tag = tag, .flags = flags};
}

static void leads(uint64_t from, uint64_t to)
{
	words[word_count].from = from;
	words[word_count++].to = to;
}

static bool is_reached(void *ctx, uint64_t address)
{
	return address == reached;
}

static int read_words(void *ctx, uint64_t address, uint32_t bytes)
{
	assert_int_equal(bytes, 200);
	read_of[read_count++] = address;
	for (size_t i = 0; i < word_count; i++) {
		if (words[i].from == address)
			lost_pointed(&l, words[i].to);
	}
	return read_err;
}

static bool is_lost(uint64_t key)
{
	return lost_is(&l, (uint64_t)tables_place(&t, key));
}

static void test_only_what_should_be_back(void **state)
{
	charged(0x1000, GONE, SLAB, OBJECT_IS_FORKED);
	charged(0x2000, GONE, SLAB, 0);
	charged(0x3000, LIVE, SLAB, OBJECT_IS_FORKED);
	charged(0x4000, THREAD, PAGE, OBJECT_IS_FORKED);
	charged(0x5000, IN_NAMESPACE, SLAB, OBJECT_IS_FORKED);
	charged(0x6000, ZOMBIE, SLAB, OBJECT_IS_FORKED);
	charged(0x7000, GONE, SLAB, OBJECT_IS_FORKED | OBJECT_IS_CACHE);
	charged(0x8000, GONE, SLAB, OBJECT_IS_FORKED);
	charged(TOMBSTONE(23 << 20), GONE, SLAB, OBJECT_IS_FORKED);
	reached = 0x8000;
	assert_int_equal(lost_begin(&l, &t, is_reached, NULL), 2);
	assert_int_equal(lost_find(&l, read_words, NULL), 0);
	assert_true(is_lost(0x1000));
	assert_true(is_lost(0x4000));
	for (uint64_t key = 0x2000; key <= 0x8000; key += 0x1000)
		assert_true(key == 0x4000 || !is_lost(key));
	assert_int_equal(l.count, 2);
}

/* A socket keeps a cred, and that a blob; nothing leads to the other pair but each other. */
static void test_what_is_kept_keeps_more(void **state)
{
	charged(0x1000, LIVE, SLAB, 0);
	for (uint64_t key = 0x2000; key <= 0x5000; key += 0x1000)
		charged(key, GONE, SLAB, OBJECT_IS_FORKED);
	leads(0x1000, 0x3000);
	leads(0x3000, 0x2000);
	leads(0x4000, 0x5000);
	leads(0x5000, 0x4000);
	leads(0x1000, 0x9000); /* nothing is charged there */
	assert_int_equal(lost_begin(&l, &t, is_reached, NULL), 4);
	assert_int_equal(lost_find(&l, read_words, NULL), 0);
	assert_false(is_lost(0x3000));
	assert_false(is_lost(0x2000));
	assert_true(is_lost(0x4000));
	assert_true(is_lost(0x5000));
	assert_int_equal(l.count, 2);
	assert_int_equal(read_count, 3);
	assert_int_equal(read_of[0], 0x1000);
}

static void test_pages_are_not_read(void **state)
{
	charged(0x1000, LIVE, PAGE, 0);
	charged(0x2000, GONE, SLAB, OBJECT_IS_FORKED);
	leads(0x1000, 0x2000);
	assert_int_equal(lost_begin(&l, &t, is_reached, NULL), 1);
	assert_int_equal(lost_find(&l, read_words, NULL), 0);
	assert_int_equal(read_count, 0);
	assert_true(is_lost(0x2000));
}

static void test_what_cannot_be_read_is_not_lost(void **state)
{
	charged(0x1000, LIVE, SLAB, 0);
	charged(0x2000, GONE, SLAB, OBJECT_IS_FORKED);
	assert_int_equal(lost_begin(&l, &t, is_reached, NULL), 1);
	assert_true(is_lost(0x2000));
	read_err = -EFAULT;
	assert_int_equal(lost_find(&l, read_words, NULL), -EFAULT);
	assert_false(is_lost(0x2000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_only_what_should_be_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_kept_keeps_more, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_pages_are_not_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_read_is_not_lost, set_up,
					    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
