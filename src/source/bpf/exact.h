/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * exact.h - the exact source's own state, shared by the files of this folder only.
 */
#ifndef FORKTALLY_EXACT_H
#define FORKTALLY_EXACT_H

#include "source/bpf/cgroup.h"
#include "source/bpf/collect.h"
#include "source/bpf/machine.h"
#include "source/bpf/reach.h"
#include "source/bpf/tables.h"
#include "source/launch.h"
#include "source/proc/sysvipc.h"
#include "source/source.h"

struct exact {
	struct source source;
	struct source_options opts;
	struct launch *launch;
	struct machine machine;
	struct tables tables;
	struct collector collector;
	struct reach reach;
	struct run_cgroup cgroup;
	struct sysvipc_list ipc_before;
	bool ipc_known;
	int proc_fd, poll_fd, pidfd;
	bool released, ended;
	bool oracle; /* the kernel's answers were checked on an object that lives */
	uint32_t killed;
	uint64_t asked_ns;
	struct {
		int64_t ledger, kernel;
		uint32_t processes;
	} peak;
};

/* adopt.c: SESSION, and the processes that the books begin with. -errno; *ret_why one sentence. */
int exact_adopt_command(struct exact *x, const char **ret_why);
int exact_adopt_tree(struct exact *x, const char **ret_why);

/* Compares both books now; keeps the moment of the highest level at which ours stood still. */
void exact_sample(struct exact *x);

/* Waits for (and lets go) children that were handed to us, in the order that events need. */
void exact_reap(struct exact *x);

/* One round of the loop: records, books, children. */
int exact_tick(struct exact *x);

/* Kills all processes of the tree. How many got the signal. */
int exact_kill(struct exact *x, int sig);

/*
 * settle.c: waits with a bound until all came back, asks the kernel, ends what still runs. A tree
 * that was attached to runs on.
 */
int exact_settle(struct exact *x, int interrupted);

/*
 * ask.c
 */

/* Once an object that surely lives was found alive, answers of "dead" can be believed. */
void exact_prove_oracle(struct exact *x);

/*
 * Asks the kernel about every open charge of processes that are gone, and books those that came
 * back unseen. With reaped_before_ns: only of processes reaped before (CLOCK_BOOTTIME); @living:
 * about those of living ones, too.
 * Returns how many live that may yet come back within some seconds.
 */
uint64_t exact_ask(struct exact *x, uint64_t reaped_before_ns, bool living);

/* ipc.c: SysV IPC objects that the tree made and left. */
void exact_tell_ipc(struct exact *x);

#endif
