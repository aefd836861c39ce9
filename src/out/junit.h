/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * junit.h - the run as a suite of tests, as Jenkins and GitLab read it. The first test is the
 * verdict: it fails with a leak, is an error where inconclusive, and has the whole text report
 * as its output. Each finding is a test that fails with its block of the report; what is
 * suppressed is a test that was skipped. Names are the same in the next run: no pid, no number.
 */
#ifndef FORKTALLY_JUNIT_H
#define FORKTALLY_JUNIT_H

#include <stdio.h>
#include "view/view.h"

/**
 * junit_write() - print the document and flush.
 * Errors: 0; -ENOMEM; -errno of the write; -EIO where the C library does not say why.
 */
int junit_write(FILE *f, const struct view *view);

#endif
