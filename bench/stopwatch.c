/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stopwatch.c - times one whole command from its exec to its end.
 *
 * usage: stopwatch -o FILE -t SECONDS [-m] -- CMD [ARG..]
 * FILE gets "NANOSECONDS STATUS PEAK": STATUS as a shell has it, 124 if the time was over and the
 * command was killed; PEAK its own resident peak in KiB (not its children's), 0 without -m.
 * -m looks at /proc every 10 ms; the figure is the kernel's high-water mark, so only growth in
 * the last 10 ms can be missed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* 0 once the process has no memory any more. */
static unsigned long peak_kib(pid_t pid)
{
	unsigned long kib = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

int main(int argc, char **argv)
{
	unsigned long peak = 0, kib;
	const char *path = NULL;
	uint64_t start, limit_ns = 300 * 1000000000ull, ns;
	bool memory = false, late = false;
	int option, status, fd;
	struct pollfd ended;
	pid_t pid;
	FILE *f;

	while ((option = getopt(argc, argv, "+o:t:m")) != -1) {
		if (option == 'o')
			path = optarg;
		else if (option == 't')
			limit_ns = strtoull(optarg, NULL, 10) * 1000000000ull;
		else if (option == 'm')
			memory = true;
		else
			return 2;
	}
	if (!path || optind == argc)
		return 2;
	/* What a killed tool leaves comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start = now_ns();
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		execvp(argv[optind], argv + optind);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0)
		return 1;
	(void)setpgid(pid, pid); /* the child does it too; one of us is first */
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return 1;
	ended = (struct pollfd){.fd = fd, .events = POLLIN};
	for (;;) {
		ns = now_ns() - start;
		if (ns >= limit_ns) {
			late = true;
			kill(-pid, SIGKILL);
			limit_ns = UINT64_MAX;
		}
		if (memory) {
			kib = peak_kib(pid);
			peak = kib > peak ? kib : peak;
		}
		if (poll(&ended, 1, memory ? 10 : 200) > 0)
			break;
	}
	ns = now_ns() - start;
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	/* Its command may live in the same group, or hang behind a tool that is gone. */
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	status = late ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	f = fopen(path, "w");
	if (!f)
		return 1;
	fprintf(f, "%llu %d %lu\n", (unsigned long long)ns, status, peak);
	return fclose(f) ? 1 : 0;
}
