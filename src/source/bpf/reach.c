// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/reach.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "source/bpf/walk.h"

void reach_open(struct reach *r, const struct tables *t, const struct machine *m)
{
	*r = (struct reach){.t = t, .machine = m};
}

static void forget(struct reach *r)
{
	free(r->best);
	free(r->names);
	r->best = NULL;
	r->names = NULL;
	r->room = r->used = r->name_count = 0;
	r->walked = r->complete = false;
	lost_forget(&r->lost);
}

void reach_close(struct reach *r)
{
	forget(r);
	walk_close(r->walk);
	r->walk = NULL;
}

static uint64_t hash(uint64_t address)
{
	return (address * 0x9E3779B97F4A7C15ull) >> 32;
}

static struct walk_record *place_of(struct walk_record *best, size_t room, uint64_t address)
{
	size_t i = hash(address) & (room - 1);

	while (best[i].address && best[i].address != address)
		i = (i + 1) & (room - 1);
	return &best[i];
}

static bool grow(struct reach *r)
{
	size_t room = r->room ? r->room * 2 : 1024;
	struct walk_record *best = calloc(room, sizeof(*best));

	if (!best)
		return false;
	for (size_t i = 0; i < r->room; i++) {
		if (r->best[i].address)
			*place_of(best, room, r->best[i].address) = r->best[i];
	}
	free(r->best);
	r->best = best;
	r->room = room;
	return true;
}

static bool is_own(const struct tables *t, const struct object_entry *e,
		   const struct walk_record *r)
{
	const struct account_slot *a = &t->accounts[e->account & (TABLE_ACCOUNTS - 1)];

	if (a->state == ACCOUNT_ALIAS)
		a = &t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
	return a->tgid == r->tgid && a->start_ns == r->start_ns;
}

/* Which of two ways to the same object says more? */
static int rank(const struct tables *t, const struct object_entry *e, const struct walk_record *r)
{
	static const int of_via[VIA_KINDS] = {[VIA_FD] = 6,  [VIA_QUEUE] = 5, [VIA_FLIGHT] = 4,
					      [VIA_MAP] = 3, [VIA_NAME] = 2,  [VIA_TASK] = 1};
	int via = MARK_VIA(r->mark) < VIA_KINDS ? of_via[MARK_VIA(r->mark)] : 0;

	return via * 4 + (MARK_THING(r->mark) == THING_ZOMBIE ? 2 : 0) + is_own(t, e, r);
}

static void on_record(void *ctx, const struct walk_record *rec)
{
	struct reach *r = ctx;
	int64_t place = tables_place(r->t, rec->address);
	const struct object_entry *e;
	struct walk_record *best;
	int d;

	if (place < 0)
		return;
	if (r->lost.state) { /* the walk is done */
		lost_pointed(&r->lost, rec->address);
		return;
	}
	e = &r->t->objects[place / BUCKET_SLOTS].entry[place % BUCKET_SLOTS];
	if (r->used * 2 >= r->room && !grow(r)) {
		r->failed = true;
		return;
	}
	best = place_of(r->best, r->room, rec->address);
	if (!best->address) {
		r->used++;
		*best = *rec;
		return;
	}
	d = rank(r->t, e, rec) - rank(r->t, e, best);
	if (d > 0 || (d == 0 && rec->start_ns < best->start_ns))
		*best = *rec;
}

const struct walk_record *reach_find(const struct reach *r, uint64_t address)
{
	const struct walk_record *best;

	if (!r->room)
		return NULL;
	best = place_of(r->best, r->room, address);
	return best->address ? best : NULL;
}

static bool is_tag(const struct tag_slot *tag, const char *name)
{
	return tag->kind == TAG_SLAB && !strncmp(tag->name, name, TAG_NAME_BYTES);
}

/* A name that the program gave: which of the causes is it? */
static uint32_t thing_of(const struct walk_name *n)
{
	struct stat shm;
	uint32_t device = n->device;

	if (n->thing != THING_TMPFS_FILE || stat("/dev/shm", &shm) ||
	    makedev(device >> 20, device & 0xfffff) != shm.st_dev)
		return n->thing;
	return strncmp(n->text, "sem.", 4) ? THING_SHM_FILE : THING_SEM_FILE;
}

/* Where the name tells more than the file system. */
static void rename_thing(struct reach *r, uint64_t address, uint32_t thing)
{
	struct walk_record *best = r->room ? place_of(r->best, r->room, address) : NULL;

	if (best && best->address && MARK_VIA(best->mark) == VIA_NAME)
		best->mark = MARK(thing, VIA_NAME, MARK_NO_FD) | (best->mark & MARK_BODY);
}

