/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * test_proc_tree.c - the source "proc" on real small trees that know their own answer. The tree is
 * this program again, with a scenario's name. Needs ptrace(2) of a child; skips without it.
 * What is not covered: set-user-id programs, another pid namespace, verdicts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "proc_trees.h"
#include "source/launch.h"
#include "source/source.h"

#define EVENTS_MAX 20000

static struct seen {
	struct event ev[EVENTS_MAX];
	char text[EVENTS_MAX][24];
	size_t count;
	uint64_t dropped;
	char tag[128][32];
} seen;

static int keep(void *ctx, const struct event *ev)
{
	if (ev->type == EVENT_TAG)
		(void)snprintf(seen.tag[ev->u.tag.tag], sizeof(seen.tag[0]), "%s", ev->text);
	if (seen.count == EVENTS_MAX) {
		seen.dropped++;
		if (ev->type != EVENT_END)
			return 0;
		seen.count--;
	}
	seen.ev[seen.count] = *ev;
	seen.ev[seen.count].text = NULL;
	(void)snprintf(seen.text[seen.count], sizeof(seen.text[0]), "%s", ev->text ? ev->text : "");
	seen.count++;
	return 0;
}

static size_t count_of(enum event_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < seen.count; i++)
		n += seen.ev[i].type == type;
	return n;
}

/* The n-th of a type, 0 the first. Fails the test when there is none. */
static const struct event *nth(enum event_type type, size_t n)
{
	for (size_t i = 0; i < seen.count; i++)
		if (seen.ev[i].type == type && !n--)
			return &seen.ev[i];
	fail_msg("event of type %d is missing", type);
	return NULL;
}

static const struct event *last_gauge(const char *tag, uint32_t tgid)
{
	for (size_t i = seen.count; i-- > 0;)
		if (seen.ev[i].type == EVENT_GAUGE && seen.ev[i].account.tgid == tgid &&
		    !strcmp(seen.tag[seen.ev[i].u.gauge.tag], tag))
			return &seen.ev[i];
	return NULL;
}

static const struct event *exit_of(uint32_t tgid)
{
	for (size_t i = 0; i < seen.count; i++)
		if (seen.ev[i].type == EVENT_EXIT && seen.ev[i].account.tgid == tgid)
			return &seen.ev[i];
	fail_msg("no exit of %u", tgid);
	return NULL;
}

static uint32_t root_tgid(void)
{
	return nth(EVENT_FORK, 0)->account.tgid;
}

static int64_t sum_of(enum event_type type)
{
	int64_t sum = 0;

	for (size_t i = 0; i < seen.count; i++)
		if (seen.ev[i].type == type)
			sum += seen.ev[i].u.amount.bytes;
	return sum;
}

