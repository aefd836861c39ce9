/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * build.h - makes a snapshot from records, in whatever order they come.
 *
 *	build_open, then build_process and build_hold for each record, then build_finish,
 *build_close
 *
 * A process that comes twice counts once: of two with one tgid the later start time holds, and
 * the later record. A hold of one process, object and kind that comes twice, with no other
 * process's between, counts once. Holds of a process that never comes do not count.
 *
 * Processes with the same mm or table of files divide what their records say of it.
 */
#ifndef FORKTALLY_CENSUS_BUILD_H
#define FORKTALLY_CENSUS_BUILD_H

#include "census/census.h"

struct build;

int build_open(enum census_depth depth, enum event_source source, struct build **ret_build);
void build_close(struct build *b);

/* Takes a copy; of a summary r->cell is not read. 0 or -ENOMEM. */
int build_process(struct build *b, const struct census_record *r);

/* It may come before its process. 0 or -ENOMEM. */
int build_hold(struct build *b, const struct census_hold *h);

/* Processes, or what they hold, never came: sums over all are lower bounds. Before build_finish().
 */
void build_missing(struct build *b);

/* There are processes outside of the pid namespace: of what nobody holds nothing is known. */
void build_outside(struct build *b);

/**
 * build_finish() - divide, and sum.
 * @machine: copied in; NULL: unknown.
 * @ret_census: census_free() it.
 */
int build_finish(struct build *b, const struct census_machine *machine, struct census **ret_census);

#endif
