/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cost.h - what one kernel object of a kind costs, in bytes that a memory cgroup is charged.
 *
 * A table is either the shipped one or one that this machine measured ("forktally doctor
 * --calibrate"). Both are estimates: the same object costs another number of bytes on another
 * kernel, and a pipe or a socket costs more while data waits in it.
 *
 * The names of the kinds are the tag names that the source "proc" uses.
 * Units: bytes per object, rounded to the nearest whole one.
 */
#ifndef FORKTALLY_PROC_COST_H
#define FORKTALLY_PROC_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cost {
	COST_TASK,    /* what a zombie still keeps: task, signal, sighand, pid, credentials */
	COST_PROCESS, /* what its exit gives back besides the mm: kernel stack, files, fs ... */
	COST_MM,      /* an address space without its mappings and page tables */
	COST_THREADS, /* one more thread: task and kernel stack */
	COST_VMA,     /* one mapping */
	COST_FD_FIRST,
	COST_FD_PIPE = COST_FD_FIRST,
	COST_FD_SOCKET_UNIX,
	COST_FD_SOCKET_INET,
	COST_FD_SOCKET_OTHER,
	COST_FD_EVENTFD,
	COST_FD_EPOLL,
	COST_FD_TIMERFD,
	COST_FD_SIGNALFD,
	COST_FD_PIDFD,
	COST_FD_INOTIFY,
	COST_FD_MEMFD,
	COST_FD_PTY,
	COST_FD_DIR,
	COST_FD_FILE,
	COST_FD_FILE_DELETED,
	COST_FD_BPF,
	COST_FD_IO_URING,
	COST_FD_NAMESPACE,
	COST_FD_OTHER,
	COST_FD_LAST = COST_FD_OTHER,
	COST_AIO, /* with its mapping */
	COST_TIMER,
	COST_IPC_SHM,
	COST_IPC_SEM,
	COST_IPC_MSG,
	COSTS
};

struct cost_table {
	int64_t bytes[COSTS];
	bool measured;	 /* on this machine, under this kernel */
	char kernel[65]; /* release it was measured under */
};

const char *cost_name(enum cost kind); /* "task", "fd.pipe" ...; static */
const char *cost_help(enum cost kind); /* what one object of it is, in a few words; static */

/* The table that forktally ships. */
void cost_table_default(struct cost_table *ret_table);

/**
 * cost_table_load() - the table measured here, or else the shipped one.
 * Errors: none that matter: a missing, damaged or foreign file (another kernel release) means
 *         the shipped table; ret_table->measured says which it is.
 */
void cost_table_load(struct cost_table *ret_table);

/**
 * cost_table_parse() - read a stored table.
 * @text:    the file's content.
 * @release: the kernel release that runs now.
 * Errors:   -EINVAL not such a file; -ESTALE measured under another kernel release.
 */
int cost_table_parse(const char *text, const char *release, struct cost_table *ret_table);

/**
 * cost_table_store() - keep a measured table for later runs, replacing the old file as a whole.
 * Errors: -errno; ret_path (may be NULL; size bytes) gets the file's name in any case.
 */
int cost_table_store(const struct cost_table *table, char *ret_path, size_t size);

/**
 * cost_path() - where the table is kept: /var/lib/forktally/cost.json for root, else below
 * $XDG_STATE_HOME or ~/.local/state.
 * Errors: -ENOENT no home directory; -ENAMETOOLONG.
 */
int cost_path(char *ret_path, size_t size);

#endif
