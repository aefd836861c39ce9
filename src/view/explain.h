/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain.h - one process of a census, looked at closely: every kind it holds, with whom it shares
 * them, its largest descriptors, its children, and in plain sentences what it holds, what is
 * unusual beside its siblings, and what to do. Pure; knows no format.
 */
#ifndef FORKTALLY_EXPLAIN_H
#define FORKTALLY_EXPLAIN_H

#include "census/file.h"
#include "view/census_view.h"

struct explain_sharer {
	uint32_t process; /* index in the census */
	uint64_t count;	  /* objects that both hold */
};

struct explain_kind {
	enum census_kind kind;
	uint32_t count, shared;
	struct amount bytes, divided;  /* in full; its share */
	struct explain_sharer *sharer; /* most first */
	uint32_t sharers;
};

struct explain_file {
	const struct census_file *file;
	int64_t bytes;	   /* kernel, queued, memory, as far as known */
	const char *words; /* "pipe, written by sh (12)", "deleted file /tmp/x" */
};

enum explain_part { EXPLAIN_HOLDS, EXPLAIN_UNUSUAL, EXPLAIN_TO_DO, EXPLAIN_NOT_SEEN };

struct explain_sentence {
	enum explain_part part;
	const char *text;
};

struct explain {
	const struct census *census;
	struct census_row row; /* user, command and cgroup are named */
	struct explain_kind
	    *kind; /* largest share first; kinds of which it has none are not here */
	size_t kind_count;
	const struct census_files *files;
	struct explain_file *file; /* largest first */
	size_t file_count;
	uint32_t *child; /* indices: zombies first, then by pid */
	size_t child_count;
	uint32_t
	    siblings; /* of the same name, and of the same parent where there are two of these */
	bool same_parent;
	struct explain_sentence *sentence;
	size_t sentence_count;
	struct view_arena *arena; /* owns all of the above */
};

/**
 * explain_new() - make it.
 * @process: index in the census.
 * @files:   borrowed for as long as the result lives, as the census is.
 * @names:   borrowed for the call; its strings as long as the result lives.
 * Errors:   0 or -ENOMEM.
 */
int explain_new(const struct census *c, uint32_t process, const struct census_files *files,
		const struct census_names *names, struct explain **ret_explain);
void explain_free(struct explain *e);

/* The sentences; src/view alone. */
void explain_say(struct explain *e);

/* "nginx (pid 12)"; in the arena. */
const char *explain_name(struct explain *e, uint32_t process);

#endif
