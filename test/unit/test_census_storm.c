/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: 50 censuses (10 from /proc; four times as many with LONG=1) while processes fork, exec
 * (also from a second thread), vfork and end, threads outlive the first one, and one pid is used
 * again and again: each process is in it once, each object is divided in full and once, no process
 * has what one with its pid had, and a group that sleeps has the same figures each time. Does not
 * cover: what the figures are (test/census.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "census/shared.h"
#include "source/census.h"

#define LOOKS	 50
#define STORMS	 2
#define SLEEPERS 5
#define PIPES	 7
#define SOCKETS	 11

static pid_t sleeper[SLEEPERS], storm[STORMS], again, again_pid;

static int looks(void)
{
	const char *length = getenv("LONG");

	return length && *length ? 4 * LOOKS : LOOKS;
}

static pid_t child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void *exec_true(void *unused)
{
	execl("/bin/true", "true", (char *)NULL);
	_exit(1);
}

static void *end_soon(void *unused)
{
	usleep(500);
	_exit(0);
}

/* One of the ways to come and go. */
static void live(unsigned way)
{
	int pair[2];
	pthread_t thread;

	for (unsigned i = 0; i < way; i++)
		if (way & 1 ? pipe(pair) : socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			_exit(1);
	switch (way % 5) {
	case 0:
		exec_true(NULL);
		break;
	case 1: /* the second thread becomes the first one */
		pthread_create(&thread, NULL, exec_true, NULL);
		for (;;)
			pause();
	case 2:
		pthread_create(&thread, NULL, end_soon, NULL);
		syscall(SYS_exit, 0);
		break;
	case 3:
		if (!vfork())
			exec_true(NULL);
	}
	_exit(0);
}

/* Some ten are alive, some ten are zombies. */
static void storm_on(void)
{
	unsigned alive = 0;

	for (unsigned i = 0;; i++) {
		pid_t pid = fork();

		if (!pid)
			live(i % 23);
		alive += pid > 0;
		while (alive > 20)
			alive -= waitpid(-1, NULL, 0) > 0;
	}
}

/* One pid for ever new processes: those named "pipes" have pipes, those named "sockets" sockets. */
static void use_again(void)
{
	pid_t pid = 0;

	close_range(3, ~0u, 0);
	for (unsigned i = 0;; i++) {
		struct clone_args args = {.exit_signal = SIGCHLD, .set_tid_size = !!pid};
		bool pipes = i & 1;
		int pair[2];
		pid_t got;

		args.set_tid = pid ? (uintptr_t)&pid : 0;
		got = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
		if (!got) {
			close_range(0, 2, 0);
			prctl(PR_SET_NAME, pipes ? "pipes" : "sockets");
			for (int k = 0; k < SOCKETS; k++)
				if (pipes ? pipe(pair) : socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
					_exit(1);
			usleep(300);
			_exit(0);
		}
		if (got < 0)
			_exit(1); /* it may not choose */
		if (!pid && write(STDOUT_FILENO, &got, sizeof(got)) != sizeof(got))
			_exit(1);
		if (!pid)
			close_range(0, 2, 0);
		pid = got;
		waitpid(got, NULL, 0);
	}
}

static int begin(void **state)
{
	int ready[2], pair[2], told;

	assert_int_equal(pipe(ready), 0);
	sleeper[0] = child();
	if (!sleeper[0]) {
		/* What they hold is theirs alone: four share the pipes, the first has sockets too.
		 */
		dup2(ready[1], STDOUT_FILENO);
		close_range(3, ~0u, 0);
		for (int i = 0; i < PIPES; i++)
			assert_int_equal(pipe(pair), 0);
		for (int i = 1; i < SLEEPERS; i++) {
			sleeper[i] = child();
			if (!sleeper[i]) {
				close_range(0, 2, 0);
				for (;;)
					pause();
			}
		}
		for (int i = 0; i < SOCKETS; i++)
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_int_equal(write(STDOUT_FILENO, sleeper, sizeof(sleeper)), sizeof(sleeper));
		close_range(0, 2, 0);
		for (;;)
			pause();
	}
	pair[0] = sleeper[0];
	assert_int_equal(read(ready[0], sleeper, sizeof(sleeper)), sizeof(sleeper));
	sleeper[0] = pair[0];
	again = child();
	if (!again) {
		dup2(ready[1], STDOUT_FILENO);
		use_again();
	}
	close(ready[1]);
	told = (int)read(ready[0], &again_pid, sizeof(again_pid));
	close(ready[0]);
	if (told != sizeof(again_pid))
		again_pid = 0;
	for (int i = 0; i < STORMS; i++) {
		storm[i] = child();
		if (!storm[i]) {
			setsid();
			(void)!nice(10);
			storm_on();
		}
	}
	return 0;
}

static int end(void **state)
{
	for (int i = 0; i < STORMS; i++)
		kill(storm[i], SIGKILL);
	for (int i = 0; i < SLEEPERS; i++)
		kill(sleeper[i], SIGKILL);
	kill(again, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* What a process holds alone counts once, each shared object once whoever holds it. */
static void each_object_is_divided_once(const struct census *c)
{
	const struct census_shared *s = c->shared;
	int64_t whole[CENSUS_KINDS] = {0}, kernel = 0;

	for (int k = 0; k < CENSUS_KINDS; k++) {
		whole[k] = c->kind[k].bytes;
		if (kind_get(k)->pool == POOL_KERNEL)
			kernel += c->kind[k].divided;
	}
	assert_true(kernel == c->all.kernel.bytes);
	for (size_t i = 0; i < s->object_count; i++) {
		const struct shared_object *o = &s->object[i];

		assert_int_equal(o->last, o->holders);
		if (o->holders)
			whole[o->kind] -= (int64_t)o->bytes * (o->holders - 1);
	}
	for (int k = 0; k < CENSUS_KINDS; k++) {
		/* Two may have one address space: vfork. */
		if (kind_get(k)->of != OF_MM && c->kind[k].divided != whole[k])
			fail_msg("%s: %lld bytes, divided %lld", kind_get(k)->name,
				 (long long)whole[k], (long long)c->kind[k].divided);
		assert_true(c->kind[k].divided <= c->kind[k].bytes);
	}
}

static void each_process_is_there_once(const struct census *c)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->process[i];

		assert_int_not_equal(p->tgid, 0);
		assert_true(!i || c->process[i - 1].tgid < p->tgid);
		assert_true(p->start_ns <= c->time_ns + c->took_ns);
		if (p->parent != CENSUS_NONE) {
			assert_int_equal(c->process[p->parent].tgid, p->ppid);
			assert_true(c->process[p->parent].start_ns <= p->start_ns);
		} else {
			rows += p->subtree.processes;
		}
		if (p->flags & CENSUS_ZOMBIE) {
			assert_int_equal(p->threads, 0);
			assert_int_equal(p->private.bytes, 0);
		}
	}
	assert_int_equal(rows, c->count);
}

/* Of the pid that is used again: what belongs to the one that has it. */
static void nobody_has_what_another_had(const struct census *c, unsigned *seen)
{
	uint32_t at = again_pid ? census_find(c, (uint32_t)again_pid, 0) : CENSUS_NONE;
	const struct census_process *p;

	if (at == CENSUS_NONE)
		return;
	p = &c->process[at];
	(*seen)++;
	assert_true(!p->part[KIND_FD_PIPE].count || !p->part[KIND_FD_SOCKET_UNIX].count);
	if (p->flags & CENSUS_ZOMBIE)
		assert_true(!p->part[KIND_FD_PIPE].count && !p->part[KIND_FD_SOCKET_UNIX].count);
	if (!strcmp(p->comm, "pipes"))
		assert_int_equal(p->part[KIND_FD_SOCKET_UNIX].count, 0);
	if (!strcmp(p->comm, "sockets"))
		assert_int_equal(p->part[KIND_FD_PIPE].count, 0);
}

/* Kinds of which they share nothing with the storm but files (of a tmpfs, too) and the address
 * space they were forked from. */
static bool is_steady(int kind)
{
	return kind != KIND_FD_FILE && kind != KIND_SHM_FILE && kind != KIND_ANON_VMA &&
	       kind != KIND_CRED;
}

static void sleepers_are_the_same(const struct census *c,
				  struct census_part first[SLEEPERS][CENSUS_KINDS], bool begun)
{
	for (int i = 0; i < SLEEPERS; i++) {
		uint32_t at = census_find(c, (uint32_t)sleeper[i], 0);

		assert_int_not_equal(at, CENSUS_NONE);
		for (int k = 0; k < CENSUS_KINDS; k++) {
			const struct census_part *part = &c->process[at].part[k];

			if (!begun) {
				first[i][k] = *part;
				continue;
			}
			if (part->count != first[i][k].count || part->bytes != first[i][k].bytes ||
			    (is_steady(k) && part->divided != first[i][k].divided))
				fail_msg(
				    "%s of sleeper %d: %u, %lld, %lld bytes; before %u, %lld, %lld",
				    kind_get(k)->name, i, part->count, (long long)part->bytes,
				    (long long)part->divided, first[i][k].count,
				    (long long)first[i][k].bytes, (long long)first[i][k].divided);
		}
		assert_int_equal(c->process[at].part[KIND_FD_PIPE].count, PIPES);
	}
}

static void look_often(const struct census_source_ops *ops, int looks)
{
	struct census_part first[SLEEPERS][CENSUS_KINDS];
	struct census_source *source;
	unsigned seen = 0;
	const char *why = "";
	struct census *c;

	if (census_source_open(ops, &source, &why)) {
		print_message("%s: %s\n", ops->name, why);
		skip();
	}
	for (int i = 0; i < looks; i++) {
		assert_int_equal(census_take(source, CENSUS_KINDS_ALL, &c, &why), 0);
		each_process_is_there_once(c);
		each_object_is_divided_once(c);
		nobody_has_what_another_had(c, &seen);
		sleepers_are_the_same(c, first, i);
		census_free(c);
	}
	census_source_close(source);
	if (again_pid)
		assert_true(seen > 0);
	else
		print_message("%s: a pid cannot be chosen here\n", ops->name);
}

static void by_the_kernels_structures(void **state)
{
	look_often(&census_bpf, looks());
}

static void from_proc(void **state)
{
	look_often(&census_proc, looks() / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_the_kernels_structures),
	    cmocka_unit_test(from_proc),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
