/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/model_options.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "base/number.h"
#include "cmd/cmd.h"

const char *const model_pool_names[MODEL_POOLS] = {"pagefile", "nonpaged", "paged"};

/* clang-format off */
const struct option_spec model_option_specs[] = {
	{.name = "fixed", .kind = OPTION_FLAG, .offset = offsetof(struct model_cmd_options, fixed),
	 .help = "the kernel without any defect"},
	{.name = "compare", .kind = OPTION_FLAG, .offset = offsetof(struct model_cmd_options, compare),
	 .help = "with its defects and fixed, side by side, with a plot"},
	{.name = "defect", .kind = OPTION_TEXTS, .value = "NAME",
	 .offset = offsetof(struct model_cmd_options, defect_names),
	 .help = "what the kernel does wrong, beside what the scenario\n"
		 "says; may be given again"},
	{.name = "cpus", .kind = OPTION_NUMBER, .value = "N", .min = 1, .max = MODEL_CPUS_MAX,
	 .offset = offsetof(struct model_cmd_options, cpus),
	 .help = "simulated processors (default 1)"},
	{.name = "seed", .kind = OPTION_NUMBER, .value = "N", .min = 0, .max = UINT64_MAX,
	 .offset = offsetof(struct model_cmd_options, seed),
	 .help = "who runs when (default 1); the same seed gives the\n"
		 "same run"},
	{.name = "limit", .kind = OPTION_TEXTS, .value = "POOL=SIZE",
	 .offset = offsetof(struct model_cmd_options, limits),
	 .help = "of the family's quota block, for pagefile, nonpaged\n"
		 "or paged (K, M, G: times 1024); may be given again"},
	{.name = "from", .kind = OPTION_TEXT, .value = "FILE",
	 .offset = offsetof(struct model_cmd_options, from_path),
	 .help = "instead of a scenario: the forks, execs and exits of\n"
		 "a session that 'forktally run --record' kept; with\n"
		 "the defect q252193 unless --defect or --fixed"},
	{.name = "list", .kind = OPTION_FLAG, .offset = offsetof(struct model_cmd_options, list),
	 .help = "the scenarios and defects that there are"},
	{.name = "record", .kind = OPTION_TEXT, .value = "FILE",
	 .offset = offsetof(struct model_cmd_options, record_path),
	 .help = "keep the session for 'forktally replay'"},
	REPORT_OPTIONS(model_cmd_options),
	{.name = "help", .letter = 'h', .kind = OPTION_FLAG,
	 .offset = offsetof(struct model_cmd_options, help), .help = "this text"},
	{.name = NULL},
};
/* clang-format on */

__attribute__((format(printf, 2, 3))) static int refuse(char error[static OPTIONS_ERROR_BYTES],
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, OPTIONS_ERROR_BYTES, format, args);
	va_end(args);
	return -EINVAL;
}

static int read_limit(const char *text, uint64_t limit[MODEL_POOLS],
		      char error[static OPTIONS_ERROR_BYTES])
{
	for (int i = 0; i < MODEL_POOLS; i++) {
		size_t n = strlen(model_pool_names[i]);

		if (strncmp(text, model_pool_names[i], n) || text[n] != '=')
			continue;
		if (number_parse(text + n + 1, 1, INT64_MAX / 2, &limit[i]))
			return refuse(error,
				      "--limit: '%.40s' is no size; write digits, perhaps "
				      "with K, M or G",
				      text + n + 1);
		return 0;
	}
	return refuse(error,
		      "--limit: '%.40s' names no pool; like nonpaged=4M, for pagefile, "
		      "nonpaged or paged",
		      text);
}

static int read_words(struct model_cmd_options *o, char error[static OPTIONS_ERROR_BYTES])
{
	enum defect defect;
	int err;

	for (size_t i = 0; i < o->defect_names.count; i++) {
		if (defect_find(o->defect_names.at[i], &defect))
			return refuse(error,
				      "--defect: this kernel has no defect '%.40s'; "
				      "'forktally model --list' has them all",
				      o->defect_names.at[i]);
		o->defects |= UINT32_C(1) << defect;
	}
	for (size_t i = 0; i < o->limits.count; i++) {
		err = read_limit(o->limits.at[i], o->limit, error);
		if (err)
			return err;
	}
	if (o->fixed && o->defects)
		return refuse(error, "--fixed and --defect contradict each other");
	if (o->fixed && o->compare)
		return refuse(error, "--compare shows the fixed kernel beside the other: leave out "
				     "--fixed");
	if (o->compare && o->record_path)
		return refuse(error, "--compare has two runs: record one of them without it");
	if (o->from_path && o->scenario)
		return refuse(error, "either a scenario or --from");
	return 0;
}

int model_options_parse(int argc, char *const argv[], struct model_cmd_options *ret_options,
			char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct model_cmd_options options = {
	    .report.error_exitcode = STATUS_LEAK, .seed = 1, .cpus = 1};
	int err = options_parse_around(model_option_specs, argc, argv, &options, &options.scenario,
				       "one scenario at a time", ret_error);

	if (!err)
		err = read_words(&options, ret_error);
	if (err)
		return err;
	if (options.from_path && !options.defects && !options.fixed)
		options.defects = UINT32_C(1) << DEFECT_Q252193;
	if (!options.from_path && !options.scenario)
		options.scenario = "q252193";
	*ret_options = options;
	return 0;
}
