/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * proc_trees.h - small trees of processes that know their own answer, by name; each returns the
 * exit status of its root.
 */
#ifndef TEST_PROC_TREES_H
#define TEST_PROC_TREES_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS	   23
#define PAGES	   4099
#define PAGE_BYTES ((long)sysconf(_SC_PAGESIZE))

static void fork_many(int n, bool wait_for_them)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (wait_for_them)
			waitpid(pid, NULL, 0);
	}
}

/* All children have ended, and their exit has been told to whoever traces them. */
static void wait_until_zombies(void)
{
	for (int i = 0; i < FORKS; i++) {
		siginfo_t info;

		waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
	}
	usleep(100000);
}

static void touch_pages(void)
{
	char *p = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < PAGES; i++)
		p[i * PAGE_BYTES] = 1;
}

static int do_clean(void)
{
	fork_many(FORKS, true);
	return 7;
}

/* Enough of them that some are looked at while their parent reaps them. */
static int do_reaped(void)
{
	fork_many(499, true);
	return 0;
}

static int do_zombie(void)
{
	fork_many(FORKS, false);
	wait_until_zombies();
	waitpid(-1, NULL, 0); /* so that one of them is none */
	return 0;
}

static int do_pipe(void)
{
	int fds[2];

	for (int i = 0; i < FORKS; i++) {
		if (pipe(fds))
			return 1;
		fork_many(1, true);
	}
	return 0;
}

static int do_killed(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		fork_many(FORKS, true);
		touch_pages();
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

static int do_stop(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		raise(SIGSTOP);
		_exit(5);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return 1;
	usleep(20000);
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 5)
		return 2;
	return 0;
}

static void *exec_clean(void *arg)
{
	execl("/proc/self/exe", "test", "clean", (char *)NULL);
	_exit(99);
}

static int do_thread_exec(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_clean, NULL);
	pause();
	return 1;
}

static void *fork_without_leader(void *arg)
{
	int fds[2];

	usleep(50000);
	for (int i = 0; i < 7; i++)
		if (pipe(fds))
			_exit(1);
	fork_many(5, true);
	_exit(3);
}

static int do_leaderless(void)
{
	pthread_t t;

	pthread_create(&t, NULL, fork_without_leader, NULL);
	pthread_exit(NULL);
}

static void *nothing(void *arg)
{
	usleep(10000);
	return NULL;
}

static int do_thread(void)
{
	pthread_t t[FORKS];

	for (int i = 0; i < FORKS; i++)
		pthread_create(&t[i], NULL, nothing, NULL);
	for (int i = 0; i < FORKS; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int do_orphan(void)
{
	if (fork() == 0) {
		signal(SIGTERM, SIG_IGN);
		if (fork() == 0)
			signal(SIGTERM, SIG_DFL);
		for (;;)
			pause();
	}
	usleep(100000);
	return 0;
}

static int do_vfork(void)
{
	for (volatile int i = 0; i < FORKS; i++) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static char child_stack[65536] __attribute__((aligned(16)));
static int just_return(void *arg)
{
	return 0;
}

static int do_share(void)
{
	pid_t pid = clone(just_return, child_stack + sizeof(child_stack), CLONE_VM | SIGCHLD, NULL);

	return waitpid(pid, NULL, 0) != pid;
}

static int do_untraced(void)
{
	pid_t pid =
	    clone(just_return, child_stack + sizeof(child_stack), CLONE_UNTRACED | SIGCHLD, NULL);

	usleep(50000);
	return pid < 0; /* not waited for: it comes to the one that holds the tree */
}

static int do_traceme(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? 11 : 0);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int do_shm(void)
{
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) < 0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static int do_memory(void)
{
	touch_pages();
	fork_many(1, true);
	return 0;
}

static int do_bomb(void)
{
	volatile bool forever = true;

	while (forever)
		if (fork() < 0)
			usleep(1000);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} scenarios[] = {
    {"clean", do_clean},
    {"reaped", do_reaped},
    {"zombie", do_zombie},
    {"pipe", do_pipe},
    {"killed", do_killed},
    {"stop", do_stop},
    {"thread_exec", do_thread_exec},
    {"leaderless", do_leaderless},
    {"thread", do_thread},
    {"orphan", do_orphan},
    {"vfork", do_vfork},
    {"share", do_share},
    {"untraced", do_untraced},
    {"traceme", do_traceme},
    {"shm", do_shm},
    {"memory", do_memory},
    {"bomb", do_bomb},
};

#endif
