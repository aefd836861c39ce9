/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * load.c - the programs that bench/run.sh measures. Each times its own loop, so that the start
 * and the end of the tool around it are not in the figure.
 *
 * usage: load [-o FILE] [-n COUNT] fork | fork64 | vfork | server | syscall
 *        load [-o FILE] [-n COUNT] command -- CMD [ARG..]   one run of CMD, said to be COUNT
 * operations load [-o FILE] -s SECONDS storm                    every processor forks as fast as it
 * can FILE gets "OPERATIONS NANOSECONDS". Exit status 0 only if every operation worked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESIDENT_BYTES (64u << 20)
#define REQUEST_BYTES  256
#define ANSWER_BYTES   4096

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		errno = ECHILD;
		fail("a child failed");
	}
}

static void fork_once(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid)
		_exit(0);
	reap(pid);
}

static void exec_once(char *const argv[], bool shares)
{
	pid_t pid = shares ? vfork() : fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	reap(pid);
}

static uint64_t fork_loop(uint64_t count)
{
	uint64_t start = now_ns();

	while (count--)
		fork_once();
	return now_ns() - start;
}

static uint64_t fork64_loop(uint64_t count)
{
	char *resident = malloc(RESIDENT_BYTES);

	if (!resident)
		fail("malloc");
	memset(resident, 23, RESIDENT_BYTES);
	return fork_loop(count);
}

static uint64_t vfork_loop(uint64_t count)
{
	char *argv[] = {"/bin/true", NULL};
	uint64_t start = now_ns();

	while (count--)
		exec_once(argv, true);
	return now_ns() - start;
}

/* Exactly `bytes`, or dies. */
static void exchange(int fd, bool out, char *data, size_t bytes)
{
	while (bytes) {
		ssize_t done = out ? send(fd, data, bytes, MSG_NOSIGNAL) : recv(fd, data, bytes, 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			fail(out ? "send" : "recv");
		data += done;
		bytes -= done;
	}
}

__attribute__((noreturn)) static void serve(int listener, uint64_t count)
{
	char data[ANSWER_BYTES] = {0};
	uint64_t open_children = 0;

	while (count--) {
		int fd = accept(listener, NULL, NULL);
		pid_t pid;

		if (fd < 0)
			fail("accept");
		pid = fork();
		if (pid < 0)
			fail("fork");
		if (!pid) {
			exchange(fd, false, data, REQUEST_BYTES);
			exchange(fd, true, data, ANSWER_BYTES);
			_exit(0);
		}
		close(fd);
		open_children++;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			open_children--;
	}
	while (open_children--)
		reap(-1);
	_exit(0);
}

/* The loop is the client's: connect, ask, read the answer. */
static uint64_t server_loop(uint64_t count)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char data[ANSWER_BYTES] = {0};
	uint64_t start, end;
	pid_t server;

	if (listener < 0 || bind(listener, (void *)&address, bytes) || listen(listener, 64) ||
	    getsockname(listener, (void *)&address, &bytes))
		fail("listen");
	server = fork();
	if (server < 0)
		fail("fork");
	if (!server)
		serve(listener, count);
	close(listener);
	start = now_ns();
	while (count--) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (void *)&address, bytes))
			fail("connect");
		exchange(fd, true, data, REQUEST_BYTES);
		exchange(fd, false, data, ANSWER_BYTES);
		close(fd);
	}
	end = now_ns();
	reap(server);
	return end - start;
}

/* What a busy program without forks does: computes, opens, reads, maps and touches memory. */
static uint64_t syscall_loop(uint64_t count)
{
	uint64_t start = now_ns(), hash = 1469598103934665603ull;
	static unsigned char data[8192];
	int ends[2];

	if (pipe(ends))
		fail("pipe");
	while (count--) {
		int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
		char *map = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (fd < 0 || map == MAP_FAILED)
			fail("open or mmap");
		if (read(fd, data, sizeof(data)) <= 0)
			fail("read");
		close(fd);
		for (size_t i = 0; i < 16; i++)
			map[i * 4096] = 23;
		munmap(map, 16 * 4096);
		if (write(ends[1], data, 512) != 512 || read(ends[0], data, 512) != 512)
			fail("pipe");
		for (size_t i = 0; i < sizeof(data); i++)
			hash = (hash ^ data[i]) * 1099511628211ull;
		data[hash % sizeof(data)]++;
	}
	return now_ns() - start;
}

/* Each worker counts for itself; the page is small, so that forks do not copy it. */
static uint64_t storm(unsigned seconds, uint64_t *ret_count)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t start, end;
	_Atomic uint64_t *total =
	    mmap(NULL, sizeof(*total), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (total == MAP_FAILED)
		fail("mmap");
	start = now_ns();
	end = start + seconds * 1000000000ull;
	for (long i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (!pid) {
			uint64_t count = 0;

			while (now_ns() < end) {
				fork_once();
				count++;
			}
			atomic_fetch_add(total, count);
			_exit(0);
		}
	}
	for (long i = 0; i < workers; i++)
		reap(-1);
	*ret_count = *total;
	return now_ns() - start;
}

static uint64_t run(const char *name, uint64_t *count, unsigned seconds, char *const argv[])
{
	uint64_t start;

	if (!strcmp(name, "fork"))
		return fork_loop(*count);
	if (!strcmp(name, "fork64"))
		return fork64_loop(*count);
	if (!strcmp(name, "vfork"))
		return vfork_loop(*count);
	if (!strcmp(name, "server"))
		return server_loop(*count);
	if (!strcmp(name, "syscall"))
		return syscall_loop(*count);
	if (!strcmp(name, "storm"))
		return storm(seconds, count);
	if (!strcmp(name, "command") && argv[0]) {
		start = now_ns();
		exec_once(argv, false);
		return now_ns() - start;
	}
	fprintf(stderr, "load: no load is called %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	uint64_t count = 1000, ns;
	const char *path = NULL;
	unsigned seconds = 1;
	FILE *f = stdout;
	char **command;
	int option;

	while ((option = getopt(argc, argv, "+o:n:s:")) != -1) {
		switch (option) {
		case 'o':
			path = optarg;
			break;
		case 'n':
			count = strtoull(optarg, NULL, 10);
			break;
		case 's':
			seconds = strtoul(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	if (optind == argc || !count || !seconds) {
		fprintf(stderr, "usage: load [-o FILE] [-n COUNT] [-s SECONDS] NAME [-- CMD..]\n");
		return 2;
	}
	command = argv + optind + 1;
	if (command[0] && !strcmp(command[0], "--"))
		command++;
	ns = run(argv[optind], &count, seconds, command);
	if (path && !(f = fopen(path, "w")))
		fail(path);
	fprintf(f, "%llu %llu\n", (unsigned long long)count, (unsigned long long)ns);
	return fclose(f) ? 1 : 0;
}
