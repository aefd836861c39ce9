// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * demo_server.c - a small server of the kind that has run for years: it forks a child for each
 * connection; the child answers and tells its parent through a pipe how many bytes it served.
 * It has one bug, in start_request(): the parent never closes its end for reading. Every connection
 * leaves a pipe behind. Works for a thousand connections, then: "Too many open files".
 * Known answer: one pipe per fork, held by demo_server. With --fixed: clean.
 *
 * usage: demo_server [--fixed]   prints "PID PORT" and serves on the loopback until SIGTERM
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static bool fixed;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int serve(int conn)
{
	static const char answer[] = "hello\n";

	return (int)write(conn, answer, sizeof(answer) - 1);
}

/* One connection, one child; returns the bytes that the child says it served. */
static int start_request(int conn)
{
	int report[2], served = 0;
	pid_t child;

	if (pipe(report) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		served = serve(conn);
		_exit(write(report[1], &served, sizeof(served)) != sizeof(served));
	}
	close(report[1]);
	if (child > 0 && read(report[0], &served, sizeof(served)) != sizeof(served))
		served = 0;
	if (fixed)
		close(report[0]); /* the line that was forgotten */
	if (child > 0)
		waitpid(child, NULL, 0);
	return served;
}

static int listen_on_loopback(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 64) ||
	    getsockname(fd, (void *)&addr, &length)) {
		perror("demo_server");
		exit(1);
	}
	printf("%d %d\n", (int)getpid(), ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_term};
	int listener = listen_on_loopback();

	fixed = argc > 1 && strcmp(argv[1], "--fixed") == 0;
	sigaction(SIGTERM, &action, NULL); /* no SA_RESTART: accept() is to return */
	while (!stop) {
		int conn = accept(listener, NULL, NULL);

		if (conn < 0)
			continue;
		start_request(conn);
		close(conn);
	}
	return 0;
}
