/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "view/arena.h"
#include "view/quantity.h"

const char *explain_name(struct explain *e, uint32_t process)
{
	const struct census_process *p = &e->census->process[process];

	return view_arena_format(e->arena, "%s (pid %u)", p->comm, p->tgid);
}

static int by_share(const void *a, const void *b)
{
	const struct explain_kind *x = a, *y = b;

	if (x->divided.bytes != y->divided.bytes)
		return x->divided.bytes > y->divided.bytes ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static void make_kinds(struct explain *e)
{
	const struct census_process *p = e->row.process;

	e->kind = view_arena_array(e->arena, CENSUS_KINDS, sizeof(*e->kind));
	for (unsigned k = 0; e->kind && p->part && k < CENSUS_KINDS; k++) {
		const struct census_part *part = &p->part[k];
		enum known known = kind_get(k)->pool == POOL_SHARED ? p->shared_undivided.known
								    : p->kernel_undivided.known;

		if (!part->count && !part->bytes)
			continue;
		e->kind[e->kind_count++] = (struct explain_kind){.kind = k,
								 .count = part->count,
								 .shared = part->shared,
								 .bytes = {part->bytes, known},
								 .divided = {part->divided, known}};
	}
	if (e->kind)
		qsort(e->kind, e->kind_count, sizeof(*e->kind), by_share);
}

static int by_count(const void *a, const void *b)
{
	const struct explain_sharer *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->process < y->process ? -1 : x->process > y->process;
}

static struct explain_kind *kind_of(struct explain *e, enum census_kind kind)
{
	for (size_t i = 0; i < e->kind_count; i++) {
		if (e->kind[i].kind == kind)
			return &e->kind[i];
	}
	return NULL;
}

/* First how many there are, then who. */
static void count_sharer(void *ctx, uint32_t other, enum census_kind kind, uint64_t count)
{
	struct explain_kind *k = kind_of(ctx, kind);

	/* None that is counted: what both hold is a part of it, such as an inode. */
	if (k && count)
		k->sharers++;
}

static void add_sharer(void *ctx, uint32_t other, enum census_kind kind, uint64_t count)
{
	struct explain_kind *k = kind_of(ctx, kind);

	if (k && count && k->sharer)
		k->sharer[k->sharers++] = (struct explain_sharer){other, count};
}

static int make_sharers(struct explain *e, uint32_t process)
{
	int err = census_sharers(e->census, process, count_sharer, e);

	for (size_t i = 0; i < e->kind_count; i++) {
		struct explain_kind *k = &e->kind[i];

		if (k->sharers)
			k->sharer = view_arena_array(e->arena, k->sharers, sizeof(*k->sharer));
		k->sharers = 0;
	}
	if (!err)
		err = census_sharers(e->census, process, add_sharer, e);
	for (size_t i = 0; i < e->kind_count; i++) {
		if (e->kind[i].sharers)
			qsort(e->kind[i].sharer, e->kind[i].sharers, sizeof(struct explain_sharer),
			      by_count);
	}
	return err;
}

/* "sh (pid 12), sh (pid 14) and 3 more" */
static const char *others_of(struct explain *e, const struct census_file *f)
{
	const char *text = "";
	uint32_t shown = f->others < CENSUS_FILE_OTHERS ? f->others : CENSUS_FILE_OTHERS;

	for (uint32_t i = 0; i < shown; i++) {
		uint32_t other = census_find(e->census, f->other[i], 0);
		const char *name = other == CENSUS_NONE
				       ? view_arena_format(e->arena, "pid %u", f->other[i])
				       : explain_name(e, other);

		text = view_arena_format(e->arena, "%s%s%s", text, i ? ", " : "", name);
	}
	if (f->others > shown)
		text = view_arena_format(e->arena, "%s and %u more", text, f->others - shown);
	return text;
}

static const char *words_of(struct explain *e, const struct census_file *f)
{
	bool pipe = f->kind == KIND_FD_PIPE;
	const char *what = f->target, *how = "";

	if (pipe)
		what = f->reads && f->writes ? "pipe, both ways"
		       : f->reads	     ? "pipe, reads from"
					     : "pipe, writes to";
	else if (*f->socket)
		what = f->socket;
	if (f->both_ends)
		how = " itself: the other end is here too";
	else if (f->others)
		how = view_arena_format(e->arena, "%s%s", pipe ? " " : ", to ", others_of(e, f));
	else if (pipe)
		how = f->others_known ? " nobody: the other end is closed" : " somebody not seen";
	return view_arena_format(e->arena, "%s%s%s%s%s", what, how,
				 *f->target == '/' && pipe ? " at " : "",
				 *f->target == '/' && pipe ? f->target : "",
				 f->kind == KIND_FD_SOCKET_UNIX && !f->others && f->others_known
				     ? ", the other end is closed or kept by the kernel"
				     : "");
}

static int by_bytes(const void *a, const void *b)
{
	const struct explain_file *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->file->fd < y->file->fd ? -1 : x->file->fd > y->file->fd;
}

static void make_files(struct explain *e)
{
	const struct census_files *files = e->files;

	e->file = view_arena_array(e->arena, files->count, sizeof(*e->file));
	for (size_t i = 0; e->file && i < files->count; i++) {
		const struct census_file *f = &files->file[i];
		int64_t queued = f->queued_bytes == EVENT_UNKNOWN_BYTES ? 0 : f->queued_bytes;

		e->file[e->file_count++] =
		    (struct explain_file){.file = f,
					  .bytes = f->kernel_bytes + queued + f->memory_bytes,
					  .words = words_of(e, f)};
	}
	if (e->file)
		qsort(e->file, e->file_count, sizeof(*e->file), by_bytes);
}

static void make_children(struct explain *e, uint32_t process)
{
	const struct census *c = e->census;
	size_t n = 0;

	for (uint32_t i = 0; i < c->count; i++)
		n += c->process[i].parent == process;
	e->child = view_arena_array(e->arena, n, sizeof(*e->child));
	for (int zombies = 1; e->child && zombies >= 0; zombies--) {
		for (uint32_t i = 0; i < c->count; i++) {
			const struct census_process *p = &c->process[i];

			if (p->parent == process && !!(p->flags & CENSUS_ZOMBIE) == zombies)
				e->child[e->child_count++] = i;
		}
	}
}

int explain_new(const struct census *c, uint32_t process, const struct census_files *files,
		const struct census_names *names, struct explain **ret_explain)
{
	const struct census_process *p = &c->process[process];
	struct view_arena *arena = view_arena_new();
	struct explain *e = arena ? view_arena_array(arena, 1, sizeof(*e)) : NULL;
	int err = -ENOMEM;

	if (!e) {
		view_arena_free(arena);
		return -ENOMEM;
	}
	*e = (struct explain){.census = c,
			      .arena = arena,
			      .files = files,
			      .row = {.census = c,
				      .process = p,
				      .up = CENSUS_NONE,
				      .user = names->user(names->ctx, p->uid),
				      .command = names->command(names->ctx, p),
				      .cgroup = names->cgroup(names->ctx, p)}};
	make_kinds(e);
	if (!view_arena_failed(arena))
		err = p->part ? make_sharers(e, process) : 0;
	if (!err) {
		make_files(e);
		make_children(e, process);
		explain_say(e);
		err = view_arena_failed(arena) ? -ENOMEM : 0;
	}
	if (err) {
		view_arena_free(arena);
		return err;
	}
	*ret_explain = e;
	return 0;
}

void explain_free(struct explain *e)
{
	if (e)
		view_arena_free(e->arena);
}
