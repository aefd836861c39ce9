/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * workload.h - what the test programs share. Each of them forks N times, one thing a fork;
 * test/corpus.tab says what forktally should say about it.
 *
 * usage: PROGRAM [N] [RATE] [--hold]
 *   N       forks (211, a prime)
 *   RATE    1: each fork leaks, 10: one in ten; the others do the same and clean up
 *   --hold  after the last fork print "held" and wait for end of input, so that somebody can read
 *           what the kernel charges for what is held
 * What outlives the program is named on stdout, a line each ("shm 17"): sweep removes it.
 * Status 77: this machine's limits do not allow it (said on stderr).
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct workload {
	long forks, rate;
	bool hold;
};

__attribute__((noreturn, unused)) static void workload_fail(const char *what)
{
	int cannot[] = {ENOSPC, EMFILE, EAGAIN, EPERM, EACCES, ENOSYS, ENOMEM, EDQUOT};

	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	for (size_t i = 0; i < sizeof(cannot) / sizeof(cannot[0]); i++)
		if (errno == cannot[i])
			exit(77);
	exit(1);
}

/* This fork is one of those that leak. */
__attribute__((unused)) static bool workload_leaks(const struct workload *w, long i)
{
	return i % w->rate == 0;
}

/* As much as this user may have: root sets the limit, others raise theirs to it. */
__attribute__((unused)) static void workload_raise(int resource)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	if (resource != RLIMIT_NOFILE)
		limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
	if (setrlimit(resource, &limit) == 0 || getrlimit(resource, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

static struct workload workload_begin(int argc, char **argv)
{
	struct workload w = {.forks = 211, .rate = 1};
	int numbers = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--hold") == 0)
			w.hold = true;
		else if (numbers++ == 0)
			w.forks = atol(argv[i]);
		else
			w.rate = atol(argv[i]);
	}
	if (w.forks < 1 || w.rate < 1) {
		fprintf(stderr, "usage: %s [N] [RATE] [--hold]\n", argv[0]);
		exit(2);
	}
	workload_raise(RLIMIT_NOFILE);
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

/* One child that ends at once, waited for. */
__attribute__((unused)) static void workload_fork_and_wait(void)
{
	pid_t pid = workload_fork();

	if (pid == 0)
		_exit(0);
	workload_wait(pid);
}

/* Memory that is really written, whatever the compiler thinks of it. */
__attribute__((unused)) static void workload_write(void *bytes, size_t length, int value)
{
	memset(bytes, value, length);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

/* Names something that outlives the program, for sweep. At once, or the next child has it too. */
__attribute__((unused, format(printf, 1, 2))) static void workload_left(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/*
 * Mounts a new file system on /mnt. Only under test/apart.sh, with whose mount
 * namespace it goes away.
 */
__attribute__((unused)) static void workload_mount(const char *type)
{
	if (!getenv("WORKLOAD_APART")) {
		fprintf(stderr, "workload: mounts nothing outside of test/apart.sh\n");
		exit(77);
	}
	if (mount(type, "/mnt", type, 0, NULL))
		workload_fail("mount");
}

/* Most programs: one job for each fork, which forks. */
__attribute__((unused)) static int workload_loop(int argc, char **argv,
						 void (*start_job)(bool leak))
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++)
		start_job(workload_leaks(&w, i));
	return workload_end(&w);
}

/* One descriptor for each fork, which the parent forgets to close. */
__attribute__((unused)) static int workload_descriptors(int argc, char **argv, int (*take)(void))
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		int fd = take();

		if (fd < 0)
			workload_fail("no descriptor");
		workload_fork_and_wait();
		if (!workload_leaks(&w, i))
			close(fd);
	}
	return workload_end(&w);
}

#endif
