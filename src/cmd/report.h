/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * report.h - the end of "run" and "replay": books, verdict, report, exit status. Both go through
 * here, so the same events give the same bytes and the same status.
 */
#ifndef FORKTALLY_REPORT_H
#define FORKTALLY_REPORT_H

#include "cmd/faces.h"
#include "cmd/run_options.h"

struct ledger;
struct suppressions;

struct report {
	const struct report_options *options; /* borrowed */
	int fd;				      /* -1: stderr */
	struct faces faces;
	struct suppressions *suppressions; /* NULL: none were asked for */
};

/**
 * report_open() - before the work begins: read the suppressions, open the files that -o and the
 * options for other faces name.
 * @other_fd: a file that must not be overwritten: the recording. -1: none.
 * Returns 0, or an exit status after it has said what is wrong.
 */
int report_open(const struct report_options *options, int other_fd, struct report *ret_report);

/**
 * report_write() - judge, print, close.
 * @ledger: has seen all of its events.
 * Returns the exit status: the command's own, or what the verdict or an error makes of it. A
 * report that could not be written where it should go is an error, and is shown on stderr.
 */
int report_write(struct report *report, const struct ledger *ledger);

/* Closes without a report. */
void report_close(struct report *report);

#endif
