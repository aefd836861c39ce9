/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reach.h - who reaches each open charge: one walk, matched with the object table.
 */
#ifndef FORKTALLY_BPF_REACH_H
#define FORKTALLY_BPF_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/walk.h"
#include "source/bpf/lost.h"
#include "source/bpf/tables.h"

#define REACH_FEW 8 /* open charges of which growth cannot be told: no walk for those */

struct walk;

struct reach {
	const struct tables *t;
	const struct machine *machine;
	struct walk *walk;
	struct walk_record *best; /* open addressing by address, 0: free */
	size_t room, used;
	bool walked, complete; /* processes; with all that they reach */
	bool failed;	       /* the walk cannot be loaded here, or there was no memory */
	struct lost lost;      /* after a complete walk */

	struct reach_name { /* what a name keeps */
		uint32_t bucket, slot;
		uint32_t thing;
		uint64_t id, pages;
		char text[64];
	} * names;
	size_t name_count;
};

void reach_open(struct reach *r, const struct tables *t, const struct machine *m);
void reach_close(struct reach *r);

/*
 * Walks all processes, and asks for the names of what is open. Forgets what was found before. Where
 * too little is open to show growth nothing is done.
 */
void reach_walk(struct reach *r);

/* The best way in which it is reached: by the process it was charged to first. NULL: none. */
const struct walk_record *reach_find(const struct reach *r, uint64_t address);

/* Should it have come back with its process, and does nothing lead to it? */
bool reach_lost(const struct reach *r, uint64_t address);

/* Can the walk speak for all objects of this tag, so that one it did not reach is lost? */
bool reach_knows(const struct reach *r, const struct tag_slot *tag);

#endif
