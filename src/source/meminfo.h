/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * meminfo.h - what the machine says of itself: /proc/meminfo, /proc/stat and, for root,
 * /proc/slabinfo. What cannot be read is unknown.
 */
#ifndef FORKTALLY_MEMINFO_H
#define FORKTALLY_MEMINFO_H

#include "census/census.h"

/* A few files: some 50 us. slab_unused stays unknown, it costs more: meminfo_slab_unused(). */
void meminfo_read(struct census_machine *ret_machine);

/* Memory of slabs that no object lies in. Some ms. Unknown: /proc/slabinfo is for root. */
struct amount meminfo_slab_unused(void);

#endif
