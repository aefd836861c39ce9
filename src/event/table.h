/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * table.h - the tables that the kernel programs write and source bpf reads, mapped into both.
 *
 * objects  every open charge, found by its address. A key's home is one of a few buckets that stay
 *          in the processor's cache; what finds no room there lives far away, in the many others.
 *          key 0: free; even: the address (slab object, struct page, percpu pointer, stack);
 *          odd: a tombstone, returned only after its holder began to exit; user space collects it.
 * accounts one slot per process; a thread's own slot is an alias of its process's.
 *          charged - returned = open bytes, per pool; both only ever rise.
 * tasks    which tasks belong to the tree, found by task address.
 * tags     kinds of objects; every object of a tag has the same size.
 * counts   per CPU and tag: objects charged and returned.
 * takes    distinct places of user code under which objects were taken.
 * grown    pages of user memory that processes which fork were given.
 *
 * Records in the ring carry the slot of their account in event.pad; of a thread in THREAD, whose
 * account is its process; TAKE has no account of its own use: it tells that a take is new.
 *
 * All sizes are powers of two so that an index is masked, never divided.
 */
#ifndef FORKTALLY_TABLE_H
#define FORKTALLY_TABLE_H

#include "event/event.h"

#define BUCKET_SLOTS	 4
#define BUCKET_PROBES	 4    /* how many buckets in a row may hold a key that lives far */
#define NEAR_BUCKETS	 4096 /* of objects: the homes; all others are far */

#define TABLE_HASH(key)	 ((ev_u32)((ev_u64)(key)*0x9E3779B97F4A7C15ull >> 32))
#define OBJECT_HOME(key) (TABLE_HASH(key) & (NEAR_BUCKETS - 1))
/* The p-th bucket where it may live instead, p from 0; far_mask: number of far buckets - 1. */
#define OBJECT_FAR(key, p, far_mask) (NEAR_BUCKETS + ((TABLE_HASH(key) + (p)) & (far_mask)))

#define OBJECT_IS_SIGHAND 1 /* freed when the process is collected by its parent */
#define OBJECT_IS_TASK	  2
#define OBJECT_IS_CACHE	  4  /* of BOOK_CACHE */
#define OBJECT_IS_MARKED  8  /* mark says what it is part of; bytes are those of its tag */
#define OBJECT_IS_REACHED 16 /* told by user space, with whom it found to hold it */
#define OBJECT_IS_KEPT	  32 /* by another process than its own, whose slot is in site */
#define OBJECT_IS_HELD	  64 /* and that one is a holder: a tombstone, whenever it comes back */
#define OBJECT_IS_UNCHARGED 128 /* its tag is one of the uncharged */
#define OBJECT_IS_NAMED	  256 /* outlives processes: never a tombstone */
#define OBJECT_IS_FORKED  512 /* taken by the fork that made its process, for that process */

struct object_entry {
	unsigned short account; /* slot */
	unsigned short take;	/* slot + 1, 0: none */
	ev_u32 site;		/* low half of the kernel address that asked */
	ev_u32 birth;		/* ordinal */
	union {
		ev_u32 bytes;
		ev_u32 mark; /* event/thing.h, with OBJECT_IS_MARKED */
	};
	unsigned short tag;
	unsigned short flags;
};

struct object_bucket {
	ev_u64 key[BUCKET_SLOTS];
	ev_u64 spilled; /* keys whose home this is that live elsewhere */
	struct object_entry entry[BUCKET_SLOTS];
	ev_u64 pad;
};

/* An odd key; ns are kept in units of 2^10. */
#define TOMBSTONE(ns)	      ((((ev_u64)(ns) >> 10) << 1) | 1)
#define TOMBSTONE_NS(key)     (((key) >> 1) << 10)
#define KEY_IS_TOMBSTONE(key) ((key)&1)

struct task_entry {
	ev_u32 account;
	ev_u32 pending; /* slot + 1 of the child that this task is just forking, 0: none */
	ev_u64 take_key;
	ev_u32 take;
	ev_u32 stack_page; /* of its kernel stack, in units of 4096 bytes: the low 32 bits */
};

struct task_bucket {
	ev_u64 key[BUCKET_SLOTS];
	ev_u64 spilled;
	struct task_entry entry[BUCKET_SLOTS];
};

enum account_state {
	ACCOUNT_FREE,
	ACCOUNT_PENDING, /* its task_struct exists, the fork is not done */
	ACCOUNT_LIVE,
	ACCOUNT_EXITED,
	ACCOUNT_REAPED,
	ACCOUNT_ALIAS,	 /* a thread: see alias */
	ACCOUNT_ABORTED, /* the fork failed */
};

enum { BOOK_KERNEL, BOOK_CACHE, BOOKS };

struct account_slot {
	ev_u64 charged[BOOKS], returned[BOOKS];
	ev_u64 start_ns;
	ev_u32 tgid, state;
	ev_u32 alias;  /* slot, with ACCOUNT_ALIAS; else its own */
	ev_u32 parent; /* slot of the process that forked it */
	ev_u32 forks, birth;
	ev_u64 peak;
	ev_u64 exec_private; /* private bytes before the running exec, + 1; 0: not known */
	ev_u32 threads, threads_peak;
	ev_u32 tombstones;
	unsigned short shares_mm, outlived; /* the latter: enum outlived */
	ev_u64 exit_ns, reap_ns;
	ev_u32 levels;	 /* bits of LEVEL_*: that were told, and not as 0 */
	ev_u32 uncharged; /* open objects that the kernel charges to nobody */
	ev_u32 namespaces; /* its fork made some: CLONE_NEW* */
	ev_u32 grown;	 /* pages noted in `grown`, ever */
};

