/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fd.h - what a process holds open, counted by kind.
 *
 * What is counted are objects: the two ends of a pipe are one pipe, and two descriptors of one
 * socket are one socket. For files, and for anonymous objects such as an eventfd, /proc does not
 * say which descriptors share one object: there each descriptor counts.
 */
#ifndef FORKTALLY_PROC_FD_H
#define FORKTALLY_PROC_FD_H

#include <stdint.h>
#include "source/proc/cost.h"

#define FD_KINDS (COST_FD_LAST - COST_FD_FIRST + 1)

struct fd_counts {
	uint32_t count[FD_KINDS]; /* index: enum cost - COST_FD_FIRST */
	uint32_t total;		  /* descriptors, not objects */
};

/**
 * fd_kind_of_link() - what the text of a /proc/PID/fd link says.
 * @ret_inode: the object's number for pipes, sockets and pidfds, 0: each descriptor counts.
 * Returns COSTS where the text is a path, so that only stat(2) can tell, and
 * COST_FD_SOCKET_OTHER for every socket.
 */
enum cost fd_kind_of_link(const char *link, uint64_t *ret_inode);

/* The kind behind a path, from its mode, device number and the link's text. */
enum cost fd_kind_of_path(const char *link, uint32_t mode, uint32_t device_major);

/* The kind behind a socket's protocol, as in the xattr system.sockprotoname: "UNIX", "TCPv6" ... */
enum cost fd_kind_of_protocol(const char *protocol);

/* What one descriptor is. */
struct fd_object {
	enum cost kind;	   /* COST_FD_FIRST to COST_FD_LAST */
	uint64_t inode;	   /* of pipes and sockets: which object; 0: /proc does not say */
	char target[4096]; /* the link's text: "/a/b", "pipe:[1]" */
};

/**
 * fd_look() - one descriptor.
 * @fds_fd: the directory /proc/PID/fd.
 * @name:   of the entry: "3".
 * Errors:  -errno; -ENOENT it was closed in between.
 */
int fd_look(int fds_fd, const char *name, struct fd_object *ret_object);

/**
 * fd_count() - all descriptors of the process whose /proc directory this is.
 * Errors: -errno; -EACCES where we may not look; what is closed while we look is left out.
 */
int fd_count(int dir_fd, struct fd_counts *ret_counts);

#endif
