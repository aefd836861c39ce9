/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rule.h - the one table of causes (catalogue.c): how each is recognised, what a person would count
 * of it, and what to say. A new cause is a new row.
 *
 * A residue is recognised by the first of these that says something: its kind; the kind of thing
 * that the source knows it is part of; the system call under which it was taken, or the name of a
 * function in the call stack where that is not known; its tag; another residue of the same take
 * and holder that is known. Within each the rows are tried in order.
 */
#ifndef FORKTALLY_VERDICT_RULE_H
#define FORKTALLY_VERDICT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include "ledger/ledger.h"
#include "verdict/verdict.h"

#define RULE_NAMES 12

enum rule_role {
	RULE_CAUSE,
	RULE_FORK,   /* what a fork itself takes: part of "zombie" if there is one */
	RULE_MEMORY, /* what mapped memory needs: part of "heap" if there is one */
	RULE_REST,   /* recognised by nothing: part of a cause that is there, if small */
};

struct rule {
	const char *cause;
	enum pool pool;	  /* where its bytes count */
	enum where where; /* where it is found as a rule; what was seen counts */
	enum rule_role role;
	enum thing thing; /* a source that looks at the objects themselves says this */
	const char *syscalls[RULE_NAMES]; /* also looked for among function names */
	const char *tags[RULE_NAMES];	  /* "fd." stands for all that begin so */
	const char *counts[RULE_NAMES];	  /* tag with one object a thing; the first that is there */
	unsigned int
	    divide; /* with counts[] not there: objects of the commonest tag a thing; 0: 1 */
	const char *within; /* what waits inside of things of these causes, where those grow too */
	const char *parts;  /* the kernel objects that make it up, for people */
	const char *hint;
};

/* By what is known of the residue itself; NULL: nothing is. */
const struct rule *rule_of(const struct ledger *led, const struct ledger_residue *r);
const struct rule *rule_named(const char *cause);
const struct rule *rule_of_thing(enum thing thing); /* NULL: THING_NONE */
/*
 * Is this residue what @rule counts, and how well (0: best, the bodies of its things)?
 * RULE_NAMES: it is not.
 */
size_t rule_counts(const struct rule *rule, const struct ledger_residue *r);
/* The table, for those that check or print it. NULL after the last. */
const struct rule *rule_at(size_t i);

#endif
