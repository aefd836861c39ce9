/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * proc.h - inside of the source "proc": what its files share. Nobody else includes this.
 *
 *   proc.c    the operations of struct source_ops; the loop that waits for stops
 *   adopt.c   a tree that runs already: all of its threads are seized, its processes told
 *   tree.c    stops of traced threads, and what each of them means
 *   process.c the life of one process, told as events: fork, exec, exit, zombie, reap
 *   sample.c  what a process holds at one moment, as GAUGEs
 *   ipc.c     System V objects that were left
 *   settle.c  after the command has ended
 *   emit.c    events
 *
 * A function that returns int gives 0 or -errno; an error is one of our own (memory) or came
 * from the caller's emit. What the tree does, such as dying while we look, is no error.
 */
#ifndef FORKTALLY_PROC_PROC_H
#define FORKTALLY_PROC_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "event/event.h"
#include "source/launch.h"
#include "source/proc/account.h"
#include "source/proc/cost.h"
#include "source/proc/fd.h"
#include "source/proc/procfs.h"
#include "source/proc/sysvipc.h"
#include "source/source.h"

#define ACCOUNTS_MAX	  32768 /* processes of one tree at once, zombies included */
#define NOTED_FORKS	  8 /* with fewer, children that outlive it show no growth */
#define SAMPLE_SHARE	  8	/* reading /proc may take one part in so many of the run */
#define UNCLAIMED_MAX_NS  50000000ULL
#define SETTLE_DEFAULT_MS 1000
#define TERM_TO_KILL_MS	  300
#define KILL_GIVE_UP_MS	  5000

/* Tags: every kind of the cost table, and these. */
enum proc_tag { PROC_TAG_PAGE_TABLE = COSTS, PROC_TAG_PRIVATE, PROC_TAGS };

/* A System V object of the tree that was there when we last looked. */
struct ipc_seen {
	enum sysvipc_kind kind;
	uint32_t id;
	uint32_t ordinal;	   /* of the tree when it was made, or else first seen */
	struct account_id creator; /* tgid 0: unknown */
};

/* The last process of the tree that had a pid. */
struct birth {
	uint64_t start_ns;
	uint32_t ordinal;
	bool known; /* false: none had it */
};

struct proc_source {
	struct source base; /* first: struct source is what others see */
	struct source_options options;
	struct launch *launch;
	struct cost_table cost;
	int proc_fd, signal_fd;
	sigset_t old_mask;
	int old_subreaper;

	struct pid_table threads; /* traced, by tid */
	size_t unclaimed_count;
	struct pid_table accounts; /* by tgid: the latest of each, until it was reaped */
	size_t account_count;
	struct account *root;
	struct account ours; /* not of the tree: holds the zombies that came to us */
	uint32_t forks, exits, killed;
	uint64_t lost_tree, lost_accounts;
	bool released, root_done, ran; /* ran: the command's exec worked */
	bool adopting;		       /* what is told now was there before the session */
	bool silent;		       /* what happens now is our doing: no events of processes */
	bool lethal;		       /* new processes are killed at once */
	bool setuid_told, unread_told, kcmp_works;

	struct procfs_text text;
	struct sysvipc_list ipc_before, ipc;
	struct ipc_seen *ipc_seen; /* sorted by kind and id */
	size_t ipc_seen_count;
	bool ipc_works;
	uint64_t ipc_fingerprint; /* of what the last look saw */
	struct birth *births;	  /* by pid, pid_max of them; NULL: no room for that */
	uint32_t pid_max;
	uint64_t begin_ns, sampling_ns;
	bool tag_sent[PROC_TAGS];
};

uint64_t proc_now_ns(void); /* CLOCK_BOOTTIME */

