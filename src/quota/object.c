/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* object.c - objects that remember who paid; texts. */
#include <string.h>
#include "quota/tree.h"

#ifndef FORKTALLY_VERSION
#error "FORKTALLY_VERSION: the build says it, from NEWS.md"
#endif

enum ft_status ft_object_charge(struct ft_object *object, struct ft_block *block,
				const uint64_t *bytes)
{
	size_t size = block->node.pools * sizeof(*bytes);
	enum ft_status status;
	bool any = false;

	for (unsigned pool = 0; pool < block->node.pools; pool++)
		any |= bytes[pool] != 0;
	if (object->payer || !any)
		return FT_INVALID;
	status = node_charge_all(&block->node, bytes);
	if (status != FT_OK)
		return status;
	memcpy(object->bytes, bytes, size);
	object->payer = block;
	return FT_OK;
}

/* The charge is what keeps the payer: it may be gone when node_return_all returns. */
enum ft_status ft_object_return(struct ft_object *object)
{
	enum ft_status status;

	if (!object->payer)
		return FT_UNDERFLOW;
	status = node_return_all(&object->payer->node, object->bytes);
	if (status == FT_OK)
		memset(object, 0, sizeof(*object));
	return status;
}

const char *ft_status_text(enum ft_status status)
{
	switch (status) {
	case FT_OK:
		return "done";
	case FT_LIMIT:
		return "a limit would be passed";
	case FT_UNDERFLOW:
		return "more would be returned than is charged";
	case FT_LEAK:
		return "something was still charged";
	case FT_BELOW_USAGE:
		return "the limit would be below the usage";
	case FT_INVALID:
		return "not a pool, a tree or an object that this can be done with";
	case FT_NO_MEMORY:
		return "no memory";
	}
	return "not a status of libforktally";
}

const char *ft_version(void)
{
	return FORKTALLY_VERSION;
}
