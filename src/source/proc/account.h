/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * account.h - the processes and threads of the tree that are known at this moment.
 *
 * A process stays here from its fork until it was reaped; what the ledger keeps longer is not
 * this file's business. While a process is traced its pid cannot be used again: we are the one
 * whose wait it needs. Afterwards, as a zombie, it is told from a new process by start time.
 */
#ifndef FORKTALLY_PROC_ACCOUNT_H
#define FORKTALLY_PROC_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "event/event.h"

/* pid -> pointer. Open addressing, grows by doubling. */
struct pid_table {
	struct pid_slot {
		pid_t pid; /* 0: empty, -1: was removed */
		void *value;
	} * slot;
	size_t room, used, dead; /* used: live ones; dead: removed ones */
};

int pid_table_set(struct pid_table *t, pid_t pid, void *value); /* 0 or -ENOMEM */
void *pid_table_get(const struct pid_table *t, pid_t pid);	/* NULL: not there */
void *pid_table_take(struct pid_table *t, pid_t pid);		/* removes; NULL: was not there */
/* Walks all; *place begins at 0. NULL after the last. Adding ends a walk, removing does not. */
void *pid_table_next(const struct pid_table *t, size_t *place);
void pid_table_done(struct pid_table *t);

/* When a process's forks are looked at closely: the 1st to 64th, then every 2nd, 4th ... */
struct stride {
	uint32_t step;	/* a power of two; 0 before the first fork */
	uint32_t taken; /* samples since the step was set */
};
#define STRIDE_SAMPLES 64

/**
 * stride_due() - is this fork to be sampled?
 * @nth:  the process's own forks, 1 for the first.
 * @busy: sampling takes too much of the run's time: thin out sooner.
 * The samples at all multiples of the last step are complete: they form a regular series.
 */
bool stride_due(struct stride *s, uint32_t nth, bool busy);

struct account {
	struct account_id id;
	pid_t ppid;		 /* who must reap it, as last read */
	struct account *zombies; /* children that ended and were not seen reaped */
	struct account *zombie_next, **zombie_link; /* in the list of zombie_of */
	struct account *zombie_of;		    /* NULL: in no list */
	uint32_t zombie_count, zombie_kept;	    /* kept: how many the last sweep left */
	uint32_t birth_ordinal, forks;
	struct stride stride;
	uint32_t threads_live, threads_peak;
	int32_t leader_status; /* exit code of the main thread, where it ended before others */
	bool leader_exited;
	bool before;	/* it ran before the session: what makes it up was not taken in it */
	bool shares_mm; /* its maker's memory, until exec */
	bool exited;	/* EXIT was emitted */
	bool stopped;	/* by a signal */
	enum outlived outlived; /* the one that forked it */
	bool gone;		/* its end was waited for: a zombie, or nothing */
	char comm[EVENT_COMM_BYTES];
	uint64_t *held; /* bit set of tags whose last gauge was not 0; NULL: never sampled */
};

struct thread {
	pid_t tid;
	struct account *account; /* NULL: of no account (table full), or not announced yet */
	bool exiting;		 /* passed its exit stop */
	bool unclaimed;		 /* stopped, its maker has not said yet what it is */
	uint64_t unclaimed_ns;
};

struct account *account_new(struct account_id id);
void account_free(struct account *a);
void account_add_zombie(struct account *parent, struct account *child);
void account_unlist(struct account *child); /* out of the list that it is in, if any */

#endif
