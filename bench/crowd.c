// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * crowd.c - makes many processes of a usual mix, says "ready", and waits until its input ends.
 * usage: crowd [PROCESSES]   10000
 *
 * Of 20 processes
 *	10 are daemons: programs of their own (exec), a file, a pipe, 2 MiB of which a little is
 *used 5 are workers, forked from a server that has 16 files and sockets open: each has these, its
 *	   socket to the server, an epoll set and an eventfd
 *	 3 are event loops (exec): epoll, timerfd, signalfd, 4 pairs of sockets
 *	 1 has 8 threads, 60 mappings more, 30 files
 *	 1 is large: 150 mappings more, 50 pipes, 4 MiB touched
 * One in a hundred beside them is a zombie.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SERVER_WORKERS 50

static void need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wait_forever(void)
{
	for (;;)
		pause();
}

/* Each says by the end of file that it has what it should; all end with whoever made them. */
static void settle(void)
{
	close(0);
	wait_forever();
}

static void files(int count)
{
	while (count-- > 0)
		need(open("/proc/self/exe", O_RDONLY) >= 0, "open");
}

static void pipes(int count)
{
	int fd[2];

	while (count-- > 0)
		need(!pipe(fd), "pipe");
}

static void sockets(int count)
{
	int fd[2];

	while (count-- > 0)
		need(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
}

static void watch(int set, int fd)
{
	struct epoll_event e = {.events = EPOLLIN};

	need(fd >= 0 && !epoll_ctl(set, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
}

/* Neighbours of unlike protection are not merged. */
static void mappings(int count)
{
	long page = sysconf(_SC_PAGESIZE);

	while (count-- > 0) {
		char *p = mmap(NULL, 2 * page, PROT_READ | (count & 1 ? PROT_WRITE : 0),
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		need(p != MAP_FAILED, "mmap");
		if (count & 1)
			*p = 1;
	}
}

static void touch(size_t bytes, size_t of)
{
	char *p = malloc(of);

	need(!!p, "malloc");
	memset(p, 1, bytes);
}

static void *sleeper(void *arg)
{
	wait_forever();
	return arg;
}

static void worker(int server)
{
	int set = epoll_create1(0);

	sockets(1);
	watch(set, eventfd(0, 0));
	watch(set, server);
	touch(256 << 10, 1 << 20);
	settle();
}

static void loop(void)
{
	int set = epoll_create1(0);
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	watch(set, timerfd_create(CLOCK_MONOTONIC, 0));
	watch(set, signalfd(-1, &signals, 0));
	sockets(4);
	touch(512 << 10, 2 << 20);
	settle();
}

static void be(const char *what)
{
	if (!strcmp(what, "daemon")) {
		files(1);
		pipes(1);
		touch(100 << 10, 2 << 20);
	} else if (!strcmp(what, "loop")) {
		loop();
	} else if (!strcmp(what, "threads")) {
		pthread_attr_t small;
		pthread_t thread;

		pthread_attr_init(&small);
		pthread_attr_setstacksize(&small, 65536);
		for (int i = 0; i < 7; i++)
			need(!pthread_create(&thread, &small, sleeper, NULL), "pthread_create");
		mappings(60);
		files(30);
	} else {
		mappings(150);
		pipes(50);
		touch(4 << 20, 8 << 20);
	}
	settle();
}

static pid_t child(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void start(const char *what)
{
	if (child())
		return;
	execl("/proc/self/exe", "crowd", what, NULL);
	need(0, "exec");
}

/* One server, and its workers. */
static void serve(int workers, int input)
{
	int pair[2];

	if (child())
		return;
	close(input);
	files(8);
	sockets(3);
	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	touch(1 << 20, 4 << 20);
	while (workers-- > 0) {
		if (!child())
			worker(pair[0]);
	}
	settle();
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 10000, ready[2], servers = 0, input;
	struct rlimit r;
	char byte;

	if (argc > 1 && n <= 0)
		be(argv[1]);
	if (!getrlimit(RLIMIT_NPROC, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NPROC, &r);
	}
	/* All have the writing end as their input, until they are what they should be. */
	need(!pipe(ready), "pipe");
	input = dup(0);
	need(input >= 0, "dup");
	fcntl(input, F_SETFD, FD_CLOEXEC);
	fcntl(ready[0], F_SETFD, FD_CLOEXEC);
	need(dup2(ready[1], 0) == 0, "dup2");
	close(ready[1]);
	n -= n / 100;
	for (int i = 0; i < n; i++) {
		if (i % 20 < 10)
			start("daemon");
		else if (i % 20 < 15)
			servers++;
		else
			start(i % 20 < 18 ? "loop" : i % 20 == 18 ? "threads" : "large");
		if (servers == SERVER_WORKERS || i == n - 1) {
			if (servers)
				serve(servers - 1, input);
			servers = 0;
		}
	}
	for (int i = 0; i < n / 99; i++) {
		if (!child())
			_exit(0);
	}
	close(0);
	need(read(ready[0], &byte, 1) == 0, "read");
	puts("ready");
	fflush(stdout);
	while (read(input, &byte, 1) > 0)
		;
	return 0;
}
