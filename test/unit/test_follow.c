// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Covers: who forks, execs and exits is followed: each record, their order, the counters, on the
 * whole machine and below chosen processes. Needs the right to load kernel programs.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/follow.h"

#define FORKS	 23
#define SPIN_MS	 30
#define MANY_MAX 512

struct seen {
	struct follow_record record[MANY_MAX];
	size_t count;
};

static int keep(void *ctx, const struct follow_record *r)
{
	struct seen *s = ctx;

	if (s->count < MANY_MAX)
		s->record[s->count++] = *r;
	return 0;
}

static struct follow *open_follow(bool chosen, bool records, uint32_t ring_bytes)
{
	struct follow *f = NULL;
	const char *why = "";
	int err = follow_open(&(struct follow_options){.chosen = chosen,
						       .records = records,
						       .ring_bytes = ring_bytes},
			      &f, &why);

	if (err == -EPERM || err == -EACCES || err == -ENOTSUP) {
		printf("# %s\n", why);
		skip();
	}
	assert_int_equal(err, 0);
	return f;
}

static void add_me(struct follow *f)
{
	struct account_id me = {.tgid = (uint32_t)getpid()};

	assert_int_equal(follow_add(f, &me, 1), 1);
}

/* What was waited for is told to be gone after some time. */
static void drain_until_gone(struct follow *f, struct seen *s, uint64_t gone)
{
	struct follow_totals t;

	for (int i = 0; i < 200; i++) {
		follow_totals(f, &t);
		if (t.gone >= gone || (i >= 20 && t.exits >= gone))
			break;
		usleep(10000);
	}
	assert_int_equal(follow_drain(f, keep, s), 0);
}

static void child(int kind)
{
	struct timespec t;

	if (kind == 1)
		execl("/bin/sh", "sh", "-c", "exit 3", NULL);
	if (kind == 2) {
		do {
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		} while (t.tv_nsec < SPIN_MS * 1000000L);
	}
	_exit(kind == 1 ? 127 : 0);
}

static pid_t fork_and_wait(int kind, int *ret_status)
{
	pid_t pid = fork();

	if (!pid)
		child(kind);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
	return pid;
}

static const struct follow_record *find(const struct seen *s, uint32_t kind, pid_t tgid)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->record[i].kind == kind && s->record[i].self.tgid == (uint32_t)tgid)
			return &s->record[i];
	}
	return NULL;
}

static void each_child_is_told(void **state)
{
	struct follow *f = open_follow(true, true, 0);
	static struct seen s;
	pid_t pids[FORKS];
	int status;

	(void)state;
	s.count = 0;
	add_me(f);
	for (int i = 0; i < FORKS; i++)
		pids[i] = fork_and_wait(i == 5 ? 1 : i == 7 ? 2 : 0, &status);
	drain_until_gone(f, &s, FORKS);
	for (int i = 0; i < FORKS; i++) {
		const struct follow_record *forked = find(&s, FOLLOW_FORK, pids[i]),
					   *ended = find(&s, FOLLOW_EXIT, pids[i]),
					   *gone = find(&s, FOLLOW_GONE, pids[i]);

		assert_non_null(forked);
		assert_non_null(ended);
		if (gone) /* some kernels do not tell it of each */
			assert_true(ended < gone);
		assert_true(forked < ended);
		assert_int_equal(forked->parent.tgid, getpid());
		assert_int_equal(forked->ordinal, i + 1);
		assert_int_equal(forked->birth, i + 1);
		assert_int_equal(forked->forks, i + 1);
		assert_true(forked->private_bytes > 0);
		assert_int_equal(ended->reaper, getpid());
		assert_int_equal(ended->self.start_ns, forked->self.start_ns);
		assert_int_equal(ended->outlived, FOLLOW_OUTLIVED_NOT);
		assert_int_equal(WEXITSTATUS(ended->status), i == 5 ? 3 : 0);
		assert_true(ended->cpu_ns >= (i == 7 ? SPIN_MS * 800000L : 0));
		assert_true(!gone || gone->cpu_ns >= (i == 7 ? SPIN_MS * 900000L : 1));
		assert_int_equal(!!find(&s, FOLLOW_EXEC, pids[i]), i == 5);
	}
	assert_string_equal(find(&s, FOLLOW_EXIT, pids[5])->comm, "sh");
	follow_close(f);
}

static int find_me(void *ctx, const struct follow_process *p)
{
	if (p->self.tgid == (uint32_t)getpid())
		*(struct follow_process *)ctx = *p;
	return 0;
}

