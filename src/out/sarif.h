/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sarif.h - the findings for code scanning: SARIF 2.1.0, and what GitHub asks for beyond it.
 *
 * One run: a rule for each cause, a result for each finding, a notification for each reason
 * why it is inconclusive and for what was not seen. What is suppressed is no result: GitHub would
 * show it as an open alert all the same. As the other reports it holds no date, host or version.
 */
#ifndef FORKTALLY_SARIF_H
#define FORKTALLY_SARIF_H

#include <stdio.h>
#include "view/view.h"

/**
 * sarif_write() - print and flush.
 * @root: absolute; files below it are named relative to it, others by file: URIs. NULL: none.
 * Errors: 0; -ENOMEM, nothing written; -errno of the write; -EIO where the C library does not
 *         say why.
 */
int sarif_write(FILE *f, const struct view *view, const char *root);

#endif
