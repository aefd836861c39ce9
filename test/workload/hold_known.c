/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Holds what a census must find, and sleeps: 31 pipes, in one of them 5,000 bytes; a pair of unix
 * sockets, in one 3,000; a TCP connection to itself with 1,234 not read; a memfd of 100 KiB; a
 * deleted file; 3 zombies, a child that sleeps. Says "ready" on its standard output.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void connect_to_itself(const char *bytes)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	need(!bind(server, (struct sockaddr *)&at, sizeof(at)), "bind");
	need(!listen(server, 1), "listen");
	need(!getsockname(server, (struct sockaddr *)&at, &size), "getsockname");
	need(!connect(client, (struct sockaddr *)&at, sizeof(at)), "connect");
	need(accept(server, NULL, NULL) >= 0, "accept");
	need(send(client, bytes, 1234, 0) == 1234, "send");
}

int main(void)
{
	char bytes[5000], name[] = "/tmp/forktally-known.XXXXXX";
	int pair[2];

	memset(bytes, 'x', sizeof(bytes));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 3; fd < 1024; fd++)
		close(fd); /* what it was started with is not known */
	for (int i = 0; i < 31; i++)
		need(!pipe(pair), "pipe");
	need(write(pair[1], bytes, 5000) == 5000, "write");
	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	need(send(pair[0], bytes, 3000, 0) == 3000, "send");
	connect_to_itself(bytes);
	pair[0] = memfd_create("known", 0);
	need(!ftruncate(pair[0], 102400) && !posix_fallocate(pair[0], 0, 102400), "memfd_create");
	need((pair[0] = mkstemp(name)) >= 0 && !unlink(name), "mkstemp");
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		need(pid >= 0, "fork");
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i < 3)
			_exit(3);
		for (int fd = 3; fd < 128; fd++)
			close(fd);
		for (;;)
			pause();
	}
	usleep(200000);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
