/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kind.h - THE table of what the census counts: a row for each kind.
 */
#ifndef FORKTALLY_CENSUS_KIND_H
#define FORKTALLY_CENSUS_KIND_H

#include <stdbool.h>
#include "event/census.h"

/* In which of the machine's own figures (census.h) its bytes are, as far as there is one. */
enum census_home {
	HOME_SLAB,	 /* slab_bytes; what is larger than a slab object: none */
	HOME_STACK,	 /* kernel_stack_bytes */
	HOME_PAGE_TABLE, /* page_table_bytes */
	HOME_PAGES,	 /* pages that no figure names */
	HOME_SHMEM,	 /* shmem_bytes */
};

/* What it is a part of: processes that share it divide it. */
enum census_of { OF_TASK, OF_MM, OF_FILES };

struct census_kind_row {
	const char *name;  /* "fd.pipe", "page_table": never changes */
	const char *title; /* "pipes": for people, plural */
	enum thing thing;  /* of the catalogue of leaks; THING_NONE: no thing of its own */
	enum pool pool;	   /* POOL_KERNEL or POOL_SHARED */
	enum census_home home;
	enum census_of of;
	bool summary;	    /* a summary has it too */
	const char *help;   /* what is counted, one sentence */
	const char *source; /* which of the kernel's structures tells */
};

const struct census_kind_row *kind_get(enum census_kind kind);

#endif
