/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* faces.h - the reports beside the report: --junit, --sarif, --folded, each to a file of its own.
 */
#ifndef FORKTALLY_FACES_H
#define FORKTALLY_FACES_H

#include <stddef.h>
#include "cmd/run_options.h"

struct view;
struct face;

#define FACES_MAX 3

struct faces {
	struct {
		const struct face *face;
		const char *path; /* borrowed */
		int fd;
	} at[FACES_MAX];
	size_t count;
};

/**
 * faces_open() - open the files that the options name.
 * @taken: @taken_count files that must not be the same ones; -1 is none. With FACES_MAX more
 *         they are OUTPUT_TAKEN_MAX at most.
 * Returns 0, or an exit status after it has said what is wrong.
 */
int faces_open(const struct report_options *options, const int *taken, size_t taken_count,
	       struct faces *ret_faces);

/* Writes and closes all of them. Returns 0, or an exit status after it has said what is wrong. */
int faces_write(struct faces *faces, const struct view *view);

/* Closes what is open. */
void faces_close(struct faces *faces);

#endif
