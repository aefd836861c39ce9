/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * walk.h - what the kernel programs of the walk write: one record for each kernel object that a
 * process, or a name, reaches.
 */
#ifndef FORKTALLY_WALK_H
#define FORKTALLY_WALK_H

#include "event/event.h"

struct walk_record {
	ev_u64 address; /* of the kernel object */
	ev_u64 owner;	/* of the thing it is part of: its file, dentry or task */
	ev_u64 id;	/* inode number, 0: none */
	ev_u64 start_ns;
	ev_u32 tgid; /* 0: no process, it has a name */
	ev_u32 mark; /* event/thing.h */
	char comm[EVENT_COMM_BYTES];
};

/* What is asked for its name. */
enum name_kind { NAME_DENTRY, NAME_MOUNT, NAME_KEY, NAME_CGROUP };

/* Addresses that are of interest, by hash; all bits set: everything. */
#define WALK_FILTER_BITS 18

#endif
