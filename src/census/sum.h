/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sum.h - sums over processes: subtrees, users, cgroups, all. Private to src/census. */
#ifndef FORKTALLY_CENSUS_SUM_H
#define FORKTALLY_CENSUS_SUM_H

#include "census/census.h"

/* Fills in parents, zombies and every sum. @machine: NULL: unknown. 0 or -ENOMEM. */
int sum_finish(struct census *c, const struct census_machine *machine);

#endif
