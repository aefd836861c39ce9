/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * event.h - the one contract between the kernel programs, all sources, the
 * session log and the ledger. A source says what happened only in these words;
 * the ledger and everything behind it know nothing else.
 *
 * Terms
 *   account  one process: (tgid, start time), never a pid. The start time is the
 *            source's own clock reading and is only compared for equality.
 *   charge   bytes the kernel took for an account.
 *   return   bytes given back; booked to the account that was charged, whoever freed.
 *   tag      what the bytes are: a slab cache name, "page", "page table",
 *            "kernel stack", "percpu", or (source proc) "fd.pipe", "shm" ...
 *   take     the place where an object was taken: system call and call stack.
 *   ordinal  how many processes the tree had forked when something happened:
 *            the clock by which growth is measured. The root's fork is not counted.
 *
 * Order of a session: SESSION first; a TAG before its number is used, a TAKE and
 * its FRAMEs anywhere before END; the root's FORK (parent 0) before all others;
 * then those that ran before the session (FORK_BEFORE; where many trees are looked at, several of
 * them have parent 0);
 * END last. Everything else in the order in which it happened, as far as the
 * source can tell. OBJECTs come after their account's EXIT or near the end.
 *
 * Units: bytes, signed 64 bit; EVENT_UNKNOWN_BYTES where a source could not
 * tell, never 0. Times are CLOCK_BOOTTIME nanoseconds.
 *
 * What an object is part of, and through what its holder reaches it, is in event/thing.h.
 *
 * This header is also compiled into the kernel programs: no libc, no pointers
 * before `text`.
 */
#ifndef FORKTALLY_EVENT_H
#define FORKTALLY_EVENT_H

#ifndef __bpf__
#include <stdint.h>
#include <assert.h>
typedef uint64_t ev_u64;
typedef int64_t ev_s64;
typedef uint32_t ev_u32;
typedef int32_t ev_s32;
#else
typedef unsigned long long ev_u64;
typedef long long ev_s64;
typedef unsigned int ev_u32;
typedef int ev_s32;
#endif

#include "event/thing.h"

#define EVENT_UNKNOWN_BYTES (-0x7fffffffffffffffLL - 1)
#define EVENT_COMM_BYTES    16

enum event_type {
	EVENT_NONE,
	EVENT_SESSION, /* the run begins; u.session, text = the command line */
	EVENT_TAG,     /* a tag gets its number; u.tag, text = its name */
	EVENT_TAKE,    /* a take gets its number; u.take, text = system call or "" */
	EVENT_FRAME,   /* one frame of a take; u.frame, text = "function\tfile\tmodule" */
	EVENT_FORK,    /* account begins; u.fork */
	EVENT_THREAD,  /* account got a thread; no union part */
	EVENT_EXEC,    /* account runs a new image; u.exec, text = path */
	EVENT_EXIT,    /* account's last thread begins its exit; u.exit */
	EVENT_REAP,    /* account's exit status was collected (it is no zombie any more) */
	EVENT_CHARGE,  /* bytes taken for account; u.amount */
	EVENT_RETURN,  /* bytes given back to account; u.amount */
	EVENT_GAUGE,   /* what account holds now of a tag; u.gauge */
	EVENT_OBJECT,  /* one charge that was still open after its time; u.object */
	EVENT_TOTAL,   /* whole run, one tag: charged and returned; u.total */
	EVENT_BOOK,    /* two books at one moment: ours and the kernel's; u.book */
	EVENT_ALIVE,   /* account still lives at the end of the run; u.alive */
	EVENT_LEFT,    /* an object that outlives processes was left; u.left, text = its name */
	EVENT_LOOK,    /* account was looked at: what it forked since the last time; u.look */
	EVENT_LOSS,    /* something happened that the source did not see; u.loss, text = what */
	EVENT_BLIND,   /* what this source cannot see on this machine; text = what and why */
	EVENT_END,     /* the run is over and settled; u.end */
	EVENT_TYPES
};

enum event_source { SOURCE_BPF = 1, SOURCE_PROC, SOURCE_MODEL, SOURCE_CENSUS };

enum pool { POOL_PRIVATE, POOL_KERNEL, POOL_SHARED, POOL_CACHE, POOLS };

/* What kind of thing could not be seen. */
enum loss {
	LOSS_RECORDS = 1, /* records dropped on the way to user space */
	LOSS_OBJECTS,     /* charges that found no room in the object table */
	LOSS_ACCOUNTS,    /* processes that found no room in the account table */
	LOSS_UNDECIDED,   /* open charges of which the kernel could not be asked */
	LOSS_TREE,        /* processes of the tree that could not be followed */
	LOSSES
};