/* What is told as a level at each fork of a process. Tags from TAG_MAX on. */
enum { LEVEL_LOCKED, LEVEL_TIMERS, LEVEL_THREADS, LEVELS };

#define TAG_MAX	       512
#define TAG_NAME_BYTES 32
enum tag_kind {
	TAG_SLAB = 1,
	TAG_KMALLOC,
	TAG_PAGE,
	TAG_PAGE_TABLE,
	TAG_STACK,
	TAG_PERCPU,
	/* What the kernel charges to nobody. It is counted, and adds nothing to any book. */
	TAG_LOCK,
	TAG_KEY,
	TAG_CGROUP,
};
#define TAG_IS_UNCHARGED(kind) ((kind) >= TAG_LOCK)
struct tag_slot {   /* a cache line */
	ev_u64 key; /* address of the cache, or kind << 32 | bytes; 0: free */
	ev_u32 kind, bytes;
	ev_u32 book;
	ev_u32 own_bytes; /* of an uncharged object; its bytes are 0 */
	char name[TAG_NAME_BYTES];
	ev_u64 pad2;
};

struct tag_counts {
	ev_u64 charged[TAG_MAX], returned[TAG_MAX];
};

#define TAKE_USER_FRAMES   24
#define TAKE_KERNEL_FRAMES 12
struct take_slot {
	ev_u64 key;
	ev_s32 syscall_nr;
	ev_u32 account;
	ev_u64 start_ns;		 /* of that account, for the slot may be used again */
	ev_s32 user_bytes, kernel_bytes; /* of the arrays below, negative: no stack */
	ev_u64 user_top; /* word at the user stack pointer: a libc wrapper's return address */
	ev_u64 user[TAKE_USER_FRAMES];
	ev_u64 kernel[TAKE_KERNEL_FRAMES];
};

/*
 * A page of new user memory, found by its struct page: one of GROWN_PROBES places in a row, in the
 * first 2^GROWN_BITS_MIN entries, or where those were full once in twice as many, and so on. Whether
 * it is still its process's, and where, is looked up now and then: until then it is GROWN_NEW.
 */
#define GROWN_PROBES   8
#define GROWN_BITS_MIN 10
#define GROWN_BITS_MAX 16
enum grown_where { GROWN_NEW, GROWN_BRK, GROWN_MMAP };
struct grown_page {
	ev_u64 page;		/* 0: free */
	unsigned short account; /* slot */
	unsigned short take;	/* slot + 1, 0: none */
	ev_u32 birth;		/* ordinal */
	ev_u32 bytes;
	ev_u32 where; /* enum grown_where */
};

/*
 * Behind the event of a TAKE's record: what user space needs to unwind code without frame
 * pointers. Left out, as the record's size tells, where the ring has better use for its room.
 */
#define TAKE_REGISTERS	 32
#define TAKE_STACK_BYTES 16384
#define TAKE_STACK_CHUNK 1024 /* divides a page: it can be read as a whole or not at all */
struct take_copy {
	ev_u64 pc;
	ev_u64 known;		    /* bit n: reg[n] is set */
	ev_u64 reg[TAKE_REGISTERS]; /* by DWARF number */
	ev_u64 stack;		    /* address of data[0], at or just below the stack pointer */
	ev_u32 bytes;		    /* of data, the rest is not set */
	ev_u32 pad;
	unsigned char data[TAKE_STACK_BYTES];
};

/* What was lost, and the tree's clock. One for all CPUs: touched at forks and losses only. */
#define TREE_MEMCGS 1
struct tree_state {
	ev_u32 ordinal; /* forks so far */
	ev_u32 exits, alive;
	ev_u32 holders_exiting; /* processes that forked, between exit and being collected */
	ev_u64 lost_records, lost_objects, lost_accounts, lost_tasks, lost_takes;
	ev_u64 evicted;	   /* returns noticed only when the address was handed out again */
	ev_u64 second;	   /* returns that only the second copy of a program saw */
	ev_u64 tombstones; /* ever made */
	ev_u64 next_account;
	ev_u64 memcg; /* address of the memory cgroup that the tree runs in; TREE_MEMCGS: several */
	ev_u64 irq_skipped, aborted;
	ev_u64
	    fds_not_described; /* open in a holder at its exit, beyond those that were looked at */
	ev_u64 fault_takes; /* of page faults: a quarter of the table at most */
	ev_u64 grown_bits;  /* so many entries of `grown` are in use, as a power of two */
	ev_u64 closed; /* nothing more is taken up: what is forked and charged from now on is not
			  booked */
};

#ifndef __bpf__
static_assert(sizeof(struct object_entry) == 20, "the first stands beside the keys");
static_assert(sizeof(struct object_bucket) == 128, "two cache lines");
static_assert(sizeof(struct account_slot) == 128, "two cache lines");
#endif

#endif
