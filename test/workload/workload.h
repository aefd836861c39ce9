/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * workload.h - what the test programs share. Each of them forks N times, one thing a fork, and
 * knows what forktally should say about it.
 *
 * usage: PROGRAM [N] [RATE] [--answer | --hold]
 *   N        forks (a prime by default)
 *   RATE     1: each fork leaks, 10: one in ten; the others do the same and clean up
 *   --answer print the known answer for this N and RATE as JSON and end
 *   --hold   after the last fork print "held" and wait for end of input, so that somebody can read
 *            what the kernel charges for what is held
 * Status 77: this machine's limits do not allow N (said on stderr).
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct workload {
	long forks, rate;
	bool hold;
};

/* The known answer. A clean program has no cause. */
struct answer {
	const char *cause;    /* "fd.pipe" ...; NULL: clean */
	const char *where;    /* "held", "left" */
	const char *pool;     /* where its bytes are charged: "kernel", "private", "shared" */
	double count_of_leak; /* things a person would count in one leaking fork; 0: no count is
				 promised */
	const char *what;
};

__attribute__((noreturn, unused)) static void workload_fail(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(errno == ENOSPC || errno == EMFILE || errno == EAGAIN ? 77 : 1);
}

/* This fork is one of those that leak. */
__attribute__((unused)) static bool workload_leaks(const struct workload *w, long i)
{
	return i % w->rate == 0;
}

static void workload_answer(const struct workload *w, const struct answer *a)
{
	long leaks = (w->forks + w->rate - 1) / w->rate;

	if (!a->cause) {
		printf("{\"verdict\":\"clean\",\"what\":\"%s\"}\n", a->what);
		return;
	}
	printf(
	    "{\"verdict\":\"leak\",\"cause\":\"%s\",\"where\":\"%s\",\"pool\":\"%s\",\"forks\":%ld,"
	    "\"leaks\":%ld,",
	    a->cause, a->where, a->pool, w->forks, leaks);
	if (a->count_of_leak > 0)
		printf("\"count_per_fork\":%.6f,",
		       a->count_of_leak * (double)leaks / (double)w->forks);
	printf("\"what\":\"%s\"}\n", a->what);
}

/* As many open files as this user may have. */
static void workload_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static struct workload workload_begin(int argc, char **argv, long forks, const struct answer *a)
{
	struct workload w = {.forks = forks, .rate = 1};
	bool want_answer = false;
	int numbers = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--answer") == 0)
			want_answer = true;
		else if (strcmp(argv[i], "--hold") == 0)
			w.hold = true;
		else if (numbers++ == 0)
			w.forks = atol(argv[i]);
		else
			w.rate = atol(argv[i]);
	}
	if (w.forks < 1 || w.rate < 1) {
		fprintf(stderr, "usage: %s [N] [RATE] [--answer | --hold]\n", argv[0]);
		exit(2);
	}
	if (want_answer) {
		workload_answer(&w, a);
		exit(0);
	}
	workload_raise_files();
	return w;
}

__attribute__((unused)) static int workload_end(const struct workload *w)
{
	char byte;

	if (w->hold) {
		puts("held");
		fflush(stdout);
		while (read(0, &byte, 1) > 0)
			;
	}
	return 0;
}

/* fork(), and no half-way: a failure ends the program. */
__attribute__((unused)) static pid_t workload_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		workload_fail("fork");
	return pid;
}

__attribute__((unused)) static void workload_wait(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			workload_fail("waitpid");
}

/* Memory that is really written, whatever the compiler thinks of it. */
__attribute__((unused)) static void workload_write(void *bytes, size_t length, int value)
{
	memset(bytes, value, length);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

/* One child that ends at once, waited for. */
__attribute__((unused)) static void workload_fork_and_wait(void)
{
	pid_t pid = workload_fork();

	if (pid == 0)
		_exit(0);
	workload_wait(pid);
}

#endif
