/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * script.h - a scenario as a program: one operation after the other, blocks as jumps.
 */
#ifndef FORKTALLY_MODEL_SCRIPT_H
#define FORKTALLY_MODEL_SCRIPT_H

#include "source/model/kernel.h"

enum op_code {
	OP_REPEAT, /* number; jump behind the end */
	OP_AGAIN,  /* end of repeat; jump to its first operation */
	OP_FORK,   /* jump: where the parent goes on */
	OP_FORK_END,
	OP_THREAD,
	OP_THREAD_END,
	OP_EXEC,
	OP_EXIT,
	OP_WAIT,
	OP_ALLOC,
	OP_FREE,
	OP_PIPE,
	OP_OPEN,
	OP_SOCKET,
	OP_CLOSE,
	OP_SHM,
	OP_SHM_REMOVE,
	OP_SETSID,
	OP_SIGNAL,
	OP_SIGWAIT,
	OP_KILL,
	OP_PAUSE,
	OP_SLEEP,
	OP_CODES
};

struct op {
	enum op_code code;
	uint32_t line;
	uint32_t jump;
	uint32_t name; /* in scenario.names */
	uint64_t number;
	bool forever; /* repeat */
	bool tries;   /* it may fail, the process goes on */
	bool vfork, own, all;
};

struct scenario {
	char *name;
	struct op *ops; /* the last one is OP_EXIT */
	uint32_t count, room;
	char **names;
	uint32_t name_count, name_room;
	uint32_t defects;
	uint64_t limit[MODEL_POOLS]; /* 0: none */
	char **frames;		     /* of each operation, for FRAME events */
};

/* All take NULL for "no scenario". */
const char *script_name(const struct scenario *s);
uint64_t script_limit(const struct scenario *s, unsigned pool);
uint32_t script_defects(const struct scenario *s);

/* An operation's take is its index + 1. */
struct script_place {
	const char *syscall, *frame;
	uint32_t line;
};
struct script_place script_place(const struct scenario *s, uint32_t take);

#endif
