/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * launch.h - a command that exists but does not run yet: a child of ours that waits on a
 * pipe before its exec, so that a source can be attached and nothing is missed. Or a process
 * that runs already, for which there is nothing to wait.
 */
#ifndef FORKTALLY_LAUNCH_H
#define FORKTALLY_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
	pid_t pid;
	int release_fd; /* a byte tells it what to do; closing it lets it die */
	int error_fd;	/* gets ints: 0 or errno; end of file: the command runs */
	int result;	/* LAUNCH_PENDING, then what launch_result() says */
	bool attached;	/* it ran before us, is not our child and shall run on */
};

#define LAUNCH_PENDING 1

/**
 * launch_open() - fork the child.
 * @argv:  NULL-terminated, argv[0] is looked up in PATH.
 * @before_exec: called in the child after its release, right before exec (NULL: nothing);
 *         only async-signal-safe work. Non-zero: an errno, the child gives up with it.
 * The child keeps the signal dispositions and the mask of its caller (so that nohup(1) works):
 * call this first, and block and ignore signals afterwards.
 * A command that cannot be run ends with 127 (not found) or 126, as under env(1).
 * Errors:  -errno of pipe or fork.
 */
int launch_open(char *const argv[], int (*before_exec)(void *ctx), void *ctx, struct launch *ret_launch);

/* A process that runs already, the same for those who need not know: released, and it runs. */
struct launch launch_attached(pid_t pid);

/*
 * Lets the child take a file of its own, which it keeps until its exec, and wait on: an object that
 * surely lives. Not after launch_release(). Errors: -errno, the child's own among them; -EPIPE: it
 * was killed.
 */
int launch_touch(struct launch *l);

/*
 * Lets the child run; that it was killed before is no error (the caller ignores SIGPIPE). Returns at
 * once; a second call does nothing. Errors: -errno of the write.
 */
int launch_release(struct launch *l);

/**
 * launch_result() - did the exec work? Waits until known (the child execs or fails at once);
 * may be asked again. Who traces the child must not ask before it let the child pass its exec.
 * Returns 0 when the command runs, else -errno of the exec (-ENOENT, -EACCES ...).
 */
int launch_result(struct launch *l);

/* Closes the pipes; kills nothing that runs, a child not yet released exits by itself. */
void launch_close(struct launch *l);

/* Closes, and waits for the child that was not released. */
void launch_abandon(struct launch *l);

#endif
