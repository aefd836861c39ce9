// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * census_hold.c - holds so many of one kind, says "ready", and waits until its input ends.
 * usage: census_hold KIND [COUNT]
 *
 * KIND  idle: COUNT children that sleep           threads: COUNT threads
 *       pipe: COUNT pipes with 5,000 bytes each   zombie: COUNT children not waited for
 *       unix, tcp: COUNT pairs of connected sockets with 9,000 bytes to be read
 *       epoll: 7 sets that watch COUNT eventfds   memory: COUNT memfds and COUNT SysV segments
 *       maps: 5 children with COUNT mappings each shared: COUNT pipes, and 4 children that hold
 * them
 */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* A child that lives as long as its parent. Returns 0 in it. */
static pid_t child(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void wait_forever(void)
{
	for (;;)
		pause();
}

static void idle(int count)
{
	while (count-- > 0) {
		if (!child())
			wait_forever();
	}
}

static void pipes(int count)
{
	static char data[5000];
	int fd[2];

	while (count-- > 0) {
		need(!pipe(fd), "pipe");
		need(write(fd[1], data, sizeof(data)) == sizeof(data), "write");
	}
}

static void unix_sockets(int count)
{
	static char data[9000];
	int fd[2];

	while (count-- > 0) {
		need(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
		need(write(fd[0], data, sizeof(data)) == sizeof(data), "write");
	}
}

static void tcp_sockets(int count)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(a);
	static char data[9000];

	need(!bind(listener, (void *)&a, sizeof(a)) && !listen(listener, 128), "listen");
	need(!getsockname(listener, (void *)&a, &size), "getsockname");
	while (count-- > 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		need(!connect(fd, (void *)&a, sizeof(a)), "connect");
		need(accept(listener, NULL, NULL) >= 0, "accept");
		need(write(fd, data, sizeof(data)) == sizeof(data), "write");
	}
}

static void epoll_sets(int count)
{
	int set[7];

	for (int i = 0; i < 7; i++)
		need((set[i] = epoll_create1(0)) >= 0, "epoll_create1");
	while (count-- > 0) {
		struct epoll_event e = {.events = EPOLLIN};
		int fd = eventfd(0, 0);

		need(fd >= 0, "eventfd");
		for (int i = 0; i < 7; i++)
			need(!epoll_ctl(set[i], EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
	}
}

static void maps(int count)
{
	long page = sysconf(_SC_PAGESIZE);

	for (int i = 0; i < 5; i++) {
		if (child())
			continue;
		for (int k = 0; k < count; k++) {
			/* Neighbours of unlike protection are not merged. */
			char *p = mmap(NULL, 2 * page, PROT_READ | (k & 1 ? PROT_WRITE : 0),
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			need(p != MAP_FAILED, "mmap");
			if (k & 1)
				*p = 1;
		}
		wait_forever();
	}
}

static void *sleeper(void *arg)
{
	wait_forever();
	return arg;
}

static void threads(int count)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	while (count-- > 0)
		need(!pthread_create(&thread, &small, sleeper, NULL), "pthread_create");
}

static void zombies(int count)
{
	while (count-- > 0) {
		if (!child())
			_exit(0);
	}
	usleep(100000);
}

static void memory(int count)
{
	while (count-- > 0) {
		int fd = memfd_create("census", 0), id = shmget(IPC_PRIVATE, 8192, 0600);
		char *p;

		need(fd >= 0 && !ftruncate(fd, 65536) && write(fd, "x", 1) == 1, "memfd_create");
		need(id >= 0, "shmget");
		p = shmat(id, NULL, 0);
		need(!shmctl(id, IPC_RMID, NULL), "shmctl"); /* it goes with its last attachment */
		need(p != (char *)-1, "shmat");
		p[0] = p[4096] = 1;
	}
}

static void shared(int count)
{
	pipes(count);
	idle(4);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*hold)(int count);
	} kinds[] = {{"idle", idle},	   {"pipe", pipes},	  {"unix", unix_sockets},
		     {"tcp", tcp_sockets}, {"epoll", epoll_sets}, {"maps", maps},
		     {"threads", threads}, {"zombie", zombies},	  {"memory", memory},
		     {"shared", shared}};
	char byte;

	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		kinds[i].hold(argc > 2 ? atoi(argv[2]) : 100);
		printf("ready\n");
		fflush(stdout);
		while (read(0, &byte, 1) > 0)
			;
		return 0;
	}
	fprintf(stderr, "census_hold: which kind?\n");
	return 2;
}
