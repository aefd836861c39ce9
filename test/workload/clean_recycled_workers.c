// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_recycled_workers.c - eight workers serve requests; each ends after its fifth and another
 * takes its place, as Apache's do. Each has a pipe from its master and 64 KiB of memory.
 */
#include "workload.h"

#define WORKERS	 8
#define REQUESTS 5

struct worker {
	pid_t pid;
	int requests, to;
};

static void work(int from, int done)
{
	char *memory = malloc(1 << 16), request;

	if (memory)
		workload_write(memory, 1 << 16, 1);
	for (int i = 0; i < REQUESTS; i++)
		if (read(from, &request, 1) != 1 || write(done, &request, 1) != 1)
			break;
	_exit(0);
}

static void replace(struct worker *w, int done)
{
	int fd[2];

	if (w->pid) {
		close(w->to);
		workload_wait(w->pid);
	}
	if (pipe(fd))
		workload_fail("pipe");
	w->pid = workload_fork();
	if (w->pid == 0) {
		close(fd[1]);
		work(fd[0], done);
	}
	close(fd[0]);
	w->to = fd[1];
	w->requests = 0;
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	struct worker workers[WORKERS] = {{0}};
	int done[2];
	char request = 'r';

	if (pipe(done))
		workload_fail("pipe");
	for (long forks = 0, i = 0; forks < w.forks; i++) {
		struct worker *worker = &workers[i % WORKERS];

		if (!worker->pid || worker->requests == REQUESTS) {
			replace(worker, done[1]);
			forks++;
		}
		if (write(worker->to, &request, 1) != 1 || read(done[0], &request, 1) != 1)
			workload_fail("request");
		worker->requests++;
	}
	return workload_end(&w);
}
