// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * hold50.c - N (50) children hold 8 pipes, 8 unix socket pairs, 4 epoll sets with 8 members each
 * and 200 memory maps for S (3) seconds, all at once, then everybody exits and is waited for. Known
 * answer: clean; while they hold, the sum of open kernel charges is what the memory cgroup says.
 *
 * usage: hold50 [N] [S] [--hold]
 */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "workload.h"

static void take_all(void)
{
	int member[8];

	for (int i = 0; i < 8; i++) {
		int pipes[2], sockets[2];

		if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
			_exit(1);
		if (write(pipes[1], "x", 1) != 1 || write(sockets[1], "x", 1) != 1)
			_exit(1);
		member[i] = pipes[0];
	}
	for (int i = 0; i < 4; i++) {
		int set = epoll_create1(0);

		for (int k = 0; k < 8; k++) {
			struct epoll_event event = {.events = EPOLLIN};

			if (epoll_ctl(set, EPOLL_CTL_ADD, member[k], &event))
				_exit(1);
		}
	}
	for (int i = 0; i < 200; i++) {
		/* every other one read-only: neighbours of one kind would become one map */
		int prot = i % 2 ? PROT_READ : PROT_READ | PROT_WRITE;

		if (mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			_exit(1);
	}
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	long seconds = w.rate > 1 ? w.rate : 3;
	int ready[2], go[2];
	char byte;

	if (pipe(ready) || pipe(go))
		workload_fail("pipe");
	for (long i = 0; i < w.forks; i++)
		if (workload_fork() == 0) {
			close(go[1]);
			take_all();
			if (write(ready[1], "r", 1) != 1)
				_exit(1);
			_exit(read(go[0], &byte, 1) != 0);
		}
	for (long i = 0; i < w.forks; i++)
		if (read(ready[0], &byte, 1) != 1)
			workload_fail("read");
	if (w.hold)
		workload_end(&w);
	else
		sleep((unsigned int)seconds);
	close(go[1]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}
