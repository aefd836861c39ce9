/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sarif.h - the findings for code scanning: SARIF 2.1.0, and what GitHub asks for beyond it.
 *
 * One run: a rule for each cause, a result for each finding, a notification for each reason
 * why it is inconclusive and for what was not seen. What is suppressed is no result: GitHub would
 * show it as an open alert all the same. As the other reports it holds no date and no host.
 */
#ifndef FORKTALLY_SARIF_H
#define FORKTALLY_SARIF_H

#include <stdio.h>
#include "view/view.h"

struct sarif_options {
	const char *root;    /* absolute; files below it are named relative to it; NULL: none */
	const char *version; /* of forktally, like "1.2.3" */
};

/**
 * sarif_write() - print and flush.
 * Errors: 0; -ENOMEM, nothing written; -errno of the write; -EIO where the C library does not
 *         say why.
 */
int sarif_write(FILE *f, const struct view *view, const struct sarif_options *opts);

#endif
