// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * census.c - what a look at every process costs, and what the same costs by other ways.
 * usage: census [-r ROUNDS] [COMMAND...]   5; each COMMAND is a line for the shell
 *
 * In each round each way is gone once: a census from the kernel's structures and from /proc; the
 * files that others read, of the same processes, read and thrown away; and each COMMAND in a
 * terminal of its own that nobody looks at. A line for each way, tabs between: name, median,
 * smallest, largest of user and system time in ms, processes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/census.h"

#define DRAWN_MS   500
#define ROUNDS_MAX 101
#define WAYS_MAX   32

struct way {
	char name[96];
	const struct census_source_ops *ops;
	bool loads; /* opening and closing counts too */
	enum census_depth depth;
	struct census_source *source;
	const char *files[4]; /* "fd": a directory of links */
	const char *command;
	double ms[ROUNDS_MAX];
	uint32_t processes;
};

static struct way ways[WAYS_MAX] = {
    {.name = "census: summary", .ops = &census_bpf, .depth = CENSUS_SUMMARY},
    {.name = "census: every kind", .ops = &census_bpf, .depth = CENSUS_KINDS_ALL},
    {.name = "census: who pays, too", .ops = &census_bpf, .depth = CENSUS_PAYERS},
    {.name = "census: summary, programs loaded for it",
     .ops = &census_bpf,
     .depth = CENSUS_SUMMARY,
     .loads = true},
    {.name = "census from /proc: summary", .ops = &census_proc, .depth = CENSUS_SUMMARY},
    {.name = "census from /proc: every kind", .ops = &census_proc, .depth = CENSUS_KINDS_ALL},
    {.name = "/proc/PID/{status,stat}", .files = {"status", "stat"}},
    {.name = "/proc/PID/{status,fd,maps}", .files = {"status", "fd", "maps"}},
};

static uint32_t *pids, pid_count;

static void failed(const char *what, const char *why)
{
	fprintf(stderr, "census: %s: %s\n", what, why);
	exit(1);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void look(struct way *w)
{
	const char *why = "";
	struct census *c;

	if (w->loads && census_source_open(w->ops, &w->source, &why))
		failed(w->name, why);
	if (census_take(w->source, w->depth, &c, &why))
		failed(w->name, why);
	w->processes = c->count;
	census_free(c);
	if (w->loads)
		census_source_close(w->source);
}

static void read_links(const char *path)
{
	char target[4096];
	struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d))) {
		if (readlinkat(dirfd(d), e->d_name, target, sizeof(target)) < 0 && errno == ENOENT)
			break; /* it ended */
	}
	if (d)
		closedir(d);
}

static void read_files(struct way *w)
{
	static char text[1 << 16];
	char path[64];

	for (uint32_t i = 0; i < pid_count; i++) {
		for (int f = 0; w->files[f]; f++) {
			int fd;

			snprintf(path, sizeof(path), "/proc/%u/%s", pids[i], w->files[f]);
			if (!strcmp(w->files[f], "fd")) {
				read_links(path);
				continue;
			}
			fd = open(path, O_RDONLY);
			while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
				;
			if (fd >= 0)
				close(fd);
		}
	}
	w->processes = pid_count;
}

/*
 * In a terminal: some programs want one, and end by `q` once they have drawn. Returns its user and
 * system time; -1: it failed.
 */
static double run(const char *command)
{
	struct winsize size = {.ws_row = 50, .ws_col = 200};
	struct pollfd p = {.events = POLLIN};
	bool drawn = false;
	struct rusage u;
	char text[4096];
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	if (pid < 0)
		failed(command, strerror(errno));
	if (!pid) {
		setenv("TERM", "xterm", 1);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	p.fd = fd;
	while (drawn && !poll(&p, 1, DRAWN_MS) ? write(fd, "q", 1) == 1
					       : read(fd, text, sizeof(text)) > 0)
		drawn = true;
	close(fd);
	if (wait4(pid, &status, 0, &u) != pid || status)
		return -1;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static double go(struct way *w)
{
	double before = cpu_ms();

	if (w->command)
		return run(w->command);
	if (w->ops)
		look(w);
	else
		read_files(w);
	return cpu_ms() - before;
}

static void learn_pids(void)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	uint32_t room = 0;

	while (d && (e = readdir(d))) {
		unsigned long pid = strtoul(e->d_name, NULL, 10);

		if (pid_count == room) {
			room = room ? room * 2 : 1024;
			pids = realloc(pids, room * sizeof(*pids));
			if (!pids)
				failed("pids", strerror(ENOMEM));
		}
		if (pid)
			pids[pid_count++] = (uint32_t)pid;
	}
	if (d)
		closedir(d);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int rounds = 5, n = 0, opt;
	const char *why = "";

	while ((opt = getopt(argc, argv, "r:")) != -1) {
		rounds = opt == 'r' ? atoi(optarg) : 0;
		if (rounds < 1 || rounds > ROUNDS_MAX)
			failed("usage", "census [-r ROUNDS] [COMMAND...]");
	}
	while (*ways[n].name)
		n++;
	for (; optind < argc && n < WAYS_MAX; optind++, n++) {
		snprintf(ways[n].name, sizeof(ways[n].name), "%s", argv[optind]);
		ways[n].command = argv[optind];
	}
	learn_pids();
	for (int w = 0; w < n; w++) {
		if (ways[w].ops && !ways[w].loads &&
		    census_source_open(ways[w].ops, &ways[w].source, &why))
			failed(ways[w].name, why);
	}
	for (int round = -1; round < rounds; round++) {
		for (int w = 0; w < n; w++) {
			struct way *way = &ways[(w + round + 1) % n];
			double ms = go(way);

			if (round >= 0) /* the first warms up */
				way->ms[round] = ms;
		}
	}
	for (int w = 0; w < n; w++) {
		if (ways[w].source && !ways[w].loads)
			census_source_close(ways[w].source);
		qsort(ways[w].ms, (size_t)rounds, sizeof(double), by_size);
		if (ways[w].ms[0] < 0) {
			fprintf(stderr, "census: not measured, it fails: %s\n", ways[w].name);
			continue;
		}
		printf("%s\t%.1f\t%.1f\t%.1f\t%u\n", ways[w].name, ways[w].ms[rounds / 2],
		       ways[w].ms[0], ways[w].ms[rounds - 1], ways[w].processes);
	}
	free(pids);
	return 0;
}
