// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/shared.h"

#include <errno.h>
#include <stdlib.h>

static size_t slot_of(const struct census_shared *s, uint64_t address, uint32_t kind)
{
	uint64_t hash = (address + kind) * 0x9E3779B97F4A7C15ull;
	size_t at = (hash >> 20) & (s->slots - 1);

	while (s->slot[at]) {
		const struct shared_object *o = &s->object[s->slot[at] - 1];

		if (o->address == address && o->kind == kind)
			break;
		at = (at + 1) & (s->slots - 1);
	}
	return at;
}

/* Room for twice as many objects, and slots for four times as many. */
static int grow_objects(struct census_shared *s)
{
	size_t room = s->object_room ? s->object_room * 2 : 1024;
	struct shared_object *object = realloc(s->object, room * sizeof(*object));
	uint32_t *slot;

	if (!object)
		return -ENOMEM;
	s->object = object;
	slot = calloc(room * 2, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(s->slot);
	s->slot = slot;
	s->slots = room * 2;
	s->object_room = room;
	for (size_t i = 0; i < s->object_count; i++)
		slot[slot_of(s, object[i].address, object[i].kind)] = (uint32_t)i + 1;
	return 0;
}

int shared_add(struct census_shared *s, const struct census_hold *h)
{
	struct shared_object *o;
	size_t at;

	if (s->object_count == s->object_room && grow_objects(s))
		return -ENOMEM;
	if (s->hold_count == s->hold_room) {
		size_t room = s->hold_room ? s->hold_room * 2 : 4096;
		struct shared_hold *hold = realloc(s->hold, room * sizeof(*hold));

		if (!hold)
			return -ENOMEM;
		s->hold = hold;
		s->hold_room = room;
	}
	at = slot_of(s, h->address, h->kind);
	if (!s->slot[at]) {
		s->object[s->object_count++] =
		    (struct shared_object){.address = h->address, .kind = h->kind};
		s->slot[at] = (uint32_t)s->object_count;
	}
	o = &s->object[s->slot[at] - 1];
	/* It may grow between two who hold it, and one may know less of it. */
	if (h->bytes > o->bytes) {
		o->bytes = h->bytes;
		o->charged = h->charged;
		o->payer = h->payer;
		o->count = h->count;
	}
	if (o->last == h->tgid)
		return 0;
	o->last = h->tgid;
	s->hold[s->hold_count++] =
	    (struct shared_hold){.object = s->slot[at] - 1, .process = h->tgid};
	return 0;
}

void shared_done(struct census_shared *s)
{
	free(s->object);
	free(s->hold);
	free(s->slot);
	*s = (struct census_shared){};
}
