/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel.h - the inside of the simulated kernel, for the files of src/source/model/ alone.
 *
 *   kind.c       what there is, and what it costs: one table
 *   kernel.c     made, freed; the clock and the dice; events
 *   pay.c        charges and returns, through libforktally
 *   process.c    process objects: made, ended, waited for, deleted
 *   call.c       system calls as steps: fork, exec, exit, wait
 *   object.c     descriptors and what is behind them; shared memory, sessions, signals
 *   scheduler.c  processors, tasks, whose step is next
 *   script.c     a script becomes a program; program.c runs it, task by task
 *   scenario.c   scripts that come with the program
 *   defect.c     names of defects
 *   audit.c      after the end: what is still charged, and what reaches it
 *   rerun.c      a recorded session through the same calls
 *
 * Terms
 *   charge   what one thing costs and who pays. `exists`: the thing is there. `charged`: the books
 *            count it. A thing that is gone and still charged is lost.
 *   booked   the account that events name: of the process that the thing is for, though its
 *            creator may pay (law 6 of doc/design.md).
 *   payer    the process whose account pays; NULL: the quota block alone, for objects that may
 *            outlive processes. What fork makes is paid by the parent, whose handle made it, until
 *            it is returned; a parent that ends first hands it to the child.
 *   family   the block of the first process. The books are read there.
 *   shadow   a plain sum of what should be charged, kept beside libforktally's books.
 */
#ifndef FORKTALLY_MODEL_KERNEL_H
#define FORKTALLY_MODEL_KERNEL_H

#include <forktally.h>
#include "source/model/model.h"

static_assert((int)MODEL_PAGEFILE == FT_PRIVATE && (int)MODEL_NONPAGED == FT_KERNEL &&
		  (int)MODEL_PAGED == FT_SHARED,
	      "one order of pools");

#define PIDS	   32768
#define PAGE_BYTES 4096
#define DEPTH_MAX  8 /* loops within loops */

#define KINDS(X)                                                                                   \
	X(KIND_PROCESS)                                                                            \
	X(KIND_THREAD)                                                                             \
	X(KIND_SPACE)                                                                              \
	X(KIND_HANDLES) X(KIND_MEMORY) X(KIND_PIPE) X(KIND_FILE) X(KIND_SOCKET) X(KIND_SHM)        \
	    X(KIND_SESSION) X(KIND_SIGNAL) X(KIND_BLOCK)
#define KIND_ENUMERATOR(name) name,
enum kind { KINDS(KIND_ENUMERATOR) KIND_COUNT };
#undef KIND_ENUMERATOR

struct kind_info {
	const char *name;
	uint64_t bytes[MODEL_POOLS]; /* by enum ft_pool */
	enum thing thing;
	const char *left; /* what it is called where it outlives processes; NULL: it does not */
};
extern const struct kind_info kind_info[KIND_COUNT];

struct process;
struct task;
struct kernel;

struct charge {
	struct charge *prev, *next; /* in kernel.open */
	enum kind kind;
	uint64_t bytes[MODEL_POOLS];
	struct account_id booked;
	struct process *payer;
	struct charge *payer_prev, *payer_next; /* in payer.pays */
	struct ft_object paid;
	uint32_t take, birth;
	bool exists, charged;
	bool told; /* its CHARGE events went out */
	bool seen; /* by the audit */
};

/* What descriptors and names lead to. */
struct object {
	struct object *next; /* in kernel.named, of those that have a name there */
	struct charge *charge;
	uint32_t refs;	     /* descriptors, members */
	uint32_t name;	     /* of shared memory */
	struct block *block; /* that paid */
};

struct descriptor {
	uint32_t name;
	int32_t fd;
	struct object *object;
};

/* A quota block, and what refers to it. */
struct block {
	struct ft_block *ft;   /* we hold one reference */
	struct charge *charge; /* the block costs something too; NULL: the family's */
	uint32_t processes;
	uint32_t objects;
	bool freed; /* too early: what it paid for is still there */
	struct block *prev, *next;
};

enum process_state { PROCESS_RUNS, PROCESS_EXITING, PROCESS_ZOMBIE };

struct process {
	struct account_id id;
	struct process *prev, *next; /* all of the kernel */
	struct process *parent, *child, *sibling_prev, *sibling_next;
	enum process_state state;
	char comm[EVENT_COMM_BYTES];
	struct ft_account *account;
	struct block *block;
	struct charge *pays; /* all that this account pays for */
	struct charge *process, *thread, *space, *handles, *memory;
	struct charge **threads;
	uint32_t thread_count, threads_peak;
	struct descriptor *descriptors;
	uint32_t descriptor_count, descriptor_room;
	struct charge **signals;
	uint32_t signal_count, signal_room;
	struct object *session;
	uint64_t private_bytes, private_peak;
	uint32_t birth, forks;
	bool forked;	    /* by fork, not there from the start */
	bool shares_space;  /* vfork, until exec or exit */
	bool thread_exited; /* the defect: the kernel believes that it has ended */
	int32_t status;
	bool killed;
	struct task *task; /* all of its tasks */
	struct task *vfork_waiter;
};

