// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_several.c - four leaks of two processes at once, at different rates. The master forgets two
 * pipes in each fork, of which it has closed one end each (so that 5,000 forks fit into 20,000
 * descriptors), an eventfd in one of ten, and on the error path (one child of seven fails) its
 * socket. Its worker ("worker") forks as often and forgets a timerfd each time.
 */
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include "workload.h"

#define TENTH	10
#define FAILING 7

static void take_pipes(void)
{
	int fd[4];

	if (pipe(fd) || pipe(fd + 2))
		workload_fail("pipe");
	close(fd[1]);
	close(fd[3]);
}

static void take_eventfd(void)
{
	if (eventfd(0, 0) < 0)
		workload_fail("eventfd");
}

static int take_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		workload_fail("socket");
	return fd;
}

static void master_job(long i)
{
	int sock = take_socket(), status;
	pid_t child;

	take_pipes();
	if (i % TENTH == 0)
		take_eventfd();
	child = workload_fork();
	if (child == 0)
		_exit(i % FAILING == 0);
	if (waitpid(child, &status, 0) != child)
		workload_fail("waitpid");
	if (status)
		return; /* the error path: nobody closes the socket */
	close(sock);
}

static void worker_job(void)
{
	if (timerfd_create(CLOCK_MONOTONIC, 0) < 0)
		workload_fail("timerfd_create");
	workload_fork_and_wait();
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	pid_t worker = workload_fork();

	if (worker == 0) {
		prctl(PR_SET_NAME, "worker");
		for (long i = 0; i < w.forks; i++)
			worker_job();
		if (w.hold)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (w.hold)
			pause();
		_exit(0);
	}
	for (long i = 0; i < w.forks; i++)
		master_job(i);
	if (!w.hold)
		workload_wait(worker);
	return workload_end(&w);
}
