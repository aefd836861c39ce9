/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "census/carry.h"

#include <stdlib.h>
#include <string.h>
#include "census/sum.h"

int census_carry(struct census *c, const struct census *all)
{
	struct census_machine machine = c->machine;
	int err;

	for (uint32_t i = 0; i < c->count; i++) {
		struct census_process *p = &c->process[i];
		uint32_t then = census_find(all, p->tgid, p->start_ns);

		p->parent = CENSUS_NONE;
		p->zombies = 0;
		if (then == CENSUS_NONE)
			continue;
		p->kernel = all->process[then].kernel;
		p->kernel_undivided = all->process[then].kernel_undivided;
		p->shared = all->process[then].shared;
		p->shared_undivided = all->process[then].shared_undivided;
		p->uncharged_bytes = all->process[then].uncharged_bytes;
		p->part = all->process[then].part;
	}
	for (int by = 0; by < CENSUS_BYS; by++) {
		free(c->group[by]);
		c->group[by] = NULL;
		c->group_count[by] = 0;
	}
	c->all = (struct census_sum){.processes = 0};
	err = sum_finish(c, &machine);
	if (err)
		return err;
	memcpy(c->kind, all->kind, sizeof(c->kind));
	c->unattributed = all->unattributed;
	return 0;
}
