/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict_case.h - a session of a root and its children, up to the verdict: what the tests of the
 * verdict share.
 */
#ifndef TEST_VERDICT_CASE_H
#define TEST_VERDICT_CASE_H

#include <stdio.h>
#include <cmocka.h>
#include "events.h"
#include "verdict/verdict.h"

enum {
	TAG_FILP = 1,
	TAG_INODE,
	TAG_DENTRY,
	TAG_1K,
	TAG_192,
	TAG_4K,
	TAG_SOCK,
	TAG_VMA,
	TAG_TASK,
	TAG_PIPES,
	TAG_UNIX,
	TAG_INET,
	TAG_SHM,
	TAG_MSG,
	TAG_ZOMBIE,
	TAG_TABLE,
};

enum {
	TAKE_PIPE = 1,
	TAKE_OPEN,
	TAKE_PAIR,
	TAKE_CLONE,
	TAKE_MMAP,
	TAKE_PIPE_2,
	TAKE_NAMELESS,
	TAKE_MSG
};

static inline struct ledger *start(enum event_source source)
{
	static const struct {
		uint32_t tag;
		enum pool pool;
		const char *name;
	} tags[] = {
	    {TAG_FILP, POOL_KERNEL, "filp"},
	    {TAG_INODE, POOL_KERNEL, "inode_cache"},
	    {TAG_DENTRY, POOL_KERNEL, "dentry"},
	    {TAG_1K, POOL_KERNEL, "kmalloc-cg-1k"},
	    {TAG_192, POOL_KERNEL, "kmalloc-cg-192"},
	    {TAG_4K, POOL_KERNEL, "kmalloc-cg-4k"},
	    {TAG_SOCK, POOL_KERNEL, "sock_inode_cache"},
	    {TAG_VMA, POOL_KERNEL, "vm_area_struct"},
	    {TAG_TASK, POOL_KERNEL, "task_struct"},
	    {TAG_PIPES, POOL_KERNEL, "fd.pipe"},
	    {TAG_UNIX, POOL_KERNEL, "fd.socket.unix"},
	    {TAG_INET, POOL_KERNEL, "fd.socket.inet"},
	    {TAG_SHM, POOL_SHARED, "ipc.shm"},
	    {TAG_MSG, POOL_KERNEL, "ipc.msg"},
	    {TAG_ZOMBIE, POOL_KERNEL, "zombie"},
	    {TAG_TABLE, POOL_KERNEL, "page table"},
	};
	struct ledger *led = begin(source);

	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		assert_int_equal(put_tag(led, tags[i].tag, tags[i].pool, tags[i].name), 0);
	put_take(led, TAKE_PIPE, "pipe2");
	put_take(led, TAKE_PIPE_2, "pipe2");
	put_take(led, TAKE_OPEN, "openat");
	put_take(led, TAKE_PAIR, "socketpair");
	put_take(led, TAKE_CLONE, "clone");
	put_take(led, TAKE_MMAP, "mmap");
	put_take(led, TAKE_MSG, "msgsnd");
	put(led, EVENT_TAKE, 0,
	    (struct event){.u.take = {.take = TAKE_NAMELESS, .syscall_nr = -2}, .text = ""});
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = TAKE_NAMELESS, .index = 1},
			   .text = "__pipe\tpipe.c"});
	return led;
}

static inline void run_children(struct ledger *led, uint32_t forks)
{
	for (uint32_t i = 1; i <= forks; i++)
		assert_int_equal(put_child(led, ROOT, i, 40960), 0);
}

/* The root ends, and the run. */
static inline struct verdict *finish(struct ledger *led)
{
	struct verdict *v;

	if (!ledger_root(led)->exited) {
		put_exit(led, ROOT, 0);
		put_reap(led, ROOT);
	}
	put_end(led);
	assert_int_equal(verdict_new(led, &v), 0);
	return v;
}

static inline void finish_clean(struct ledger *led)
{
	struct verdict *v = finish(led);

	for (size_t i = 0; i < v->finding_count; i++)
		printf("finding: %s\n", v->findings[i].cause);
	for (size_t i = 0; i < v->reason_count; i++)
		printf("reason: %s\n", v->reasons[i]);
	assert_string_equal(judgement_name(v->judgement), "clean");
	verdict_free(v);
	ledger_free(led);
}

static inline void finish_inconclusive(struct ledger *led, const char *reason)
{
	struct verdict *v;

	assert_int_equal(verdict_new(led, &v), 0);
	assert_int_equal(v->judgement, JUDGEMENT_INCONCLUSIVE);
	assert_int_equal(v->reason_count, 1);
	assert_string_equal(v->reasons[0], reason);
	verdict_free(v);
	ledger_free(led);
}

static inline const struct finding *only(const struct verdict *v, const char *cause,
					 enum where where)
{
	for (size_t i = 0; i < v->finding_count; i++)
		if (v->finding_count > 1)
			printf("finding: %s\n", v->findings[i].cause);
	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_int_equal(v->finding_count, 1);
	assert_string_equal(v->findings[0].cause, cause);
	assert_int_equal(v->findings[0].where, where);
	assert_true(strlen(v->findings[0].hint) > 20);
	return v->findings;
}

static inline void assert_near(double got, double want)
{
	if (got < want * 0.999 || got > want * 1.001)
		printf("%g is not %g\n", got, want);
	assert_true(got >= want * 0.999 && got <= want * 1.001);
}

/* A pipe as the kernel takes it, held by the root until its exit. */
static inline void keep_pipe(struct ledger *led, uint32_t take, uint32_t birth, bool both_ends)
{
	uint64_t ends = both_ends ? 2 : 1;

	put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_FILP, take, birth, ends, 200 * ends, 9);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_INODE, take, birth, 1, 624, 9);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_DENTRY, take, birth, 1, 200, 9);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_1K, take, birth, 1, 1032, 9);
	put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_192, take, birth, 1, 200, 9);
}

#endif
