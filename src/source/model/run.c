/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include "source/model/script.h"

int model_run(const struct scenario *s, const struct model_options *opts,
	      struct model_result *ret_result)
{
	struct kernel *k = calloc(1, sizeof(*k));
	int err;

	if (!k)
		return -ENOMEM;
	err = kernel_init(k, opts, s, s->count + 1);
	if (!err) {
		emit_head(k);
		process_first(k, "model");
		if (!k->error)
			(void)task_new(k, k->first, 0);
		scheduler_run(k);
		audit(k);
		err = k->error;
		*ret_result = k->result;
	}
	kernel_done(k);
	free(k);
	return err;
}
