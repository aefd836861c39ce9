/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census.h - a census as a table for people, as JSON and as CSV. All take names, heads and values
 * from the field table (view/census_field.h).
 *
 * Errors of all: 0, -ENOMEM, -errno of the write.
 */
#ifndef FORKTALLY_OUT_CENSUS_H
#define FORKTALLY_OUT_CENSUS_H

#include <stdbool.h>
#include <stdio.h>
#include "view/census_view.h"

/* What is said beside the rows. */
struct census_print {
	const struct census_view *view;
	const struct census_columns *columns;
	const char *const *notes; /* what was not seen, and how to get it */
	size_t note_count;
	/* Of the text alone: */
	unsigned width; /* columns; 0: lines are as long as they are */
	bool colour, utf8, exact, tree;
};

int census_text_write(FILE *f, const struct census_print *print);

/* One object: schema_version, source, complete, took_seconds, processes, sum, machine, notes. */
int census_json_write(FILE *f, const struct census_print *print);

/*
 * RFC 4180 but for its line ends: a row of names, then the rows. Bytes and seconds are plain
 * numbers, what is unknown is empty; the last two columns name fields that are lower bounds and
 * estimates.
 */
int census_csv_write(FILE *f, const struct census_print *print);

/* The second book of cgroups (census/check.h). */
struct census_check;
struct census_checked {
	const char *cgroup; /* its path; NULL: the machine */
	const struct census_check *check;
};
int census_check_text_write(FILE *f, const struct census_checked *checked, size_t count,
			    const struct census_print *look);
int census_check_json_write(FILE *f, const struct census_checked *checked, size_t count);

#endif
