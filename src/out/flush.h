/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* flush.h - a finished report leaves in one piece, and a full disk is noticed. */
#ifndef FORKTALLY_FLUSH_H
#define FORKTALLY_FLUSH_H

#include <stddef.h>
#include <stdio.h>

/* Writes and flushes. Returns 0, -errno, or -EIO where the C library gives no errno. */
int flush_report(FILE *f, const char *report, size_t len);

/* The same for what was printed to @f already. */
int flush_end(FILE *f);

#endif
