/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * carry.h - looking often at little, and now and then at all: a summary gets what it does not know
 * from an earlier census of all kinds.
 */
#ifndef FORKTALLY_CENSUS_CARRY_H
#define FORKTALLY_CENSUS_CARRY_H

#include "census/census.h"

/**
 * census_carry() - kernel and shared memory, kind by kind, as they were.
 * @c: a summary. The processes that `all` has as well get its figures; others keep their lower
 *     bounds. Sums are made again.
 * @all: of depth CENSUS_KINDS_ALL or deeper. It must live as long as c.
 * Errors: 0; -ENOMEM: c is only fit for census_free().
 */
int census_carry(struct census *c, const struct census *all);

#endif