/* What a system call returns for each step. */
enum step { STEP_AGAIN, STEP_DONE, STEP_WAITS, STEP_FAILED };

/* A system call under way. */
struct call {
	uint32_t phase;
	struct task *task; /* that makes it; NULL: rerun.c */
	uint32_t take;
	uint32_t name;
	uint64_t number;
	int failed_pool;
	bool own_block, vfork, all;
	const char *comm;
	struct process *child; /* fork */
	struct block *block;   /* fork own */
	uint64_t exit_seen;    /* the defect exit-race: the counter as it was read */
};
typedef enum step (*call_fn)(struct kernel *k, struct process *p, struct call *c);

struct cpu {
	struct ft_lane *lane;
	struct task *task;
};

struct kernel {
	struct model_options opts;
	const struct scenario *scenario;
	uint32_t defects;
	uint64_t dice;
	uint64_t now_ns;
	int error; /* of the run: nothing goes on after it */
	struct ft_block *root;
	struct block system, family;
	struct block *blocks;	 /* those of processes that have their own */
	struct ft_account *init; /* of process 1, in the system's block */
	struct process *processes, *processes_last, *first;
	struct process init_process; /* adopts orphans */
	bool init_told;		     /* the session knows of it */
	struct charge *open, *open_last;
	struct object *named;
	uint32_t next_pid, pid_used;
	struct process **by_pid;
	uint32_t ordinal;
	uint64_t alive;
	uint64_t exit_turn; /* counts returns at exit, for the race */
	uint64_t shadow[MODEL_POOLS], shadow_peak[MODEL_POOLS];
	uint64_t told_peak[MODEL_POOLS]; /* the defect peak-not-raised keeps its own */
	uint64_t charged[KIND_COUNT][MODEL_POOLS], returned[KIND_COUNT][MODEL_POOLS];
	uint64_t charged_count[KIND_COUNT][MODEL_POOLS], returned_count[KIND_COUNT][MODEL_POOLS];
	uint32_t exits;
	uint8_t *takes; /* which were told */
	uint32_t take_count;
	struct cpu cpu[MODEL_CPUS_MAX];
	struct task **ready;
	uint32_t ready_count, ready_room;
	uint32_t running; /* processors with a task */
	struct model_result result;
};

static inline bool has_defect(const struct kernel *k, enum defect d)
{
	return k->defects >> d & 1;
}

static inline bool is_first(const struct kernel *k, const struct process *p)
{
	return p == k->first;
}

/* kernel.c */
int kernel_init(struct kernel *k, const struct model_options *opts, const struct scenario *s,
		uint32_t take_count);
void kernel_done(struct kernel *k);
uint64_t dice(struct kernel *k, uint64_t sides);
void kernel_fail(struct kernel *k, int err);
void *kernel_alloc(struct kernel *k, size_t size); /* zeroed; NULL: kernel_fail was called */
/* Room for one more; false: kernel_fail was called. */
bool kernel_grow(struct kernel *k, void *array, uint32_t count, uint32_t *room, size_t size);
void emit(struct kernel *k, enum event_type type, struct account_id id, struct event *ev);
void emit_head(struct kernel *k);
void emit_take(struct kernel *k, uint32_t take, struct account_id who);
enum pool pool_of(unsigned ft_pool);
uint32_t tag_of(enum kind kind, unsigned ft_pool);
void kernel_sample(struct kernel *k);

/* pay.c */
/*
 * Charges what a thing of this kind costs, and @bytes more or other than the table says (NULL: as
 * the table says). @payer NULL: @block pays. NULL: refused, *ret_pool is full; or kernel_fail.
 * The CHARGE events go out at once where @tell.
 */
struct charge *charge_new(struct kernel *k, enum kind kind, const uint64_t *bytes,
			  struct process *payer, struct block *block, struct account_id booked,
			  uint32_t take, bool tell, int *ret_pool);
void charge_tell(struct kernel *k, struct charge *c);
/* The thing is gone: its quota is returned. */
void charge_drop(struct kernel *k, struct charge *c);
/* The thing is gone, and its quota stays: what the defects do. */
void charge_lose(struct kernel *k, struct charge *c);
/* Other ways to go wrong. */
void charge_drop_twice(struct kernel *k, struct charge *c);
void charge_drop_elsewhere(struct kernel *k, struct charge *c);
/* More or less private memory for a charge of KIND_MEMORY. false: refused. */
bool charge_grow(struct kernel *k, struct charge *c, uint64_t bytes);
void charge_shrink(struct kernel *k, struct charge *c, uint64_t bytes);
/* What @from pays for @c, @to pays from now on. */
void charge_move(struct kernel *k, struct charge *c, struct process *to);
void charge_forget(struct charge *c); /* nobody pays for it any more; the books are not told */
void charge_forget_payer(struct process *p);
void charges_free(struct kernel *k);

