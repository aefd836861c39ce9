/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * model.h - a simulated kernel: processes that fork, and what the kernel charges for them, on 1 to
 * 64 simulated processors. It says what happened in the words of event.h, as source "model", so
 * the ledger, the verdict and every report work on it as on a real kernel.
 *
 * The books of the simulated kernel are libforktally's. What it gets wrong is chosen (enum defect,
 * each off by default); what it did is told truly.
 *
 * Deterministic: the same scenario, seed, processors and options give the same events, byte for
 * byte. Nothing but the arguments is looked at: no clock, no environment, no file.
 *
 * Pools: the nonpaged pool is the event pool `kernel`, the paged pool `shared`, the page file
 * `private`. The sizes of objects are the model's own (kind.c), not those of any real kernel.
 */
#ifndef FORKTALLY_MODEL_H
#define FORKTALLY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"

enum model_pool { MODEL_PAGEFILE, MODEL_NONPAGED, MODEL_PAGED, MODEL_POOLS };
#define MODEL_CPUS_MAX	  64
#define MODEL_STEPS_MAX	  (UINT64_C(1) << 32)
#define MODEL_ERROR_BYTES 320
#define MODEL_UNLIMITED	  INT64_MAX

/* What the kernel does wrong. defect.c has a sentence for each. */
#define DEFECTS(X)                                                                                 \
	X(DEFECT_Q252193, "q252193", "the exit of a forked process returns none of its quotas")    \
	X(DEFECT_TWICE, "returned-twice", "exit returns the handle table's quota twice")           \
	X(DEFECT_WRONG_BLOCK, "wrong-block",                                                       \
	  "exit returns the handle table's quota to the system's block")                           \
	X(DEFECT_FAILED_FORK, "failed-fork", "a fork that fails keeps what it had charged")        \
	X(DEFECT_PARENT_FIRST, "parent-first",                                                     \
	  "what a child's fork was charged is forgotten when the parent ends first")               \
	X(DEFECT_EXIT_RACE, "exit-race",                                                           \
	  "two processors that end a process at once: one return is overwritten")                  \
	X(DEFECT_EXEC, "exec-between", "exec forgets what fork was charged for the old image")     \
	X(DEFECT_PEAK, "peak-not-raised", "what fork charges does not raise the peak")             \
	X(DEFECT_BLOCK_EARLY, "block-freed-early",                                                 \
	  "a quota block is freed with its last process; objects that it paid for live on")        \
	X(DEFECT_THREAD_EXIT, "thread-exit",                                                       \
	  "a thread's exit counts as its process's; what is charged later is not returned")

#define DEFECT_ENUMERATOR(name, word, text) name,
enum defect { DEFECTS(DEFECT_ENUMERATOR) DEFECT_COUNT };
#undef DEFECT_ENUMERATOR

const char *defect_name(enum defect defect); /* "q252193" ... */
const char *defect_text(enum defect defect);
/* Errors: -EINVAL no defect has this name. */
int defect_find(const char *name, enum defect *ret_defect);

/* ---- scenarios --------------------------------------------------------------------------------
 */

struct scenario;

/**
 * scenario_parse() - a script (doc/man/forktally-model.1 has the language).
 * @text: @length bytes, any. @name: for messages and for the places in the report.
 * Errors: -EINVAL, ret_error says file, line and what is wrong; -ENOMEM.
 */
int scenario_parse(const char *name, const char *text, size_t length,
		   struct scenario **ret_scenario, char ret_error[static MODEL_ERROR_BYTES]);
void scenario_free(struct scenario *s);

static inline void scenario_freep(struct scenario **s)
{
	scenario_free(*s);
}

/* One that comes with the program. */
struct builtin {
	const char *name, *summary, *text;
};
const struct builtin *builtin_at(size_t i); /* NULL after the last */
const struct builtin *builtin_find(const char *name);

/* ---- runs -------------------------------------------------------------------------------------
 */

