// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * paced.c - a server's pace: a child each few milliseconds, and one thing that stays for each, for
 * who looks now and then.
 *
 * usage: paced KIND MS [LEAKS [FORKS]]
 *   KIND   file, pipe, memfd (8 KiB in it), zombie, heap (6000 bytes), map, none; time: a file
 * every MS and no child; exec: as file, and a new program image every 200 forks MS     between two
 *   LEAKS  how many stay; after that it cleans up (all)
 *   FORKS  then it ends (never)
 * Known answer: for each fork one thing, held by it, of the kind that is named.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include "workload.h"

#define HEAP_BYTES  6000
#define MEMFD_BYTES 8192
#define IMAGE_FORKS 200

static const char *kind;

static bool is(const char *name)
{
	return strcmp(kind, name) == 0;
}

static void take(bool stays)
{
	int fd[2] = {-1, -1};
	void *bytes = NULL;

	if (is("file") || is("time") || is("exec"))
		fd[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	else if (is("pipe") && pipe(fd))
		workload_fail("pipe");
	else if (is("memfd")) {
		char page[MEMFD_BYTES] = {1};

		fd[0] = memfd_create("paced", MFD_CLOEXEC);
		if (write(fd[0], page, sizeof(page)) != sizeof(page))
			workload_fail("memfd");
	} else if (is("heap")) {
		bytes = malloc(HEAP_BYTES);
		workload_write(bytes, HEAP_BYTES, 1);
	} else if (is("map")) {
		/* Each second one is for reading too, or the kernel would make them one. */
		static long nth;

		bytes = mmap(NULL, 4096, nth++ % 2 ? PROT_READ : PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (!stays)
			munmap(bytes, 4096);
		return;
	}
	if (stays)
		return;
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	free(bytes);
}

static void fork_once(bool stays)
{
	pid_t pid = workload_fork();

	if (pid == 0)
		_exit(0);
	if (!is("zombie") || !stays)
		workload_wait(pid);
}

int main(int argc, char **argv)
{
	struct timespec pace = {0};
	long leaks, forks;

	if (argc < 3) {
		fprintf(stderr, "usage: %s KIND MS [LEAKS [FORKS]]\n", argv[0]);
		return 2;
	}
	kind = argv[1];
	pace.tv_sec = atol(argv[2]) / 1000;
	pace.tv_nsec = atol(argv[2]) % 1000 * 1000000;
	leaks = argc > 3 ? atol(argv[3]) : -1;
	forks = argc > 4 ? atol(argv[4]) : -1;
	workload_raise(RLIMIT_NOFILE);
	for (long i = 0; i != forks; i++) {
		bool stays = leaks < 0 || i < leaks;

		take(stays);
		if (!is("time"))
			fork_once(stays);
		nanosleep(&pace, NULL);
		if (is("exec") && i == IMAGE_FORKS)
			execv("/proc/self/exe", argv);
	}
	return 0;
}
