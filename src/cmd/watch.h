/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h - what "run" and "attach" share: a source that watches a tree of processes, the books,
 * the recording and the report. In this order: prepare, open, until, settle, report, done.
 * Those that return an exit status have said what is wrong; 0 is none.
 */
#ifndef FORKTALLY_WATCH_H
#define FORKTALLY_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "cmd/report.h"
#include "cmd/run_options.h"
#include "cmd/session.h"
#include "cmd/signals.h"
#include "source/launch.h"
#include "source/source.h"

struct blocks;

struct watch {
	const struct run_options *options; /* borrowed */
	char *command_line;		   /* owned */
	struct launch launch;		   /* attached: filled in before watch_open() */
	struct signals signals;		   /* fd -1: watch_open() opens it */
	struct session session;
	struct blocks *blocks; /* NULL: no allocator hook */
	struct report report;
	struct source *source;
	uint64_t deadline_ns; /* watch_until() looks up in time for it; 0: none */
	bool progress_shown;
};

/* @command_line: taken over; NULL is out of memory. */
#define WATCH_OF(options_, command_line_)                                                          \
	((struct watch){.options = (options_),                                                     \
			.command_line = (command_line_),                                           \
			.signals.fd = -1,                                                          \
			.report.fd = -1})

uint64_t watch_now_ns(void); /* CLOCK_MONOTONIC */

/* Everything that can fail before a process is touched: files. Returns an exit status. */
int watch_prepare(struct watch *w);

/* Launches the command, or not, and opens the source that was asked for, or the best one. Returns
 * an exit status. */
int watch_open(struct watch *w);

/**
 * watch_until() - until the tree's root has ended, or keep_on() says no.
 * @keep_on: asked after each look, with the time of now.
 * Returns 1 it still runs, 0 it has ended, -errno of the source.
 */
int watch_until(struct watch *w, bool (*keep_on)(struct watch *w, uint64_t now_ns));

/*
 * What comes back late, and the end of the session; after signals_command_ended(). @err: what happened
 * before. Returns an exit status.
 */
int watch_settle(struct watch *w, int interrupted, int err);

/* Nothing of the observation is left in the system afterwards. */
void watch_close(struct watch *w);

/* Returns the exit status of it all. */
int watch_report(struct watch *w);

void watch_done(struct watch *w);

#endif