/* Who reaches an object that was still open. */
enum hold {
	HOLD_UNKNOWN, /* the source cannot tell */
	HOLD_PROCESS, /* u.object.holder: returned by that process's exit, or it lives and holds it
		       */
	HOLD_LEFT,    /* an object that outlives processes (SysV IPC) */
	HOLD_NONE,    /* the kernel still counts it as charged, and nothing reaches it */
};

#define FORK_SHARES_MM	1 /* vfork or CLONE_VM: nothing inherited, nothing of its own yet */
#define FORK_BEFORE	2 /* it ran before the session: no fork in it; inherited: what it had */
#define GAUGE_BEFORE	4 /* there before the session, or an exec: the level to count from */
#define OBJECT_ESTIMATE 1 /* bytes from a cost table, not read from the kernel */
#define OBJECT_BODY	2 /* one of these for each of its things */
#define OBJECT_OWN_FORKS 4 /* birth_ordinal counts the holder's own forks since its exec */
#define GAUGE_PART 2 /* these bytes are in a charge or in another gauge as well */
#define TAG_UNACCOUNTED 1 /* the kernel charges this to nobody */
#define TAG_ESTIMATE                                                                               \
	2 /* bytes of this tag are counts times a cost table, not read from the kernel */

struct account_id {
	ev_u64 start_ns;
	ev_u32 tgid;
	ev_u32 pad; /* 0 */
};

struct event_session {
	ev_u32 source; /* enum event_source */
	ev_u32 cpu_count;
	ev_u32 page_bytes;
	ev_u32 version; /* of this contract: EVENT_VERSION */
};
#define EVENT_VERSION 2

struct event_tag {
	ev_u32 tag;
	ev_u32 pool; /* enum pool */
	ev_u32 flags; /* TAG_* */
	ev_u32 pad;
	ev_s64 object_bytes; /* of one object, EVENT_UNKNOWN_BYTES where it varies */
};

struct event_take {
	ev_u32 take;
	ev_s32 syscall_nr; /* -1: a page fault; -2: unknown */
	struct account_id first; /* the process that was seen there first */
};

struct event_frame {
	ev_u32 take;
	ev_u32 index; /* 0 = innermost */
	ev_u32 line;  /* 0: unknown */
	ev_u32 kernel; /* 1: a kernel function */
	ev_u64 offset; /* in the module, where the function is unknown */
};

struct event_fork {
	struct account_id parent; /* tgid 0: this is the root of the tree */
	ev_s64 parent_private_bytes; /* what the parent held at that moment */
	ev_s64 inherited_bytes; /* private bytes that the child begins with */
	ev_u32 flags;           /* FORK_* */
	ev_u32 ordinal;         /* 1 for the tree's first child */
	char comm[EVENT_COMM_BYTES];
	ev_u32 take; /* where it was forked; 0, or of no TAKE: unknown */
	ev_u32 pad;
};

struct event_exec {
	ev_s64 dropped_bytes; /* private bytes of the old image, gone with it */
	char comm[EVENT_COMM_BYTES];
};

struct event_exit {
	ev_s64 private_bytes; /* at the instant before its exit gave them back */
	ev_s64 private_peak_bytes;
	ev_s64 commit_bytes;     /* private writable address space promised to it */
	ev_s64 page_table_bytes;
	ev_s64 kernel_live_bytes; /* open kernel charges of this account */
	ev_s32 status;           /* as from wait(2) */
	ev_u32 parent_tgid;      /* at exit: not the one that forked it, if that one is gone */
	ev_u32 threads_peak;
	ev_u32 ordinal; /* of the tree when it exited */
	ev_u32 outlived; /* enum outlived */
	ev_u32 pad;
	char comm[EVENT_COMM_BYTES];
};

/* What a process was doing when the one that forked it began to exit. */
enum outlived { OUTLIVED_NOT, OUTLIVED_RUNNING, OUTLIVED_STOPPED };

/* A sum over `count` allocations; a source that sees each of them sends count 1. */
struct event_amount {
	ev_u32 pool;
	ev_u32 tag; /* 0: all tags of the pool */
	ev_u64 count; /* 0: not counted */
	ev_s64 bytes;
	ev_s64 peak_bytes; /* of this account and pool, as far as known; else UNKNOWN */
};

/* A level, not a flow: the ledger books the difference to the last one. */
struct event_gauge {
	ev_u32 pool;
	ev_u32 tag;
	ev_u32 ordinal;
	ev_u32 flags; /* OBJECT_ESTIMATE, GAUGE_PART, GAUGE_BEFORE */
	ev_s64 count; /* of objects; UNKNOWN where it makes no sense (private bytes) */
	ev_s64 bytes;
};

