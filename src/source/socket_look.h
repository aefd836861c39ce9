/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * socket_look.h - what the kernel tells of sockets by inode number: addresses and states from
 * /proc/PID/net, so of the network namespace of that process; peers and queues of unix sockets
 * from sock_diag(7), which answers for our own network namespace only.
 */
#ifndef FORKTALLY_SOCKET_LOOK_H
#define FORKTALLY_SOCKET_LOOK_H

#include <stddef.h>
#include <stdint.h>
#include "source/proc/procfs.h"

struct socket_fact {
	uint64_t inode;
	uint64_t peer;	      /* inode of a unix socket's other end; 0 none or unknown */
	int64_t queued_bytes; /* to be read, and sent but not taken; EVENT_UNKNOWN_BYTES */
	char words[160];      /* "TCP 127.0.0.1:80 to 127.0.0.1:4711, established" */
};

/* One line of /proc/net/tcp, udp or their v6: @protocol "TCP", "UDP" ... -EINVAL: no such line. */
int socket_parse_inet(const char *line, const char *protocol, struct socket_fact *ret_fact);

/* Calls fn for each internet socket in the network namespace of the process. */
void socket_each_inet(int dir_fd, struct procfs_text *scratch,
		      void (*fn)(void *ctx, const struct socket_fact *fact), void *ctx);

/* Calls fn for each unix socket in our own network namespace. 0 or -errno. */
int socket_each_unix(void (*fn)(void *ctx, const struct socket_fact *fact), void *ctx);

#endif
