// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_ring.c - the program keeps its last 16 children and the pipes to them, and gives up the
 * oldest for each new one. The last 16 are still there when it ends: bounded, not a leak.
 * Known answer: clean.
 */
#include "workload.h"

#define KEPT 16

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	struct {
		pid_t pid;
		int fd;
	} ring[KEPT] = {{0, 0}};

	for (long i = 0; i < w.forks; i++) {
		typeof(&ring[0]) slot = &ring[i % KEPT];
		int fd[2];

		if (slot->pid) {
			close(slot->fd);
			workload_wait(slot->pid);
		}
		if (pipe(fd))
			workload_fail("pipe");
		slot->pid = workload_fork();
		if (slot->pid == 0)
			_exit(0);
		close(fd[0]);
		slot->fd = fd[1];
	}
	return workload_end(&w);
}
