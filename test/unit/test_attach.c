/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: what a session that began with running processes books, judges and reports; the list of
 * a process and all below it. Does not cover: how the sources take a process up (test/e2e).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "events.h"
#include "source/proc/procfs.h"
#include "verdict/verdict.h"
#include "view/view.h"

#define WORKER 11
#define BASE   100000

static int put_before(struct ledger *led, uint32_t parent, uint32_t tgid, int64_t private_bytes)
{
	return put(led, EVENT_FORK, tgid,
		   (struct event){.u.fork = {.parent = id(parent),
					     .parent_private_bytes = UNKNOWN,
					     .inherited_bytes = private_bytes,
					     .flags = FORK_BEFORE,
					     .comm = "server"}});
}

static int put_level(struct ledger *led, uint32_t flags, int64_t count)
{
	return put(led, EVENT_GAUGE, ROOT,
		   (struct event){.u.gauge = {.pool = POOL_KERNEL,
					      .tag = 1,
					      .flags = flags,
					      .count = count,
					      .bytes = count * 100}});
}

/* A server with a worker; the server has 20 pipes. */
static struct ledger *begin_attached(void)
{
	struct ledger *led = ledger_new();

	assert_int_equal(put_session(led, SOURCE_PROC), 0);
	assert_int_equal(put_tag(led, 1, POOL_KERNEL, "fd.pipe"), 0);
	assert_int_equal(put_before(led, 0, ROOT, BASE), 0);
	assert_int_equal(put_before(led, ROOT, WORKER, 3 * BASE), 0);
	assert_int_equal(put_level(led, GAUGE_BEFORE, 20), 0);
	return led;
}

static void end_attached(struct ledger *led)
{
	assert_int_equal(put_alive(led, ROOT, false, BASE, 5000), 0);
	assert_int_equal(
	    put(led, EVENT_END, 0, (struct event){.u.end = {.status = -1, .alive = 1}}), 0);
}

static void what_was_before_is_no_fork_and_no_charge(void **state)
{
	struct ledger *led = begin_attached();
	const struct ledger_account *root = ledger_root(led);

	assert_true(root->before);
	assert_int_equal(ledger_counts(led)->forks, 0);
	assert_int_equal(ledger_counts(led)->before, 2);
	assert_int_equal(root->forks, 0);
	assert_int_equal(ledger_before_private(led).bytes, 4 * BASE);
	assert_int_equal(ledger_pool(led, POOL_PRIVATE)->inherited.bytes, 0);
	assert_int_equal(ledger_pool(led, POOL_PRIVATE)->charged.bytes, 0);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->charged.bytes, 0);
	put_child(led, ROOT, 1, BASE + 4096);
	assert_int_equal(ledger_counts(led)->forks, 1);
	assert_int_equal(ledger_pool(led, POOL_PRIVATE)->charged.bytes, 4096);
	/* A worker from before that ends is none of those that the session forked. */
	put_exit(led, WORKER, 3 * BASE);
	assert_int_equal(root->ended, 1);
	put_reap(led, WORKER);
	assert_int_equal(ledger_counts(led)->over_return, 0);
	ledger_free(led);
}

static void a_level_below_the_base_is_no_return(void **state)
{
	struct ledger *led = begin_attached();
	const struct ledger_pool *kernel = ledger_pool(led, POOL_KERNEL);

	put_level(led, 0, 23);
	assert_int_equal(kernel->charged.bytes, 300);
	put_level(led, 0, 8);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->returned.bytes, 300);
	put_level(led, 0, 10); /* the base fell to 8 with it */
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->charged.bytes, 500);
	put_exit(led, ROOT, BASE);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->live.bytes, 0);
	assert_int_equal(ledger_counts(led)->over_return, 0);
	ledger_free(led);
}

static struct view *judged(struct ledger *led, struct verdict **ret_verdict)
{
	struct view *view;

	assert_int_equal(verdict_new(led, ret_verdict), 0);
	assert_int_equal(view_new(led, *ret_verdict, &view), 0);
	return view;
}

