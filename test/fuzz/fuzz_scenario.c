/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever script is given, the parser says in one line why not, or the
 * simulated kernel runs it for a while, and nothing of it is left.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const struct event *ev)
{
	uint64_t *last = ctx;

	if (ev->type <= EVENT_NONE || ev->type >= EVENT_TYPES || ev->time_ns < *last)
		abort();
	*last = ev->time_ns;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[MODEL_ERROR_BYTES] = "";
	struct scenario *s = NULL;
	struct model_result result;
	uint64_t last = 0;
	int err = scenario_parse("fuzz", (const char *)data, size, &s, error);

	if (err == -EINVAL) {
		if (!*error || strchr(error, '\n'))
			abort();
		return 0;
	}
	if (err)
		abort();
	err = model_run(s,
			&(struct model_options){.seed = size,
						.cpus = 1 + size % 4,
						.limit = {1 << 24, 1 << 20, 1 << 20},
						.steps_max = 2000,
						.emit = take,
						.emit_ctx = &last},
			&result);
	if (err && err != -ERANGE)
		abort();
	scenario_free(s);
	return 0;
}