/* Runs a tree to its end, or until it said so many things; its events are in `seen` then. */
static const struct event_end *observe_argv(char *const argv[], size_t stop_at)
{
	struct source_options options = {
	    .command_line = argv[0], .settle_max_ms = 300, .emit = keep, .wake_fd = -1};
	struct launch launch;
	struct source *src;
	const char *why;
	int err;

	seen.count = 0;
	seen.dropped = 0;
	assert_int_equal(launch_open(argv, NULL, NULL, &launch), 0);
	err = source_proc.open(&options, &launch, &src, &why);
	if (err == -EPERM) {
		launch_close(&launch);
		print_message("skipped: %s\n", why);
		skip();
	}
	assert_int_equal(err, 0);
	do {
		err = source_proc.poll(src, 100);
	} while (err == 1 && (!stop_at || seen.count < stop_at));
	assert_true(err >= 0);
	assert_int_equal(source_proc.settle(src, stop_at ? SIGALRM : 0), 0);
	source_proc.close(src);
	launch_close(&launch);
	/* Nothing of the tree is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(nth(EVENT_SESSION, 0) - seen.ev, 0);
	assert_int_equal(seen.ev[seen.count - 1].type, EVENT_END);
	return &seen.ev[seen.count - 1].u.end;
}

static const struct event_end *observe(const char *scenario)
{
	char *argv[] = {"/proc/self/exe", (char *)scenario, NULL};

	return observe_argv(argv, 0);
}

/* ---- the tests ---- */

static void test_clean(void **state)
{
	const struct event_end *end = observe("clean");

	assert_int_equal(end->forks, FORKS);
	assert_int_equal(end->exits, FORKS + 1);
	assert_int_equal(end->alive, 0);
	assert_int_equal(end->killed, 0);
	assert_true(WIFEXITED(end->status));
	assert_int_equal(WEXITSTATUS(end->status), 7);
	assert_int_equal(count_of(EVENT_FORK), FORKS + 1);
	assert_int_equal(count_of(EVENT_EXIT), FORKS + 1);
	assert_int_equal(count_of(EVENT_REAP), FORKS + 1);
	assert_int_equal(count_of(EVENT_LOSS), 0);
	assert_int_equal(sum_of(EVENT_CHARGE), sum_of(EVENT_RETURN));
	assert_true(sum_of(EVENT_CHARGE) > 0);
}

static void test_zombie(void **state)
{
	size_t before = 0, after = 0;
	bool root_ended = false;
	uint32_t root;

	observe("zombie");
	root = root_tgid();
	for (size_t i = 0; i < seen.count; i++) {
		const struct event *ev = &seen.ev[i];

		if (ev->type == EVENT_EXIT && ev->account.tgid == root)
			root_ended = true;
		if (ev->type != EVENT_REAP || ev->account.tgid == root)
			continue;
		before += !root_ended;
		after += root_ended;
	}
	assert_int_equal(before, 1);
	assert_int_equal(after, FORKS - 1);
	assert_int_equal(sum_of(EVENT_CHARGE), sum_of(EVENT_RETURN));
}

static void test_reaped_in_time(void **state)
{
	size_t reaped = 0;

	observe("reaped");
	for (const struct event *ev = seen.ev; ev != exit_of(root_tgid()); ev++)
		reaped += ev->type == EVENT_REAP;
	assert_int_equal(reaped, 499);
}

static void test_pipe(void **state)
{
	const struct event *ev;
	int64_t first;

	observe("pipe");
	ev = nth(EVENT_GAUGE, 0);
	for (size_t i = 0; strcmp(seen.tag[ev->u.gauge.tag], "fd.pipe"); i++)
		ev = nth(EVENT_GAUGE, i);
	first = ev->u.gauge.count;
	assert_int_equal(ev->u.gauge.ordinal, 1);
	ev = last_gauge("fd.pipe", root_tgid());
	assert_non_null(ev);
	assert_int_equal(ev->u.gauge.ordinal, FORKS);
	assert_int_equal(ev->u.gauge.count - first, FORKS - 1);
	assert_true(ev->u.gauge.flags & OBJECT_ESTIMATE);
	assert_true(ev->u.gauge.bytes > 0);
}

static void test_killed(void **state)
{
	const struct event *ev;

	observe("killed");
	ev = exit_of(nth(EVENT_FORK, 1)->account.tgid);
	assert_true(WIFSIGNALED(ev->u.exit.status));
	assert_int_equal(WTERMSIG(ev->u.exit.status), SIGKILL);
	/* Looked at before it gave its memory back, although it had no say in its end. */
	assert_true(ev->u.exit.private_bytes >= PAGES * PAGE_BYTES);
	ev = last_gauge("private", ev->account.tgid);
	assert_non_null(ev);
	assert_true(ev->u.gauge.bytes >= PAGES * PAGE_BYTES);
}

static void test_stop(void **state)
{
	assert_int_equal(observe("stop")->status, 0);
	assert_int_equal(nth(EVENT_EXIT, 0)->u.exit.status, 5 << 8);
}

static void test_thread_exec(void **state)
{
	const struct event_end *end = observe("thread_exec");

	assert_int_equal(WEXITSTATUS(end->status), 7);
	assert_int_equal(end->forks, FORKS);
	assert_int_equal(count_of(EVENT_EXIT), FORKS + 1);
	assert_int_equal(count_of(EVENT_EXEC), 2);
	for (size_t i = 1; i <= FORKS; i++)
		assert_int_equal(nth(EVENT_FORK, i)->u.fork.parent.tgid, root_tgid());
}

static void test_leaderless(void **state)
{
	const struct event_end *end = observe("leaderless");
	const struct event *ev;

	assert_int_equal(WEXITSTATUS(end->status), 3);
	assert_int_equal(end->forks, 5);
	assert_int_equal(count_of(EVENT_EXIT), 6);
	ev = exit_of(root_tgid());
	assert_true(ev->u.exit.private_bytes > 0);
	assert_int_equal(ev->u.exit.threads_peak, 2);
	ev = last_gauge("fd.pipe", root_tgid());
	assert_non_null(ev);
	assert_true(ev->u.gauge.count >= 7);
}

static void test_thread(void **state)
{
	const struct event_end *end = observe("thread");

	assert_int_equal(end->forks, 0);
	assert_int_equal(count_of(EVENT_THREAD), FORKS);
	assert_int_equal(count_of(EVENT_EXIT), 1);
	assert_true(exit_of(root_tgid())->u.exit.threads_peak > 2);
}

static void test_orphan(void **state)
{
	const struct event_end *end = observe("orphan");

	assert_int_equal(end->forks, 2);
	assert_int_equal(end->exits, 1);
	assert_int_equal(end->alive, 2);
	assert_int_equal(end->killed, 2);
	assert_int_equal(count_of(EVENT_ALIVE), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct event_alive *alive = &nth(EVENT_ALIVE, i)->u.alive;

		assert_int_equal(alive->zombie, 0);
		assert_true(alive->private_bytes > 0);
		assert_in_range(alive->birth_ordinal, 1, 2);
	}
}

static void test_shared_memory_of_children(void **state)
{
	const char *const names[] = {"vfork", "share"};
	const size_t forks[] = {FORKS, 1};

	for (size_t n = 0; n < 2; n++) {
		observe(names[n]);
		assert_int_equal(count_of(EVENT_FORK), forks[n] + 1);
		for (size_t i = 1; i <= forks[n]; i++) {
			const struct event *ev = nth(EVENT_FORK, i);

			assert_int_equal(ev->u.fork.flags, FORK_SHARES_MM);
			assert_int_equal(ev->u.fork.inherited_bytes, 0);
			assert_int_equal(exit_of(ev->account.tgid)->u.exit.private_bytes, 0);
		}
		assert_int_equal(sum_of(EVENT_CHARGE), sum_of(EVENT_RETURN));
	}
}

static void test_untraced_child_is_a_loss(void **state)
{
	observe("untraced");
	assert_int_equal(nth(EVENT_LOSS, 0)->u.loss.kind, LOSS_TREE);
	assert_int_equal(nth(EVENT_LOSS, 0)->u.loss.count, 1);
}

static void test_tracer_in_the_tree_is_refused(void **state)
{
	assert_int_equal(WEXITSTATUS(observe("traceme")->status), 11);
}

static void test_shm(void **state)
{
	size_t left;

	observe("shm");
	left = count_of(EVENT_LEFT);
	for (size_t i = 0; i < left; i++)
		(void)shmctl((int)nth(EVENT_LEFT, i)->u.left.id, IPC_RMID, NULL);
	assert_int_equal(left, FORKS);
	for (size_t i = 0; i < left; i++) {
		const struct event *ev = nth(EVENT_LEFT, i);

		assert_int_equal(ev->u.left.pool, POOL_SHARED);
		assert_in_range(ev->u.left.birth_ordinal, 1, FORKS);
		assert_int_equal(ev->account.tgid,
				 nth(EVENT_FORK, ev->u.left.birth_ordinal)->account.tgid);
	}
}

static void test_memory(void **state)
{
	const struct event *ev;

	observe("memory");
	ev = nth(EVENT_FORK, 1);
	assert_in_range(ev->u.fork.parent_private_bytes, PAGES * PAGE_BYTES,
			PAGES * PAGE_BYTES * 2);
	assert_in_range(ev->u.fork.inherited_bytes, PAGES * PAGE_BYTES, PAGES * PAGE_BYTES * 2);
	ev = exit_of(root_tgid());
	assert_in_range(ev->u.exit.private_bytes, PAGES * PAGE_BYTES, PAGES * PAGE_BYTES * 2);
	assert_true(ev->u.exit.commit_bytes >= ev->u.exit.private_bytes);
	assert_true(ev->u.exit.page_table_bytes > 0);
}

static void test_command_that_cannot_run(void **state)
{
	char *argv[] = {"/nonexistent/command", NULL};

	assert_int_equal(observe_argv(argv, 0)->status, -1);
}

static void test_fork_without_end(void **state)
{
	char *argv[] = {"/proc/self/exe", "bomb", NULL};
	const struct event_end *end = observe_argv(argv, 500);

	assert_int_equal(end->interrupted, SIGALRM);
	assert_true(end->forks > 10);
	assert_true(end->killed > 10);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_zombie),
	    cmocka_unit_test(test_reaped_in_time),
	    cmocka_unit_test(test_pipe),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_thread_exec),
	    cmocka_unit_test(test_leaderless),
	    cmocka_unit_test(test_thread),
	    cmocka_unit_test(test_orphan),
	    cmocka_unit_test(test_shared_memory_of_children),
	    cmocka_unit_test(test_untraced_child_is_a_loss),
	    cmocka_unit_test(test_tracer_in_the_tree_is_refused),
	    cmocka_unit_test(test_shm),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_command_that_cannot_run),
	    cmocka_unit_test(test_fork_without_end),
	};

	for (size_t i = 0; argc > 1 && i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		if (!strcmp(argv[1], scenarios[i].name))
			_exit(
			    scenarios[i].run()); /* no leak checker at exit: it cannot be traced */
	if (argc > 1)
		return 98;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
