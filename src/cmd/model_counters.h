/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * model_counters.h - what Performance Monitor would have shown of a simulated run, as a table and
 * as a plot for the terminal.
 */
#ifndef FORKTALLY_MODEL_COUNTERS_H
#define FORKTALLY_MODEL_COUNTERS_H

#include <stdbool.h>
#include <stdio.h>
#include "source/model/model.h"

#define COUNTERS_MAX 512

/* Samples over a run: every n-th fork, and the last one. Bounded, n doubles as they come. */
struct counters {
	struct model_sample at[COUNTERS_MAX + 1];
	uint32_t count;
	uint64_t stride, seen;
};

/* As model_options.sample; ctx is a zeroed struct counters. */
void counters_add(void *ctx, const struct model_sample *sample);

struct counters_look {
	bool utf8, colour;
	unsigned width;
};

/* One run. Errors are those of the stream. */
void counters_print(FILE *f, const struct counters *c);
/* Two runs, side by side; and how the nonpaged pool went, as a plot. */
void counters_print_both(FILE *f, const struct counters *bad, const struct counters *good);
void counters_plot(FILE *f, const struct counters *bad, const struct counters *good,
		   const struct counters_look *look);

#endif
