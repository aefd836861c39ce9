/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * source.h - turns the world into events. One struct of operations per source:
 * "bpf" (exact, privileged) and "proc" (ptrace and /proc, no privileges).
 *
 * Life of a run:
 *   launch_open()    the command exists, stopped before its exec
 *   ops->open()      the source is ready; emits SESSION and the root's FORK
 *   ops->poll() ...  the command is released by the first call; emits events until
 *                    the command itself has ended (return 0)
 *   ops->settle()    waits for late returns with a bound, ends the tree, emits the rest and END
 *   ops->close()     leaves nothing behind: no process, no cgroup, no kernel program
 * An attached process (launch.h) was there before, and is left as it is: open() takes up all
 * processes below it as well, settle() ends nothing, and whoever kills us changes nothing for it.
 * All calls come from one thread, and a tracer's hold ends with that thread: to take leave by
 * ptrace(2) would interrupt what the process waits for.
 * The source is the only one that waits for children (it is a child subreaper) while it is open.
 */
#ifndef FORKTALLY_SOURCE_H
#define FORKTALLY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "event/event.h"

struct launch; /* launch.h */
struct source;

struct source_options {
	const char *command_line; /* for SESSION */
	uint32_t settle_max_ms;	  /* bound of the settling time, 0: the source's default */
	uint32_t object_max;	  /* room in the object table, 0: default */
	event_fn emit;
	void *emit_ctx;
	/* Called now and then while settling, for a progress line. May be NULL. */
	void (*progress)(void *ctx, const char *what, uint64_t open_bytes, double seconds_left);
	void *progress_ctx;
	int wake_fd; /* poll() returns early, settle() waits no longer when it is readable; -1: none */
};

struct source_ops {
	const char *name; /* "bpf", "proc" */
	/* What launch_open() shall call in the child before its exec, with a NULL ctx. NULL: nothing. */
	int (*before_exec)(void *ctx);
	/* Prepares everything; on error *ret_why says in one sentence what is missing (static or ""). */
	int (*open)(const struct source_options *opts, struct launch *launch, struct source **ret_source,
		    const char **ret_why);
	/*
	 * Waits up to timeout_ms, emits what happened. Returns 1 while the command runs, 0 when it
	 * has ended and its exit status is known, -errno.
	 */
	int (*poll)(struct source *src, int timeout_ms);
	/* Kill every process of the tree that still runs with this signal. Returns how many got it. */
	int (*kill)(struct source *src, int sig);
	/* After poll() returned 0 (or the run is to be ended): settle, emit the rest and END. */
	int (*settle)(struct source *src, int interrupted);
	void (*close)(struct source *src);
};

/* Each source's struct starts with this. */
struct source {
	const struct source_ops *ops;
	pid_t root;
	int status; /* of the command, as from wait(2), once poll() returned 0 */
};

extern const struct source_ops source_bpf, source_proc;

#endif
