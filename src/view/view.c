/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/view.h"
#include "view/arena.h"

const char *view_pool_name(enum pool pool)
{
	static const char *const names[POOLS] = {
	    [POOL_PRIVATE] = "private",
	    [POOL_KERNEL] = "kernel",
	    [POOL_SHARED] = "shared",
	    [POOL_CACHE] = "cache",
	};

	return (unsigned)pool < POOLS ? names[pool] : "other";
}

const char *view_loss_name(enum loss kind)
{
	static const char *const names[LOSSES] = {
	    [LOSS_RECORDS] = "records",	  [LOSS_OBJECTS] = "objects",
	    [LOSS_ACCOUNTS] = "accounts", [LOSS_UNDECIDED] = "undecided",
	    [LOSS_TREE] = "tree",
	};

	return (unsigned)kind < LOSSES && names[kind] ? names[kind] : "other";
}

struct amount view_book_difference(const struct view_book *b)
{
	if (b->ledger.known == KNOWN_NOT || b->kernel.known == KNOWN_NOT)
		return (struct amount){.known = KNOWN_NOT};
	return (struct amount){
	    .bytes = b->kernel.bytes - b->ledger.bytes,
	    .known = b->ledger.known == KNOWN_ESTIMATE ? KNOWN_ESTIMATE : KNOWN_EXACT,
	};
}

void view_free(struct view *view)
{
	if (view)
		view_arena_free(view->arena);
}
