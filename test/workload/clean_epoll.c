// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_epoll.c - workers one after the other, each forks a child for each of its 40 jobs and
 * watches eight files of it with an epoll set, which is closed with all of them when the child is
 * done. The kernel frees what an epoll set remembers in batches, up to seconds later, with
 * no event; many workers have ended by then.
 * Known answer: clean.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include "workload.h"

#define JOBS  40
#define FILES 8

static void work(long jobs)
{
	for (long i = 0; i < jobs; i++) {
		int set = epoll_create1(EPOLL_CLOEXEC), file[FILES];
		struct epoll_event ev = {.events = EPOLLIN};

		if (set < 0)
			workload_fail("epoll_create1");
		for (int k = 0; k < FILES; k++) {
			file[k] = eventfd(0, EFD_CLOEXEC);
			if (file[k] < 0 || epoll_ctl(set, EPOLL_CTL_ADD, file[k], &ev))
				workload_fail("epoll_ctl");
		}
		workload_fork_and_wait();
		for (int k = 0; k < FILES; k++)
			close(file[k]);
		close(set);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i += JOBS + 1) {
		long left = w.forks - i - 1;
		pid_t pid = workload_fork();

		if (pid == 0)
			work(left < JOBS ? left : JOBS);
		workload_wait(pid);
	}
	return workload_end(&w);
}