/* emit.c */
int emit_plain(struct proc_source *src, enum event_type type, const struct account *a);
int emit_event(struct proc_source *src, struct event *ev); /* sets the time */
int emit_blind(struct proc_source *src, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int emit_loss(struct proc_source *src, enum loss kind, uint64_t count, const char *what);
int emit_session(struct proc_source *src);
int emit_charge(struct proc_source *src, const struct account *a, enum cost kind);
int emit_return(struct proc_source *src, const struct account *a, enum cost kind);
/* The level of one tag; bytes EVENT_UNKNOWN_BYTES: count times the cost table. */
int emit_gauge(struct proc_source *src, struct account *a, unsigned int tag, int64_t count,
	       int64_t bytes);
int emit_tag(struct proc_source *src, unsigned int tag, uint32_t *ret_number);
const char *proc_tag_name(unsigned int tag);

/* sample.c */
/* What a process holds at one moment. Unknown is a value: reading never fails. */
struct sample {
	struct procfs_status status;
	int64_t maps, aio, timers; /* -1 unknown; maps without those of aio */
	bool fds_known;
	struct fd_counts fds;
};
/* @tid: a thread of it that has not begun its exit. */
void sample_read(struct proc_source *src, const struct account *a, pid_t tid,
		 struct sample *ret_sample);
int sample_emit(struct proc_source *src, struct account *a, const struct sample *sample);
/* Only the status file. */
void sample_status(struct proc_source *src, pid_t tgid, pid_t tid,
		   struct procfs_status *ret_status);
bool sample_is_busy(const struct proc_source *src);

/* adopt.c: @options of PTRACE_SEIZE; *ret_why says why -EPERM and the like. */
int adopt_tree(struct proc_source *src, pid_t root, long options, const char **ret_why);

/* tree.c */
int tree_open(struct proc_source *src, pid_t root);
struct thread *tree_add_thread(struct proc_source *src, pid_t tid, struct account *a);
int tree_stop(struct proc_source *src, pid_t tid, int status); /* a tracee stopped */
int tree_gone(struct proc_source *src, pid_t tid, int status); /* wait(2) told of an end */
/* Was it stopped by a signal, and nobody has asked yet? */
bool tree_stop_waits(pid_t tid);
int tree_claim_late(struct proc_source *src); /* stopped children whose maker died */
size_t tree_kill(struct proc_source *src, int sig);
size_t tree_live(const struct proc_source *src); /* processes that have not ended */
void tree_done(struct proc_source *src);

/* process.c */
/* The command's own process, stopped before it runs. */
int process_root(struct proc_source *src, pid_t pid);
/* One that runs already and that we trace. @parent NULL: the root. As process_forked() else. */
int process_adopted(struct proc_source *src, struct account *parent, pid_t pid,
		    struct account **ret_account);
/* @event: by which ptrace told. *ret_account NULL: no room, counted. */
int process_forked(struct proc_source *src, struct account *maker, pid_t maker_tid, pid_t pid,
		   int event, struct account **ret_account);
int process_exec(struct proc_source *src, struct account *a, pid_t tid);
/* @tid: its last thread, stopped before anything was given back; 0: too late for that. */
int process_exit(struct proc_source *src, struct account *a, pid_t tid, int32_t status);
/* wait(2) told of its end: it is a zombie, or nothing any more. @a may be gone afterwards. */
int process_gone(struct proc_source *src, struct account *a, int status);
/* Nothing is left of it; nor is @a. */
int process_reaped(struct proc_source *src, struct account *a);
/* Which of the process's zombies were reaped since? */
int process_sweep(struct proc_source *src, struct account *parent);

/* ipc.c */
int ipc_open(struct proc_source *src);
int ipc_look(struct proc_source *src); /* note what is new at this ordinal */
int ipc_tell(struct proc_source *src); /* LEFT for what is still there */
void ipc_done(struct proc_source *src);

/* proc.c: handle what wait has for us, for up to timeout_ms; early when the command has ended. */
int proc_pump(struct proc_source *src, int timeout_ms);

/* settle.c */
int settle_run(struct proc_source *src, int interrupted);
void settle_kill(struct proc_source *src); /* nothing of the tree is left running */

#endif
