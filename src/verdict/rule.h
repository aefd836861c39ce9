/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rule.h - the one table of causes: how each is recognised, what a person would count of it, and
 * what to say. A new cause is a new row.
 *
 * A residue is recognised by the first of these that matches: its kind; the system call under
 * which it was taken; the name of a function in the call stack, where the system call is not
 * known; its tag. Within each the rows are tried in order.
 */
#ifndef FORKTALLY_VERDICT_RULE_H
#define FORKTALLY_VERDICT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include "ledger/ledger.h"

#define RULE_NAMES 12

enum rule_role {
	RULE_CAUSE,
	RULE_FORK,   /* what a fork itself takes: part of "zombie" if there is one */
	RULE_MEMORY, /* what mapped memory needs: part of "heap" if there is one */
	RULE_REST,   /* recognised by nothing: part of a cause that is there, if small */
};

struct rule {
	const char *cause;
	enum rule_role role;
	enum pool pool;			  /* where its bytes count */
	const char *syscalls[RULE_NAMES]; /* also looked for among function names */
	const char *tags[RULE_NAMES];	  /* "fd.socket." stands for all that begin so */
	const char *counts[RULE_NAMES];	  /* tag with one object a thing; the first that is there */
	unsigned int
	    divide; /* with counts[] not there: objects of the commonest tag a thing; 0: 1 */
	const char *hint;
};

const struct rule *rule_of(const struct ledger *led, const struct ledger_residue *r);
const struct rule *rule_named(const char *cause);
/* Is @tag what @rule counts, and how well (0: best)? RULE_NAMES: it is not. */
size_t rule_counts(const struct rule *rule, const char *tag);
/* The table, for those that check or print it. NULL after the last. */
const struct rule *rule_at(size_t i);

#endif
