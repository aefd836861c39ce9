/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * procfs.h - readers of /proc/PID. Each has a pure part that takes text, and a part that reads
 * relative to an open directory, so that a pid that is used again cannot mix in while we read,
 * and a test can use a directory of literal files.
 *
 * Units: bytes and nanoseconds; kB, pages and ticks do not leave procfs.c.
 * Unknown: a line that is not there (an old kernel, a process without memory) gives
 *          EVENT_UNKNOWN_BYTES or -1, never 0.
 */
#ifndef FORKTALLY_PROC_PROCFS_H
#define FORKTALLY_PROC_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "event/event.h"

struct procfs_stat {
	char comm[EVENT_COMM_BYTES];
	char state; /* 'R', 'S', 'D', 'Z', 'T', 't', 'X' ... */
	bool kernel_thread;
	pid_t ppid;
	uint64_t start_ns; /* since boot; a whole number of clock ticks */
};

struct procfs_status {
	char comm[EVENT_COMM_BYTES]; /* "" unknown */
	pid_t tgid, ppid;	     /* -1 unknown */
	pid_t tracer;		     /* the thread that traces it; 0 none, -1 unknown */
	int threads;		     /* -1 unknown */
	int64_t private_bytes;	     /* resident anonymous + swapped out */
	int64_t commit_bytes;	     /* private writable space, stack included */
	int64_t page_table_bytes;
};

/* A text of any length, kept between reads so that it is allocated only once. */
struct procfs_text {
	char *data; /* NUL-terminated */
	size_t length, room;
};
void procfs_text_done(struct procfs_text *t);

/**
 * procfs_open() - the directory of one process, or of one of its threads.
 * @proc_fd: the root, usually /proc.
 * @tid:     the thread whose fds and memory are read; tgid itself for the main thread, which
 *           may be gone before the others.
 * Returns a descriptor, or -errno (-ENOENT: no such process).
 */
int procfs_open(int proc_fd, pid_t tgid, pid_t tid);

/**
 * procfs_read() - a whole file below a process directory.
 * Errors: -errno; -ESRCH when the process is gone; -EFBIG above 16 MiB.
 */
int procfs_read(int dir_fd, const char *name, struct procfs_text *text);

/* Errors of both: -EINVAL the text is not a stat file. */
int procfs_stat_parse(const char *text, uint64_t ticks_per_second, struct procfs_stat *ret_stat);
int procfs_stat_read(int dir_fd, struct procfs_text *scratch, struct procfs_stat *ret_stat);

/* Errors of both: -EINVAL the text is not a status file. */
int procfs_status_parse(const char *text, struct procfs_status *ret_status);
int procfs_status_read(int dir_fd, struct procfs_text *scratch, struct procfs_status *ret_status);

/**
 * procfs_maps_count() - how many mappings the process has.
 * @ret_aio: those of them that are rings of asynchronous I/O contexts.
 * Errors: -errno.
 */
int procfs_maps_count(int dir_fd, struct procfs_text *scratch, int64_t *ret_count,
		      int64_t *ret_aio);

/* How many POSIX timers. Errors: -errno; -ENOENT in a thread's directory too. */
int procfs_timers_count(int dir_fd, struct procfs_text *scratch, int64_t *ret_count);

/**
 * procfs_each() - every process there is.
 * @fn: called for each; a value other than 0 ends the walk and is returned.
 * @ret_refused: NULL, or how many are listed and may not be looked at (hidepid=noaccess).
 */
int procfs_each(int proc_fd, int (*fn)(void *ctx, pid_t pid, const struct procfs_stat *st),
		void *ctx, uint32_t *ret_refused);

/**
 * procfs_tree() - a process and all below it, as they are now; not those that have ended.
 * @fn: as with procfs_each(); parents come before their children.
 */
int procfs_tree(int proc_fd, pid_t root, int (*fn)(void *ctx, pid_t pid, pid_t parent), void *ctx);

#endif
