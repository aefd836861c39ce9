/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * follow.h - what the kernel programs write that follow who forks, execs and exits: one record for
 * each, and counters for each process (source/follow.h).
 *
 * A process is (tgid, start time), as in event.h; both are those that the census tells
 * (event/census.h): tgid as the pid namespace of whoever follows counts. Threads are no forks.
 *
 * This header is also compiled into the kernel programs. Units: bytes; times CLOCK_BOOTTIME ns.
 */
#ifndef FORKTALLY_EVENT_FOLLOW_H
#define FORKTALLY_EVENT_FOLLOW_H

#include "event/event.h"

enum follow_kind {
	FOLLOW_FORK, /* self: the new one; its parent: who forked it, also with CLONE_PARENT */
	FOLLOW_EXEC,
	FOLLOW_EXIT, /* its last thread begins to exit */
	FOLLOW_GONE, /* it was waited for and is forgotten: some 20 ms after that (RCU). A kernel
		      * may keep it back: whether a process is still there, a census tells. */
	FOLLOW_KINDS
};

#define FOLLOW_SHARES_MM 1u /* vfork or CLONE_VM: the memory is its parent's */

struct follow_record {
	ev_u32 kind, flags;
	ev_u64 time_ns;
	struct account_id self, parent; /* parent: tgid 0 where that one is not followed */
	ev_u64 ordinal;			/* forks in all that is followed, until now */
	ev_u64 birth;			/* of them, which one made it; 0: it was there before */
	ev_u64 forks;			/* FORK: how many its parent has made; else its own */
	ev_s64 private_bytes;		/* anonymous + swap of it; EVENT_UNKNOWN_BYTES */
	ev_s64 cpu_ns;			/* GONE: all that it ran. EXIT: at least. Else -1 */
	ev_u32 status;			/* EXIT, GONE: as from wait(2) */
	ev_u32 reaper;			/* EXIT: tgid of who is to wait for it now; 0 unknown */
	ev_u32 children; /* EXIT: children it has, running and zombies, up to 65535 */
	ev_u32 outlived; /* GONE, EXIT: enum follow_outlived */
	char comm[EVENT_COMM_BYTES];
};

/* What a process was when the one that forked it began to exit. */
enum follow_outlived {
	FOLLOW_OUTLIVED_NOT,
	FOLLOW_OUTLIVED_RUNNING,
	FOLLOW_OUTLIVED_STOPPED,
	FOLLOW_OUTLIVED_ZOMBIE,
};

/* Kept in the kernel for each process that is followed, until it is gone. */
struct follow_process {
	struct account_id self;
	ev_u64 parent; /* who forked it: key of its entry */
	ev_u64 parent_start_ns;
	ev_u64 birth; /* as in follow_record */
	ev_u64 forks; /* it made */
	ev_u64 execs;
	ev_u64 ended;	     /* processes it forked that ended */
	ev_u64 ended_cpu_ns; /* what these ran: at least, until they are gone */
	ev_u64 exit_ns;	     /* 0: it runs; else a zombie, or gone and the kernel kept that back */
	ev_u64 cpu_ns;	     /* at its exit */
	ev_u32 parent_tgid;
	ev_u32 flags;	 /* FOLLOW_SHARES_MM */
	ev_u32 outlived; /* enum follow_outlived */
	ev_u32 status;
	char comm[EVENT_COMM_BYTES]; /* as of its last fork or exec */
};

struct follow_totals {
	ev_u64 forks, execs, exits, gone;
	ev_u64 ended_cpu_ns;   /* what those that ended ran: at least, until they are gone */
	ev_u64 lost_records;   /* the ring was full */
	ev_u64 lost_processes; /* no room: neither they nor what they fork is followed */
};

#ifndef __bpf__
static_assert(sizeof(struct follow_record) == 120, "part of the contract");
static_assert(sizeof(struct follow_process) == 120, "part of the contract");
#endif

#endif
