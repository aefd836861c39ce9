/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* model_options.h - what "model" was asked to do. Pure: looks at nothing but the words. */
#ifndef FORKTALLY_MODEL_OPTIONS_H
#define FORKTALLY_MODEL_OPTIONS_H

#include "cmd/run_options.h"
#include "source/model/model.h"

struct model_cmd_options {
	struct report_options report;
	uint64_t seed, cpus;
	struct option_texts defect_names, limits;
	bool fixed, compare, list, help;
	const char *record_path;
	const char *from_path; /* of a session; NULL: a scenario */
	const char *scenario;  /* a file or a built-in one; NULL with from_path, list or help */
	uint32_t defects;      /* from defect_names */
	uint64_t limit[MODEL_POOLS]; /* from limits; 0: none given */
};

extern const struct option_spec model_option_specs[];

/* Errors: -EINVAL with one line in ret_error. */
int model_options_parse(int argc, char *const argv[], struct model_cmd_options *ret_options,
			char ret_error[static OPTIONS_ERROR_BYTES]);

/* "nonpaged" ..., as --limit and scripts call them; by enum ft_pool. */
extern const char *const model_pool_names[MODEL_POOLS];

#endif
