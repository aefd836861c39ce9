// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_reset.c - each child connects to its parent, gets a byte and resets the connection; the
 * parent never looks at its side again, and never closes it.
 */
#include "connection.h"

static int listener;

static int be_client(int fd)
{
	struct linger at_once = {.l_onoff = 1};
	char byte;

	return read(fd, &byte, 1) != 1 ||
	       setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void start_job(bool leak)
{
	connection_job(listener, be_client, leak);
}

int main(int argc, char **argv)
{
	listener = connection_listen(16);
	return workload_loop(argc, argv, start_job);
}
