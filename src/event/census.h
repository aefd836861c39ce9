/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census.h - what the kernel programs of the census write: one record for each process, and one
 * for each time that a process holds what others may hold too.
 *
 * The record carries sums of what the process holds alone. What may be shared comes one by one,
 * by its address, so that user space divides it among its holders (census/census.h).
 *
 * This header is also compiled into the kernel programs. Units: bytes; times CLOCK_BOOTTIME ns.
 */
#ifndef FORKTALLY_EVENT_CENSUS_H
#define FORKTALLY_EVENT_CENSUS_H

#include "event/event.h"

/*
 * What is counted. A row for each, with name, thing, pool, meaning and source, is in
 * census/kind.c: nothing else knows what they mean.
 */
enum census_kind {
	KIND_TASK,
	KIND_STACK,
	KIND_SIGNAL,
	KIND_PID,
	KIND_CRED,
	KIND_FS,
	KIND_NAMESPACE,
	KIND_SIGNAL_PENDING,
	KIND_TIMER,
	KIND_SECCOMP,
	KIND_IPC,
	KIND_MM,
	KIND_VMA,
	KIND_VMA_TREE,
	KIND_ANON_VMA,
	KIND_PAGE_TABLE,
	KIND_FD_TABLE,
	KIND_FD_FILE,
	KIND_FD_FILE_DELETED,
	KIND_FD_DIR,
	KIND_FD_PIPE,
	KIND_PIPE_DATA,
	KIND_FD_SOCKET_UNIX,
	KIND_FD_SOCKET_INET,
	KIND_FD_SOCKET_OTHER,
	KIND_SOCKET_UNREAD,
	KIND_SOCKET_UNSENT,
	KIND_SOCKET_INFLIGHT,
	KIND_FD_EVENTFD,
	KIND_FD_EPOLL,
	KIND_FD_TIMERFD,
	KIND_FD_SIGNALFD,
	KIND_FD_PIDFD,
	KIND_FD_INOTIFY,
	KIND_FD_MEMFD,
	KIND_FD_PTY,
	KIND_FD_BPF,
	KIND_FD_IO_URING,
	KIND_FD_NAMESPACE,
	KIND_FD_OTHER,
	KIND_LOCK,
	KIND_SHM_MEMFD, /* from here on memory of the shared pool */
	KIND_SHM_SYSV,
	KIND_SHM_FILE,
	KIND_SHM_ANONYMOUS,
	CENSUS_KINDS
};

/* How much is asked for. Each also tells what the ones before it tell. */
enum census_depth {
	CENSUS_SUMMARY,	  /* counters of the process alone: its kernel memory is a lower bound */
	CENSUS_KINDS_ALL, /* every kind */
	CENSUS_PAYERS,	  /* and which cgroup the kernel charges each object to */
	CENSUS_OBJECTS,	  /* and each object by itself, also those that a process holds alone */
};

#define CENSUS_ZOMBIE	     1u /* it has ended, and its parent has not waited for it */
#define CENSUS_KERNEL_THREAD 2u
#define CENSUS_LEADER_GONE   4u /* its first thread has ended, others run */
#define CENSUS_STOPPED	     8u
#define CENSUS_CUT	     16u  /* some of what it holds was not counted: lower bounds */
#define CENSUS_UNSURE	     32u  /* memory counters without their per-CPU part: estimates */
#define CENSUS_FILES_ALONE   64u  /* when it was looked at, nobody shared its table of files */
#define CENSUS_MM_ALONE	     128u /* likewise its memory */

#define CENSUS_NOT_COUNTED   0xffffffffu

struct census_cell {
	ev_u64 bytes;	/* what the kernel has set aside for them */
	ev_u64 charged; /* of these, and of what charging costs, to the group of the process */
	ev_u64 count;
};

struct census_record {
	ev_u64 start_ns;      /* tgid and this are the process */
	ev_u32 tgid, parent;  /* parent: tgid, 0: none that this pid namespace shows */
	ev_u32 uid;	      /* effective, as the first user namespace counts */
	ev_u32 flags;	      /* CENSUS_ZOMBIE ... */
	ev_u32 threads;	      /* that live; 0: a zombie */
	ev_u32 fds, maps;     /* open files, mappings; CENSUS_NOT_COUNTED */
	ev_u32 pid_namespace; /* inode number of the one it lives in */
	ev_u64 cgroup;	      /* its control group: inode number of the group's directory */
	ev_u64 payer;	      /* the memory cgroup that pays for it, by address */
	ev_u64 mm, files;     /* to tell who shares them; 0: none */
	/* EVENT_UNKNOWN_BYTES where a source cannot tell. */
	ev_s64 anon_bytes, file_bytes, shmem_bytes, swap_bytes; /* resident, and swapped */
	ev_s64 virtual_bytes, commit_bytes, locked_bytes;
	ev_s64 task_bytes, mm_bytes,
	    files_bytes;	/* kernel memory that a summary knows, by what it is of */
	ev_s64 uncharged_bytes; /* kernel memory in `cell` that nobody pays for: CENSUS_PAYERS */
	ev_s64 cpu_ns;		/* that its threads ran, also those that ended */
	ev_u32 exit_status;	/* of a zombie, as from wait(2) */
	ev_u32 pad;
	char comm[EVENT_COMM_BYTES];
	struct census_cell cell[CENSUS_KINDS]; /* a summary knows some: kind_get()->summary */
};

/* One process holds it. All of one process come before those of the next. */
struct census_hold {
	ev_u64 address; /* of the object, only to tell objects apart */
	ev_u64 bytes;	/* 0: as told at this address and kind before */
	ev_u64 charged; /* of these, to `payer` */
	ev_u64 payer;	/* 0: nobody, or not asked */
	ev_u32 count;	/* of kernel objects in it that have a kind of their own: files ... */
	ev_u32 kind;
	ev_u32 tgid;
	ev_u32 pad;
};

/* Something that the kernel charges a memory cgroup for, whoever holds it. */
struct census_charged {
	ev_u64 address; /* of a slab object; where cache is 0, of the struct page */
	ev_u64 cache;	/* only to be told apart; 0: pages that are charged by themselves */
	ev_u32 bytes;	/* without what charging costs */
	ev_u32 flags;
};
#define CENSUS_CHARGED_DYING 2u /* it was charged to a group below, which has been removed */

#ifndef __bpf__
static_assert(sizeof(struct census_hold) == 48, "part of the contract");
static_assert(sizeof(struct census_cell) == 24, "part of the contract");
#endif

#endif