static void counters_need_no_record(void **state)
{
	struct follow *f = open_follow(false, false, 0);
	struct follow_process me = {.forks = 0};
	struct follow_totals t;
	int status;

	(void)state;
	assert_int_equal(follow_fd(f), -1);
	for (int i = 0; i < FORKS; i++)
		fork_and_wait(i == 3 ? 2 : 0, &status);
	for (int i = 0; i < 200 && me.ended < FORKS; i++) {
		usleep(10000);
		assert_int_equal(follow_each(f, find_me, &me), 0);
	}
	assert_int_equal(me.forks, FORKS);
	assert_int_equal(me.ended, FORKS);
	assert_true(me.ended_cpu_ns >= SPIN_MS * 800000ull);
	follow_totals(f, &t);
	assert_true(t.forks >= FORKS && t.exits >= FORKS);
	assert_int_equal(t.lost_records, 0);
	follow_close(f);
}

static void nobody_else_is_followed(void **state)
{
	struct follow *f = open_follow(true, true, 0);
	struct account_id no = {.start_ns = 1, .tgid = (uint32_t)getpid()};
	static struct seen s;
	int status;

	(void)state;
	s.count = 0;
	assert_int_equal(follow_add(f, &no, 1), 0);
	fork_and_wait(0, &status);
	assert_int_equal(follow_drain(f, keep, &s), 0);
	assert_int_equal(s.count, 0);
	follow_close(f);
}

/* Threads are no forks; their children are their process's. */
static void *forks_in_a_thread(void *ctx)
{
	int status;

	*(pid_t *)ctx = fork_and_wait(0, &status);
	return NULL;
}

static void a_thread_is_no_fork(void **state)
{
	struct follow *f = open_follow(true, true, 0);
	const struct follow_record *r;
	static struct seen s;
	pthread_t thread;
	pid_t pid = 0;

	(void)state;
	s.count = 0;
	add_me(f);
	assert_int_equal(pthread_create(&thread, NULL, forks_in_a_thread, &pid), 0);
	pthread_join(thread, NULL);
	drain_until_gone(f, &s, 1);
	r = find(&s, FOLLOW_FORK, pid);
	assert_non_null(r);
	assert_int_equal(r->parent.tgid, getpid());
	assert_int_equal(r->forks, 1);
	for (size_t i = 0; i < s.count; i++)
		assert_int_equal(s.record[i].self.tgid, pid);
	follow_close(f);
}

/* A child that leaves one child running, one stopped and one not waited for. */
static void leaves_three(int pipe_end)
{
	pid_t pids[3];

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i] && i == 2)
			_exit(0);
		if (!pids[i])
			for (;;)
				pause();
	}
	kill(pids[1], SIGSTOP);
	waitpid(pids[1], NULL, WUNTRACED);
	waitid(P_PID, (id_t)pids[2], &(siginfo_t){0}, WEXITED | WNOWAIT);
	(void)!write(pipe_end, pids, sizeof(pids));
	_exit(0);
}

static void who_outlives_is_known(void **state)
{
	static const uint32_t outlived[] = {FOLLOW_OUTLIVED_RUNNING, FOLLOW_OUTLIVED_STOPPED,
					    FOLLOW_OUTLIVED_ZOMBIE};
	struct follow *f = open_follow(true, true, 0);
	const struct follow_record *r;
	static struct seen s;
	pid_t pids[3], pid;
	int fds[2];

	(void)state;
	s.count = 0;
	add_me(f);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid)
		leaves_three(fds[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(fds[0], pids, sizeof(pids)), sizeof(pids));
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	drain_until_gone(f, &s, 4);
	assert_int_equal(find(&s, FOLLOW_EXIT, pid)->children, 3);
	for (int i = 0; i < 3; i++) {
		r = find(&s, FOLLOW_GONE, pids[i]);
		if (!r)
			continue; /* some kernels do not tell it of each */
		assert_int_equal(r->outlived, outlived[i]);
		assert_int_equal(r->parent.tgid, pid);
	}
	close(fds[0]);
	close(fds[1]);
	follow_close(f);
}

static void what_is_lost_is_counted(void **state)
{
	struct follow *f = open_follow(true, true, 4096);
	struct follow_totals t;
	static struct seen s;
	int status;

	(void)state;
	s.count = 0;
	add_me(f);
	for (int i = 0; i < 3 * FORKS; i++)
		fork_and_wait(0, &status);
	drain_until_gone(f, &s, 3 * FORKS);
	follow_totals(f, &t);
	assert_int_equal(t.forks, 3 * FORKS);
	assert_int_equal(t.exits, 3 * FORKS);
	assert_true(s.count < 3 * FORKS);
	/* Some kernels keep back who is gone; all else is either told or counted as lost. */
	assert_true(t.lost_records + s.count >= 2 * 3 * FORKS);
	follow_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_child_is_told),      cmocka_unit_test(counters_need_no_record),
	    cmocka_unit_test(nobody_else_is_followed), cmocka_unit_test(a_thread_is_no_fork),
	    cmocka_unit_test(who_outlives_is_known),   cmocka_unit_test(what_is_lost_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
