/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_view.h - which processes of a census are shown, in which order, as a list or as a tree;
 * and each field of a row as a person reads it. Knows no terminal and no format: `forktally ps`
 * prints it.
 *
 * Names come from the caller, who can ask the system. Pure.
 */
#ifndef FORKTALLY_CENSUS_VIEW_H
#define FORKTALLY_CENSUS_VIEW_H

#include <stdbool.h>
#include "census/census.h"
#include "view/census_field.h"

/* Who knows the names. Each returns a string that lives as long as ctx; "" unknown. */
struct census_names {
	void *ctx;
	const char *(*user)(void *ctx, uint32_t uid);
	const char *(*command)(void *ctx, const struct census_process *p);
	const char *(*cgroup)(void *ctx, const struct census_process *p);
};

struct census_row;

struct census_query {
	const uint32_t *pids; /* only these, kernel threads too; NULL: all */
	size_t pid_count;
	bool kernel_threads;
	bool by_user;
	uint32_t uid;
	const char *cgroup; /* this control group and those below it; NULL: any */
	enum census_field_id sort;
	bool reverse; /* against the field's own direction */
	bool tree;
	uint32_t top; /* at most so many rows; 0: all. Not with a tree */
	/* What the table of fields does not know; each may be NULL. A row is named before it is
	 * asked. */
	bool (*keep)(void *ctx, const struct census_row *row);
	int (*order)(void *ctx, const struct census_row *a,
		     const struct census_row *b); /* as strcmp(3); in place of sort */
	void *ctx;
};

struct census_row {
	const struct census *census;
	const struct census_process *process;
	const char *user, *command, *cgroup; /* "" unknown, or in none of the columns */
	/* In a tree: */
	uint32_t up; /* row of its parent, CENSUS_NONE: it begins a tree */
	uint32_t level;
	bool last; /* no sibling follows */
};

struct census_view {
	const struct census *census; /* borrowed */
	struct census_row *row;
	uint32_t count;
	struct census_sum sum;	 /* of those that pass the filter, also those behind `top` */
	uint32_t kernel_threads; /* that the filter would let pass but are not shown */
	uint32_t beyond_top;
};

/**
 * census_view_make() - choose, name and sort.
 * @columns: what will be shown: other names are not asked for.
 * @names: borrowed for the call; its strings must live as long as the view.
 * Errors: 0 or -ENOMEM.
 */
int census_view_make(const struct census *c, const struct census_query *query,
		     const struct census_columns *columns, const struct census_names *names,
		     struct census_view *ret_view);
void census_view_done(struct census_view *view);

/* Is the group @of itself, or below it? Both as names_cgroup() has them. */
bool census_cgroup_below(const char *cgroup, const char *of);

/* The depth that a census must have for these columns and this order. */
enum census_depth census_view_depth(const struct census_columns *columns,
				    const struct census_query *query);

#define CENSUS_CELL_BYTES 48 /* room for the longest that is no text */

/**
 * census_cell() - a value for people: "12.3M", "~4.0K", "1,234", "3d04h", "?".
 * @exact: every byte: "12,884,901".
 * A text is not copied: the result is the text itself, which may hold any bytes.
 */
const char *census_cell(enum census_field_id id, const struct census_row *row, bool exact,
			char buf[CENSUS_CELL_BYTES]);

/**
 * census_branch() - what stands before the command of a row in a tree: " |  `- ".
 * @utf8: with box drawing.
 * @ret_columns: its width.
 * Returns a string to free(), or NULL when out of memory.
 */
char *census_branch(const struct census_view *view, uint32_t row, bool utf8, size_t *ret_columns);

#endif