/* What Performance Monitor shows, when the first process of the tree forks and at its end. */
struct model_sample {
	uint64_t forks;		       /* of the tree, by then */
	uint64_t process[MODEL_POOLS]; /* charged to the process: Process, its counters */
	uint64_t block[MODEL_POOLS];   /* charged to the quota block that the family shares */
};

/* What was asked of libforktally, and what it answered: for a test that keeps books of its own. */
enum witness_op {
	WITNESS_BLOCK,	 /* a block was made beneath `other` */
	WITNESS_ACCOUNT, /* an account was made in the block `other` */
	WITNESS_CLOSE,	 /* an account was closed */
	WITNESS_LIMIT,	 /* bytes are the limits of a block */
	WITNESS_CHARGE,	 /* to an account */
	WITNESS_RETURN,
	WITNESS_OBJECT, /* to a block */
	WITNESS_OBJECT_RETURN,
	WITNESS_TRANSFER, /* from an account to the account `other` */
};
struct witness {
	enum witness_op op;
	const void *who, *other; /* struct ft_block or struct ft_account */
	uint64_t bytes[MODEL_POOLS];
	int status; /* enum ft_status */
};

struct kernel;

struct model_options {
	uint64_t seed;
	unsigned cpus;	  /* 1 to MODEL_CPUS_MAX */
	uint32_t defects; /* 1 << enum defect; those that the scenario names come to it */
	bool fixed;	  /* no defect at all, whatever the scenario says */
	uint64_t limit[MODEL_POOLS]; /* of the family's block; 0: as the scenario says */
	uint64_t steps_max;	     /* 0: MODEL_STEPS_MAX */
	const char *command;	     /* for the session's head; NULL: the scenario's name */
	event_fn emit;
	void *emit_ctx;
	void (*sample)(void *ctx, const struct model_sample *sample); /* may be NULL */
	void *sample_ctx;
	/* For tests, each may be NULL: every use of the books, and the end of each step. */
	void (*witness)(void *ctx, const struct witness *w);
	void (*step)(void *ctx, const struct kernel *k);
	void *test_ctx;
};

struct model_result {
	uint64_t steps; /* of system calls */
	uint64_t calls;
	uint64_t forks, failed_forks;
	uint64_t forks_at_failure; /* how many forks had been made when one first failed */
	int failed_pool;	   /* that was full then; -1: none failed */
	uint64_t accounts_left;	   /* process objects deleted with something still charged */
	uint64_t underflows;	   /* returns that the books refused */
	uint64_t end[MODEL_POOLS]; /* charged to the family's block when all was over */
	uint64_t peak[MODEL_POOLS];
	uint64_t limit[MODEL_POOLS];
	int status;   /* of the first process, as from wait(2) */
	bool stopped; /* steps_max was reached, or nothing could go on: it was killed */
};

/**
 * model_run() - run a scenario to its end, with all events.
 * Errors: -ENOMEM; -EINVAL options; what emit returned.
 */
int model_run(const struct scenario *s, const struct model_options *opts,
	      struct model_result *ret_result);

/* ---- a recorded session through the model -----------------------------------------------------
 */

struct model_rerun;

/**
 * model_rerun_*() - the forks, threads, execs, exits and waits of a real session, in their order,
 * done by the simulated kernel: what would it have kept?
 * _new() begins, _apply() takes each event of the session, _end() ends and emits the rest.
 * Processes that were there before the session or whose fork was not seen become children of the
 * first one. A fork that the limits refuse leaves out the child and all it did.
 * Errors: as of model_run().
 */
int model_rerun_new(const struct model_options *opts, struct model_rerun **ret_rerun);
int model_rerun_apply(struct model_rerun *r, const struct event *ev);
int model_rerun_end(struct model_rerun *r, struct model_result *ret_result);
void model_rerun_free(struct model_rerun *r);

static inline void model_rerun_freep(struct model_rerun **r)
{
	model_rerun_free(*r);
}

#endif
