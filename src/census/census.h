/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census.h - one immutable snapshot of what every process holds. Pure: it is made from records
 * (build.h), whoever read them.
 *
 * Dividing: what several processes hold (an open file that was inherited, a pipe, a mapped
 * segment, a table of files) is divided among them in equal parts, as PSS does; threads of one
 * process are one holder. A remainder goes to those that come first, so
 *
 *	the divided figures of all processes, summed = each object once.
 *
 * The undivided figure counts it in full for each holder.
 *
 * Unknown is a state (event/amount.h): what a source could not tell is never 0. A summary's kernel
 * memory is a lower bound: it has only what counters of the process tell (kind_get()->summary).
 *
 * private = anonymous pages in memory + swap, as the kernel counts them for the process (RssAnon +
 * VmSwap). Pages that a parent and its child still share after a fork count in both.
 *
 * Processes that share their memory (vfork, CLONE_VM) divide it as well.
 *
 * Units: bytes; times CLOCK_BOOTTIME ns. Indices are into census->process.
 */
#ifndef FORKTALLY_CENSUS_H
#define FORKTALLY_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "census/kind.h"
#include "event/amount.h"
#include "event/census.h"

#define CENSUS_NONE	     UINT32_MAX /* no such process */
#define CENSUS_UNKNOWN_COUNT UINT64_MAX

/* What a process holds of one kind. */
struct census_part {
	uint32_t count;	 /* objects it holds, also those that others hold too */
	uint32_t shared; /* how many of them others hold too */
	int64_t bytes;	 /* of all of them */
	int64_t divided; /* its share */
	int64_t charged; /* its share of what the kernel charges to its own cgroup: CENSUS_PAYERS */
};

/* A sum over processes. All amounts are divided figures: sums of sums count nothing twice. */
struct census_sum {
	uint64_t processes, threads, zombies; /* processes: zombies among them */
	uint64_t fds;			      /* undivided; CENSUS_UNKNOWN_COUNT */
	struct amount private;		      /* anonymous + swap */
	struct amount swap;
	struct amount kernel;
	struct amount shared; /* memfd, SysV and POSIX shared memory it maps or holds open */
};

struct census_process {
	uint32_t tgid, ppid, uid, pid_namespace;
	uint64_t start_ns;    /* (tgid, start_ns) is the process; a pid may be used again */
	uint32_t flags;	      /* CENSUS_ZOMBIE ... */
	uint32_t parent;      /* index, CENSUS_NONE: not in this snapshot */
	uint32_t threads;     /* 0: a zombie */
	uint32_t exit_status; /* of a zombie */
	uint64_t fds;	      /* CENSUS_UNKNOWN_COUNT where it cannot be read */
	uint64_t maps;	      /* likewise */
	uint64_t cgroup;      /* inode number of its directory: census_cgroup_path(); 0: unknown */
	uint64_t payer;	      /* the memory cgroup, only to be compared */
	uint32_t zombies;     /* children that it has not waited for */
	char comm[EVENT_COMM_BYTES];
	struct amount anon, file, shmem, swap; /* resident pages by kind; swapped */
	struct amount private;		       /* anon + swap */
	struct amount virtual, commit, locked; /* locked: by mlock(2) */
	struct amount kernel;		       /* its share, all kinds of that pool */
	struct amount kernel_undivided;	       /* in full */
	struct amount shared; /* its share, all kinds of that pool; a summary: unknown */
	struct amount shared_undivided;
	int64_t uncharged_bytes;	/* of what it holds alone, that nobody is charged for */
	int64_t cpu_ns;			/* -1 unknown */
	const struct census_part *part; /* [CENSUS_KINDS]; NULL: a summary */
	struct census_sum subtree;	/* itself and all below it */
};

/* What the machine says of itself: /proc/meminfo and /proc/vmstat. */
struct census_machine {
	struct amount total, free, available, anon, cached, shmem, swap_used;
	struct amount slab_reclaimable, slab_unreclaimable, kernel_stack, page_table, percpu,
	    vmalloc, socket;
	/* Slab memory that no object lies in: part of the slab figures. Unknown without slabinfo.
	 */
	struct amount slab_unused;
	uint64_t forks; /* since boot; CENSUS_UNKNOWN_COUNT */
};

/* Processes that have something in common. */
struct census_group {
	uint64_t key; /* uid; inode number of the cgroup's directory; 0 is "unknown" for a cgroup */
	struct census_sum sum;
};

enum census_by { CENSUS_BY_USER, CENSUS_BY_CGROUP, CENSUS_BYS };

struct census {
	enum census_depth depth;
	enum event_source source; /* SOURCE_BPF; SOURCE_PROC: estimates */
	uint64_t time_ns;	  /* CLOCK_BOOTTIME, when it was begun */
	uint64_t took_ns;	  /* wall clock */
	bool complete;		  /* no process was left out, nothing was cut */
	bool missing;		  /* some were left out: sums over all are lower bounds */
	/* Of them, those that /proc hides (hidepid); CENSUS_UNKNOWN_COUNT: it does not tell how
	 * many. */
	uint64_t hidden;
	/* It is of one pid namespace: those outside, which hold memory too, are not in it. */
	bool outside;

	struct census_process *process; /* by tgid, rising */
	uint32_t count;
	struct census_sum all;
	struct census_part
	    kind[CENSUS_KINDS]; /* of all processes; bytes: each holder's; divided: once */
	struct census_machine machine;
	/*
	 * Kernel memory of the machine (slab, stacks, page tables, per-CPU) that no process here
	 * holds. Most of it is cache: machine.slab_reclaimable. Unknown where some are not seen.
	 */
	struct amount unattributed;

	struct census_group *group[CENSUS_BYS]; /* by key, rising */
	uint32_t group_count[CENSUS_BYS];

	/* Behind the functions below. */
	struct census_part *parts;
	struct census_shared *shared;
};

void census_free(struct census *c);

void census_sum_add(struct census_sum *sum, const struct census_process *p);

/* Makes a sum one of which some parts never came: what was known exactly is a lower bound. */
void census_sum_missing(struct census_sum *sum);

/* Index of the process, or CENSUS_NONE. start_ns 0: whatever process has this pid. */
uint32_t census_find(const struct census *c, uint32_t tgid, uint64_t start_ns);

/* The sum of a user's or a cgroup's processes; NULL: there are none. */
const struct census_sum *census_group_sum(const struct census *c, enum census_by by, uint64_t key);

/*
 * Who else holds what this process holds of a kind. Calls fn for each other process and kind,
 * with how many objects both hold. Needs CENSUS_KINDS_ALL. 0 or -ENOMEM.
 */
int census_sharers(const struct census *c, uint32_t process,
		   void (*fn)(void *ctx, uint32_t other, enum census_kind kind, uint64_t count),
		   void *ctx);

#endif
