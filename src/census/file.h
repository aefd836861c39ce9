/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file.h - the descriptors of one process, one by one, and the IPC objects it made: what a census
 * does not tell, asked from /proc for the one process that is looked at closely.
 *
 * Units: bytes; EVENT_UNKNOWN_BYTES where it cannot be read.
 */
#ifndef FORKTALLY_CENSUS_FILE_H
#define FORKTALLY_CENSUS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/census.h"

#define CENSUS_FILE_OTHERS 3

struct census_file {
	uint32_t fd;
	enum census_kind kind;
	bool reads, writes;
	bool both_ends;	      /* of a pipe: this process has the other end too */
	int64_t kernel_bytes; /* an estimate: the table of costs */
	int64_t queued_bytes; /* written and not read; 0 also for what has no queue */
	int64_t memory_bytes; /* pages of a memfd or of a file in memory */
	const char *target;   /* "/var/log/x", "pipe:[17]", "socket:[18]" */
	const char *socket;   /* "TCP 127.0.0.1:80 to 127.0.0.1:4711, established"; "" */
	/* Processes at the other end of a pipe or unix socket, this one not among them. */
	uint32_t other[CENSUS_FILE_OTHERS], others;
	bool others_known;
};

struct census_ipc {
	const char *what; /* "shm", "msg", "sem" */
	uint32_t id;
	bool created; /* by this process; else it was the last that sent to it */
	int64_t bytes;
	uint64_t parts; /* messages, attached processes */
};

struct census_files {
	int err;		  /* -errno: descriptors cannot be read, there are none here */
	struct census_file *file; /* by number, rising */
	size_t count;
	struct census_ipc *ipc;
	size_t ipc_count;
	uint64_t limit; /* of descriptors: RLIMIT_NOFILE; 0 unknown */
};

#endif
