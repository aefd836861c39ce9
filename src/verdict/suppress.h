/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * suppress.h - residues that are known and accepted. Pure: lines of text in, no I/O.
 *
 * The text has the form of valgrind's suppressions, with "cause" in the place of its tool:
 *
 *     # a comment
 *     {
 *        the name, any words
 *        cause:fd.*
 *        comm:server
 *        fun:open_session
 *        ...
 *        obj:libworker.so.*
 *        src:main.c:210
 *     }
 *
 * The line behind the name is the cause. A comm line may follow, and then the stack in which it
 * was taken, innermost frame first, a line for each frame; "..." stands for any number of
 * frames, frames behind the last line may be any. '*' stands for any characters, '?' for one.
 * Blocks of valgrind's own tools are skipped: one file can serve both.
 *
 * The form, and what differs from valgrind: doc/decision/0031-suppressions.md.
 */
#ifndef FORKTALLY_VERDICT_SUPPRESS_H
#define FORKTALLY_VERDICT_SUPPRESS_H

#include <stddef.h>
#include <stdint.h>
#include "event/amount.h"

struct ledger;
struct verdict;
struct suppressions;

#define SUPPRESS_ERROR_BYTES 160

struct suppression {
	const char *name;
	const char *file;    /* where it stands */
	uint64_t line;	     /* of its opening brace */
	uint64_t used;	     /* findings that it has suppressed */
	struct amount bytes; /* of those */
};

/* Errors: 0 or -ENOMEM. */
int suppressions_new(struct suppressions **ret_list);
void suppressions_free(struct suppressions *list);

/**
 * suppressions_line() - take the next line of a file.
 * @file: its name, copied. @line: its number, from 1.
 * @text: @size bytes without the newline, a NUL behind them.
 * Errors: 0; -ENOMEM; -EINVAL with one printable line in ret_error, which is about this line.
 *         After an error nothing more may be added.
 */
int suppressions_line(struct suppressions *list, const char *file, uint64_t line, const char *text,
		      size_t size, char ret_error[SUPPRESS_ERROR_BYTES]);

/* The file has ended. Errors: -EINVAL when it did so within a block. */
int suppressions_end(struct suppressions *list, char ret_error[SUPPRESS_ERROR_BYTES]);

/* In the order of the files. NULL behind the last. */
const struct suppression *suppressions_at(const struct suppressions *list, size_t i);

/**
 * verdict_suppress() - set the findings aside that one of the list matches, and judge anew.
 * @list: borrowed, must outlive the verdict. The first one that matches is the one that is used.
 * Errors: 0 or -ENOMEM, verdict unchanged.
 */
int verdict_suppress(struct verdict *v, const struct ledger *led, struct suppressions *list);

#endif