/*
 * One or more like objects, taken at one place, by one account. Open (returned_ns 0) at the end of
 * the run, or returned late: when its holder began to exit or later. Objects are parts of what
 * CHARGE already counted, they are not added to it. In the private pool: pages that are in the
 * account's level, by where they were taken; they never stand for all of it. Or blocks that an
 * allocator made of them (tag "heap block"): both are parts of that level, and of each other.
 */
struct event_object {
	ev_u32 pool;
	ev_u32 tag;
	ev_u32 take; /* 0: unknown */
	ev_u32 hold; /* enum hold */
	ev_u32 birth_ordinal;
	ev_u32 flags; /* OBJECT_* */
	ev_u64 count;
	ev_s64 bytes; /* all of them together */
	ev_u64 returned_ns; /* 0: still open */
	ev_u64 site;        /* kernel address of the allocating call, 0: unknown */
	struct account_id
	    holder;   /* with HOLD_PROCESS; text: its name, where it is not of the tree */
	ev_u32 thing; /* enum thing: what it is part of */
	ev_u32 via;   /* enum via: through what the holder reaches it */
	ev_s32 fd;    /* -1: none, or not known */
	ev_u32 pad;
};

struct event_total {
	ev_u32 pool;
	ev_u32 tag;
	ev_u64 charged_count, returned_count;
	ev_s64 charged_bytes, returned_bytes;
	ev_u64 asked_count; /* of the returned: found dead only by asking the kernel's objects */
};

struct event_book {
	ev_u32 pool;
	ev_u32 moment; /* 0 at the tree's highest sampled level, 1 at the end */
	ev_s64 ledger_bytes; /* open charges, counted as the kernel counts them */
	ev_s64 kernel_bytes; /* what the memory cgroup says */
	ev_u32 processes;    /* alive at that moment */
	ev_u32 pad;
};

struct event_alive {
	ev_u32 parent_tgid;
	ev_u32 zombie; /* 1: exited, its parent has not waited for it */
	ev_s64 private_bytes;
	ev_s64 kernel_bytes;
	ev_u32 stopped;
	ev_u32 birth_ordinal;
	char comm[EVENT_COMM_BYTES];
};

struct event_left {
	ev_u32 pool;
	ev_u32 tag; /* "ipc.shm", "mqueue", "mount" ... */
	ev_u32 id;
	ev_u32 birth_ordinal;
	ev_s64 bytes; /* in `pool` */
	ev_s64 kernel_bytes; /* for its kernel objects, UNKNOWN where objects tell */
	ev_u32 take;	     /* 0: unknown */
	ev_u32 pad;
};

/*
 * A source that looks now and then sees children that live, and learns how many others there were.
 * Comes after the FORKs of those that it sees, and before the GAUGEs of the same look. What was
 * there at the first LOOK at an account, and at the first after an EXEC, is what its levels count
 * from: its forks until then, and its levels (GAUGE_BEFORE).
 */
struct event_look {
	ev_u64 forks; /* of the account, that have no FORK: they have ended */
	ev_s64 private_bytes; /* what it holds now */
	ev_u32 ordinal;	      /* of the last of those */
	ev_u32 pad;
};

struct event_loss {
	ev_u32 kind; /* enum loss */
	ev_u32 pad;
	ev_u64 count;
};

struct event_end {
	ev_s32 status; /* the command's, as from wait(2); -1: it never ran */
	ev_u32 interrupted; /* the signal that ended the run early, 0: none */
	ev_u32 forks, exits, alive; /* as the source counted them itself */
	ev_u32 killed; /* processes that the run had to kill */
	ev_u64 settle_ns;
};

struct event {
	ev_u64 time_ns;
	ev_u32 type; /* enum event_type */
	ev_u32 pad;
	struct account_id account;
	union {
		struct event_session session;
		struct event_tag tag;
		struct event_take take;
		struct event_frame frame;
		struct event_fork fork;
		struct event_exec exec;
		struct event_exit exit;
		struct event_amount amount;
		struct event_gauge gauge;
		struct event_object object;
		struct event_total total;
		struct event_book book;
		struct event_alive alive;
		struct event_left left;
		struct event_look look;
		struct event_loss loss;
		struct event_end end;
	} u;
#ifndef __bpf__
	const char *text; /* borrowed for the call, "" or NULL where the type has none */
#endif
};

#ifndef __bpf__
static_assert(sizeof(struct account_id) == 16, "part of the contract");
static_assert(sizeof(struct event_object) == 88, "part of the contract");
static_assert(sizeof(((struct event *)0)->u) == 88, "part of the contract");

/**
 * event_fn - takes one event. The event and its text are borrowed for the call.
 * Returns 0 or -errno; a source stops and hands the error up.
 */
typedef int (*event_fn)(void *ctx, const struct event *ev);
#endif

#endif