static void a_server_that_lives_on_is_clean(void **state)
{
	struct ledger *led = begin_attached();
	struct verdict *verdict;
	struct view *view;

	for (uint32_t i = 1; i <= 50; i++) {
		put_child(led, ROOT, i, BASE);
		put_level(led, 0, 20);
	}
	put_exit(led, WORKER, 0); /* a zombie at the end: it was there before */
	end_attached(led);
	view = judged(led, &verdict);
	assert_int_equal(view->judgement, JUDGEMENT_CLEAN);
	assert_int_equal(view->reason_count, 0);
	assert_int_equal(view->exit_status, -1);
	assert_int_equal(view->before.processes, 2);
	assert_int_equal(view->before.private_bytes.bytes, 4 * BASE);
	view_free(view);
	verdict_free(verdict);
	ledger_free(led);
}

static void only_what_came_since_leaks(void **state)
{
	struct ledger *led = begin_attached();
	struct verdict *verdict;
	struct view *view;

	for (uint32_t i = 1; i <= 50; i++) {
		put_child(led, ROOT, i, BASE);
		put_level(led, 0, 20 + i);
	}
	end_attached(led);
	view = judged(led, &verdict);
	assert_int_equal(view->judgement, JUDGEMENT_LEAK);
	assert_int_equal(view->finding_count, 1);
	assert_string_equal(view->findings[0].cause, "fd.pipe");
	assert_int_equal(view->findings[0].count, 50);
	assert_int_equal(view->findings[0].bytes.bytes, 5000);
	assert_int_equal(view->findings[0].holder_pid, ROOT);
	view_free(view);
	verdict_free(verdict);
	ledger_free(led);
}

/* Where its threads still run, their kernel objects are open: one finding all the same. */
static void threads_that_run_are_one_finding(void **state)
{
	struct ledger *led = ledger_new();
	struct verdict *verdict;

	assert_int_equal(put_session(led, SOURCE_BPF), 0);
	assert_int_equal(put_tag(led, 1, POOL_KERNEL, "threads"), 0);
	assert_int_equal(put_tag(led, 2, POOL_KERNEL, "task_struct"), 0);
	assert_int_equal(put_before(led, 0, ROOT, BASE), 0);
	for (uint32_t i = 1; i <= 50; i++) {
		put_child(led, ROOT, i, BASE);
		put_level(led, 0, i);
	}
	for (uint32_t i = 1; i <= 50; i++)
		assert_int_equal(put_object(led, ROOT, HOLD_PROCESS, ROOT, 2, 0, i, 1, 4288, 0), 0);
	end_attached(led);
	assert_int_equal(verdict_new(led, &verdict), 0);
	assert_int_equal(verdict->finding_count, 1);
	assert_string_equal(verdict->findings[0].cause, "thread.running");
	assert_int_equal(verdict->findings[0].bytes.bytes, 5000);
	verdict_free(verdict);
	ledger_free(led);
}

struct seen {
	pid_t pid[8], parent[8];
	int count;
};

static int see(void *ctx, pid_t pid, pid_t parent)
{
	struct seen *seen = ctx;

	if (seen->count == 8)
		return -E2BIG;
	seen->pid[seen->count] = pid;
	seen->parent[seen->count++] = parent;
	return 0;
}

static void a_tree_is_listed_from_its_root_down(void **state)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ready[2];
	struct seen seen = {.count = 0};
	pid_t child, grandchild = 0, zombie;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		pid_t below = fork();

		if (below && write(ready[1], &below, sizeof(below)) != sizeof(below))
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
	zombie = fork();
	if (!zombie)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)zombie, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(procfs_tree(proc_fd, getpid(), see, &seen), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.pid[0], getpid());
	assert_int_equal(seen.pid[1], child);
	assert_int_equal(seen.parent[1], getpid());
	assert_int_equal(seen.pid[2], grandchild);
	assert_int_equal(seen.parent[2], child);
	kill(grandchild, SIGKILL);
	kill(child, SIGKILL);
	while (wait(NULL) > 0)
		;
	seen.count = 0;
	assert_int_equal(procfs_tree(proc_fd, child, see, &seen), 0);
	assert_int_equal(seen.count, 0);
	close(proc_fd);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_before_is_no_fork_and_no_charge),
	    cmocka_unit_test(a_level_below_the_base_is_no_return),
	    cmocka_unit_test(a_server_that_lives_on_is_clean),
	    cmocka_unit_test(only_what_came_since_leaks),
	    cmocka_unit_test(threads_that_run_are_one_finding),
	    cmocka_unit_test(a_tree_is_listed_from_its_root_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
