/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * observation.h - what "run" and "attach" share: a source that watches a tree of processes, the
 * books, the recording and the report. In this order: prepare, open, until, settle, report, done.
 * Those that return an exit status have said what is wrong; 0 is none.
 */
#ifndef FORKTALLY_OBSERVATION_H
#define FORKTALLY_OBSERVATION_H

#include <stdbool.h>
#include <stdint.h>
#include "cmd/report.h"
#include "cmd/run_options.h"
#include "cmd/session.h"
#include "cmd/signals.h"
#include "source/launch.h"
#include "source/source.h"

struct blocks;

struct observation {
	const struct run_options *options; /* borrowed */
	char *command_line;		   /* owned */
	struct launch launch;		   /* attached: filled in before observation_open() */
	struct signals signals;		   /* fd -1: observation_open() opens it */
	struct session session;
	struct blocks *blocks; /* NULL: no allocator hook */
	struct report report;
	struct source *source;
	uint64_t deadline_ns; /* observation_until() looks up in time for it; 0: none */
	bool progress_shown;
};

/* @command_line: taken over; NULL is out of memory. */
#define OBSERVATION_OF(options_, command_line_)                                                    \
	((struct observation){.options = (options_),                                               \
			      .command_line = (command_line_),                                     \
			      .signals.fd = -1,                                                    \
			      .report.fd = -1})

uint64_t observation_now_ns(void); /* CLOCK_MONOTONIC */

/* Everything that can fail before a process is touched: files. Returns an exit status. */
int observation_prepare(struct observation *o);

/* Launches the command, or not, and opens the source that was asked for, or the best one. Returns
 * an exit status. */
int observation_open(struct observation *o);

/**
 * observation_until() - until the tree's root has ended, or keep_on() says no.
 * @keep_on: asked after each look, with the time of now.
 * Returns 1 it still runs, 0 it has ended, -errno of the source.
 */
int observation_until(struct observation *o,
		      bool (*keep_on)(struct observation *o, uint64_t now_ns));

/*
 * What comes back late, and the end of the session; after signals_command_ended(). @err: what
 * happened before. Returns an exit status.
 */
int observation_settle(struct observation *o, int interrupted, int err);

/* Nothing of the observation is left in the system afterwards. */
void observation_close(struct observation *o);

/* Returns the exit status of it all. */
int observation_report(struct observation *o);

void observation_done(struct observation *o);

#endif