static void ask_name(struct reach *r, uint32_t bucket, uint32_t slot, enum name_kind kind,
		     size_t *room)
{
	struct reach_name *names;
	struct walk_name name;

	if (walk_name(r->walk, r->t->objects[bucket].key[slot], kind, &name) || !name.thing)
		return;
	if (r->name_count == *room) {
		*room = *room ? *room * 2 : 64;
		names = realloc(r->names, *room * sizeof(*names));
		if (!names) {
			r->failed = true;
			return;
		}
		r->names = names;
	}
	names = &r->names[r->name_count++];
	*names = (struct reach_name){.bucket = bucket,
				     .slot = slot,
				     .thing = thing_of(&name),
				     .id = name.id,
				     .pages = name.pages};
	memcpy(names->text, name.text, sizeof(names->text));
	rename_thing(r, r->t->objects[bucket].key[slot], names->thing);
	rename_thing(r, name.inode, names->thing);
}

static bool has_name(const struct tag_slot *tag, enum name_kind kind)
{
	switch (kind) {
	case NAME_MOUNT:
		return is_tag(tag, "mnt_cache");
	case NAME_DENTRY:
		return is_tag(tag, "dentry");
	case NAME_KEY:
		return tag->kind == TAG_KEY;
	case NAME_CGROUP:
		break;
	}
	return tag->kind == TAG_CGROUP;
}

static void ask_names(struct reach *r, enum name_kind kind, size_t *room)
{
	for (uint32_t b = 0; b < r->t->object_buckets; b++) {
		for (uint32_t i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t key = r->t->objects[b].key[i];
			const struct tag_slot *tag =
			    &r->t->tags[r->t->objects[b].entry[i].tag & (TAG_MAX - 1)];

			if (key && !KEY_IS_TOMBSTONE(key) && has_name(tag, kind) &&
			    (kind == NAME_MOUNT || !reach_find(r, key)))
				ask_name(r, b, i, kind, room);
		}
	}
}

static bool is_reached(void *ctx, uint64_t address)
{
	return reach_find(ctx, address);
}

static void want(void *ctx, uint64_t address)
{
	walk_want(ctx, address);
}

static int read_words(void *ctx, uint64_t address, uint32_t bytes)
{
	return walk_words(ctx, address, bytes);
}

/* Not being able to tell is no error: then nothing of this is called lost. */
static void find_lost(struct reach *r)
{
	if (lost_begin(&r->lost, r->t, is_reached, r) < LOST_FEW) {
		lost_forget(&r->lost);
		return;
	}
	walk_want_nothing(r->walk);
	lost_each(&r->lost, want, r->walk);
	(void)lost_find(&r->lost, read_words, r->walk);
}

void reach_walk(struct reach *r)
{
	const struct tables *t = r->t;
	uint64_t kernel = 0, cache = 0;
	size_t room = 0;

	forget(r);
	for (uint32_t b = 0; b < t->object_buckets; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			if (!t->objects[b].key[i] || KEY_IS_TOMBSTONE(t->objects[b].key[i]))
				continue;
			if (t->objects[b].entry[i].flags & OBJECT_IS_CACHE)
				cache++;
			else
				kernel++;
		}
	}
	if ((kernel < REACH_FEW && cache < REACH_FEW) || r->failed)
		return;
	if (!r->walk && walk_open(r->machine, on_record, r, &r->walk)) {
		r->failed = true;
		return;
	}
	for (uint32_t b = 0; b < t->object_buckets; b++) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			if (t->objects[b].key[i] && !KEY_IS_TOMBSTONE(t->objects[b].key[i]))
				walk_want(r->walk, t->objects[b].key[i]);
		}
	}
	/* The mounts first: what they are mounted on is theirs. */
	ask_names(r, NAME_MOUNT, &room);
	ask_names(r, NAME_DENTRY, &room);
	if (kernel >= REACH_FEW && !walk_processes(r->walk, &r->complete))
		r->walked = true;
	/* Not those that a process has for itself. */
	ask_names(r, NAME_KEY, &room);
	ask_names(r, NAME_CGROUP, &room);
	if (r->walked && r->complete)
		find_lost(r);
}

bool reach_lost(const struct reach *r, uint64_t address)
{
	int64_t place = tables_place(r->t, address);

	return !r->failed && place >= 0 && lost_is(&r->lost, (uint64_t)place);
}

bool reach_knows(const struct reach *r, const struct tag_slot *tag)
{
	static const char *const names[] = {
	    "filp",	      "task_struct", "signal_cache", "sighand_cache", "mm_struct",
	    "vm_area_struct", "files_cache", "fs_cache",     "anon_vma",      "anon_vma_chain",
	};

	if (!r->walked || !r->complete || r->failed)
		return false;
	if (tag->kind == TAG_PAGE_TABLE || tag->kind == TAG_STACK)
		return true; /* they live and die with a process */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_tag(tag, names[i]))
			return true;
	}
	return false;
}