/* @bytes NULL: none. */
void witness(const struct kernel *k, enum witness_op op, const void *who, const void *other,
	     const uint64_t *bytes, enum ft_status status);

/* process.c */
struct process *process_new(struct kernel *k, struct process *parent, struct block *block);
void process_abandon(struct kernel *k, struct process *p); /* a fork that failed */
void process_begin(struct kernel *k, struct process *p, const struct call *c);
void process_first(struct kernel *k, const char *comm);
void process_reparent(struct kernel *k, struct process *p);
void process_reap(struct kernel *k, struct process *p);
void process_private(struct process *p, uint64_t bytes);
struct process *process_zombie_child(const struct process *p);
struct block *block_new(struct kernel *k, struct account_id booked, uint32_t take, int *ret_pool);
void block_put_process(struct kernel *k, struct block *b);
void block_put_object(struct kernel *k, struct block *b);
void processes_free(struct kernel *k);

/* call.c */
enum step call_fork(struct kernel *k, struct process *p, struct call *c);
enum step call_exec(struct kernel *k, struct process *p, struct call *c);
enum step call_exit(struct kernel *k, struct process *p, struct call *c);
enum step call_wait(struct kernel *k, struct process *p, struct call *c);
enum step call_thread(struct kernel *k, struct process *p, struct call *c);
enum step call_thread_exit(struct kernel *k, struct process *p, struct call *c);
enum step call_alloc(struct kernel *k, struct process *p, struct call *c);
enum step call_free(struct kernel *k, struct process *p, struct call *c);
/* Runs one from its beginning to its end, where nobody else runs. */
enum step call_whole(struct kernel *k, struct process *p, call_fn fn, struct call *c);

/* object.c */
enum step call_pipe(struct kernel *k, struct process *p, struct call *c);
enum step call_open(struct kernel *k, struct process *p, struct call *c);
enum step call_socket(struct kernel *k, struct process *p, struct call *c);
enum step call_close(struct kernel *k, struct process *p, struct call *c);
enum step call_shm(struct kernel *k, struct process *p, struct call *c);
enum step call_shm_remove(struct kernel *k, struct process *p, struct call *c);
enum step call_setsid(struct kernel *k, struct process *p, struct call *c);
enum step call_signal(struct kernel *k, struct process *p, struct call *c);
enum step call_sigwait(struct kernel *k, struct process *p, struct call *c);
bool descriptors_copy(struct kernel *k, const struct process *from, struct process *to);
void descriptors_close(struct kernel *k, struct process *p);
void signals_drop(struct kernel *k, struct process *p);
void session_leave(struct kernel *k, struct process *p);
void objects_tell_held(struct kernel *k, struct process *p);
void objects_release(struct process *p);
void objects_free(struct kernel *k);

/* audit.c */
void audit(struct kernel *k);
void audit_object(struct kernel *k, const struct charge *c, enum hold hold,
		  struct account_id holder, const struct descriptor *d, uint64_t returned_ns);

/* scheduler.c */
struct task {
	struct task *prev, *next; /* of its process */
	struct process *process;
	uint32_t pc;
	uint32_t depth;
	uint64_t loops[DEPTH_MAX]; /* rounds still to go */
	call_fn fn;		   /* NULL: between calls */
	struct call call;
	uint64_t sleeps; /* steps in which it does nothing */
	bool on_cpu, ready, ending;
	bool thread;  /* no process's first: its end is no exit */
	bool vforked; /* it waits for a child to exec or exit */
};
void scheduler_run(struct kernel *k);
struct task *task_new(struct kernel *k, struct process *p, uint32_t pc);
void task_wake(struct kernel *k, struct task *t);	      /* NULL: nobody */
void tasks_wake_waiting(struct kernel *k, struct process *p); /* those in wait */
void process_kill(struct kernel *k, struct process *p);
/* Ends all other tasks of the process. false: one is in a call on another processor, ask again. */
bool tasks_end(struct kernel *k, struct process *p, const struct task *but);
void tasks_free(struct kernel *k);

/* program.c */
enum next { NEXT_CALL, NEXT_PAUSE, NEXT_SLEEP, NEXT_OVER };
/* What the task does next; NEXT_CALL: its fn and call are set. NEXT_OVER: the task has ended. */
enum next program_next(struct kernel *k, struct task *t);
/* Its call is over: where does it go on? false: nowhere yet, it waits for its child. */
bool program_done(struct kernel *k, struct task *t, enum step step);

#endif
