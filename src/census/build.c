// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census/shared.h"
#include "census/sum.h"

/* What is not kept in the snapshot itself. */
struct extra {
	uint64_t mm, files;
	int64_t task_bytes, mm_bytes, files_bytes;
	uint32_t arrival;
};

struct build {
	struct census *census;
	struct extra *extra;
	size_t room, part_room;
};

int build_open(enum census_depth depth, enum event_source source, struct build **ret_build)
{
	struct build *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->census = calloc(1, sizeof(*b->census));
	if (b->census)
		b->census->shared = calloc(1, sizeof(*b->census->shared));
	if (!b->census || !b->census->shared) {
		build_close(b);
		return -ENOMEM;
	}
	b->census->depth = depth;
	b->census->source = source;
	b->census->complete = true;
	*ret_build = b;
	return 0;
}

void build_close(struct build *b)
{
	if (!b)
		return;
	census_free(b->census);
	free(b->extra);
	free(b);
}

static int make_room(struct build *b)
{
	struct census *c = b->census;
	size_t room = b->room ? b->room * 2 : 1024;
	struct census_process *process;
	struct census_part *parts;
	struct extra *extra;

	if (c->count < b->room)
		return 0;
	process = realloc(c->process, room * sizeof(*process));
	if (!process)
		return -ENOMEM;
	c->process = process;
	extra = realloc(b->extra, room * sizeof(*extra));
	if (!extra)
		return -ENOMEM;
	b->extra = extra;
	if (c->depth != CENSUS_SUMMARY) {
		parts = realloc(c->parts, room * CENSUS_KINDS * sizeof(*parts));
		if (!parts)
			return -ENOMEM;
		c->parts = parts;
	}
	b->room = room;
	return 0;
}

static uint64_t count_of(uint32_t n)
{
	return n == CENSUS_NOT_COUNTED ? CENSUS_UNKNOWN_COUNT : n;
}

/* Memory counters without their per-CPU part may be a little off, either way. */
static struct amount counter(const struct census_record *r, int64_t bytes)
{
	struct amount a = amount_from_event(bytes);

	if (r->flags & CENSUS_UNSURE && a.known == KNOWN_EXACT)
		a.known = KNOWN_ESTIMATE;
	return a;
}

int build_process(struct build *b, const struct census_record *r)
{
	struct census *c = b->census;
	struct census_process *p;
	int err = make_room(b);

	if (err)
		return err;
	if (c->depth != CENSUS_SUMMARY) {
		struct census_part *part = &c->parts[(size_t)c->count * CENSUS_KINDS];

		for (int k = 0; k < CENSUS_KINDS; k++)
			part[k] = (struct census_part){.count = (uint32_t)r->cell[k].count,
						       .bytes = (int64_t)r->cell[k].bytes,
						       .divided = (int64_t)r->cell[k].bytes,
						       .charged = (int64_t)r->cell[k].charged};
	}
	b->extra[c->count] = (struct extra){.mm = r->mm,
					    .files = r->files,
					    .task_bytes = r->task_bytes,
					    .mm_bytes = r->mm_bytes,
					    .files_bytes = r->files_bytes,
					    .arrival = c->count};
	p = &c->process[c->count++];
	*p = (struct census_process){.tgid = r->tgid,
				     .ppid = r->parent,
				     .uid = r->uid,
				     .pid_namespace = r->pid_namespace,
				     .start_ns = r->start_ns,
				     .flags = r->flags,
				     .parent = CENSUS_NONE,
				     .threads = r->threads,
				     .exit_status = r->exit_status,
				     .fds = count_of(r->fds),
				     .maps = count_of(r->maps),
				     .cgroup = r->cgroup,
				     .payer = r->payer,
				     .anon = counter(r, r->anon_bytes),
				     .file = counter(r, r->file_bytes),
				     .shmem = counter(r, r->shmem_bytes),
				     .swap = counter(r, r->swap_bytes),
				     .virtual = amount_from_event(r->virtual_bytes),
				     .commit = amount_from_event(r->commit_bytes),
				     .locked = amount_from_event(r->locked_bytes),
				     .uncharged_bytes = r->uncharged_bytes,
				     .cpu_ns = r->cpu_ns};
	memcpy(p->comm, r->comm, sizeof(p->comm));
	p->comm[sizeof(p->comm) - 1] = 0;
	if (p->flags & CENSUS_CUT)
		c->complete = false;
	return 0;
}

int build_hold(struct build *b, const struct census_hold *h)
{
	return h->kind < CENSUS_KINDS ? shared_add(b->census->shared, h) : 0;
}

/* By tgid, of these the one that lives first. */
static int by_process(const void *a, const void *b, void *ctx)
{
	const struct extra *x = a, *y = b;
	const struct census_process *p = ctx, *q = p + y->arrival;

	p += x->arrival;
	if (p->tgid != q->tgid)
		return p->tgid < q->tgid ? -1 : 1;
	if (p->start_ns != q->start_ns)
		return p->start_ns > q->start_ns ? -1 : 1;
	return x->arrival > y->arrival ? -1 : 1;
}

/* Into the order of tgids, each once. A kernel's iterator tells them so already. */
static int put_in_order(struct build *b)
{
	struct census *c = b->census;
	struct census_process *process;
	uint32_t n = 0, i = 1;

	while (i < c->count && c->process[i - 1].tgid < c->process[i].tgid)
		i++;
	if (i < c->count) {
		process = malloc(b->room * sizeof(*process));
		if (!process)
			return -ENOMEM;
		qsort_r(b->extra, c->count, sizeof(*b->extra), by_process, c->process);
		for (i = 0; i < c->count; i++) {
			const struct census_process *p = &c->process[b->extra[i].arrival];

			if (n && process[n - 1].tgid == p->tgid)
				continue;
			b->extra[n] = b->extra[i];
			process[n++] = *p;
		}
		free(c->process);
		c->process = process;
		c->count = n;
	}
	for (i = 0; i < c->count && c->parts; i++)
		c->process[i].part = &c->parts[(size_t)b->extra[i].arrival * CENSUS_KINDS];
	return 0;
}

static struct census_part *parts_of(struct build *b, uint32_t process)
{
	return &b->census->parts[(size_t)b->extra[process].arrival * CENSUS_KINDS];
}

static void divide_amount(struct amount *a, uint32_t i, uint32_t n)
{
	a->bytes = shared_part(a->bytes, i, n);
}

/* The i-th of the n processes that share a table of files, or their memory. */
static void divide_process(struct build *b, uint32_t process, enum census_of of, uint32_t i,
			   uint32_t n)
{
	struct census_process *p = &b->census->process[process];
	struct extra *e = &b->extra[process];

	if (of == OF_MM) {
		struct amount *memory[] = {&p->anon, &p->file,	 &p->shmem,
					   &p->swap, &p->commit, &p->locked};

		for (size_t k = 0; k < sizeof(memory) / sizeof(memory[0]); k++)
			divide_amount(memory[k], i, n);
		e->mm_bytes = shared_part(e->mm_bytes, i, n);
	} else {
		e->files_bytes = shared_part(e->files_bytes, i, n);
	}
	for (int k = 0; k < CENSUS_KINDS && b->census->parts; k++) {
		struct census_part *part = &parts_of(b, process)[k];

		if (kind_get(k)->of != of || !part->count)
			continue;
		part->divided = shared_part(part->divided, i, n);
		part->charged = shared_part(part->charged, i, n);
		part->shared = part->count;
	}
}

struct sharer {
	uint64_t address;
	uint32_t process;
};

static int by_address(const void *a, const void *b)
{
	const struct sharer *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->process < y->process ? -1 : x->process > y->process;
}

/*
 * One after the other held it alone: the address was used again, and they share nothing. It is
 * told in the order of tgids, as the kernel's iterator does.
 */
static bool used_again(const struct build *b, const struct sharer *x, enum census_of of)
{
	uint32_t alone = of == OF_MM ? CENSUS_MM_ALONE : CENSUS_FILES_ALONE;
	const struct census_process *p = b->census->process;

	return p[x[-1].process].flags & p[x->process].flags & alone;
}

static int divide_among_sharers(struct build *b, enum census_of of)
{
	struct sharer *sharer = malloc((b->census->count + 1) * sizeof(*sharer));
	uint32_t n = 0, k;

	if (!sharer)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->census->count; i++) {
		uint64_t address = of == OF_MM ? b->extra[i].mm : b->extra[i].files;

		if (address)
			sharer[n++] = (struct sharer){.address = address, .process = i};
	}
	qsort(sharer, n, sizeof(*sharer), by_address);
	for (uint32_t i = 0; i < n; i = k) {
		for (k = i + 1; k < n && sharer[k].address == sharer[i].address &&
				!used_again(b, &sharer[k], of);
		     k++)
			;
		for (uint32_t j = i; j < k && k - i > 1; j++)
			divide_process(b, sharer[j].process, of, j - i, k - i);
	}
	free(sharer);
	return 0;
}

/* Holds become indices of processes; then each object is divided among them. */
static void divide_objects(struct build *b)
{
	struct census_shared *s = b->census->shared;
	uint32_t tgid = 0, process = CENSUS_NONE;

	for (size_t i = 0; i < s->hold_count; i++) {
		struct shared_hold *h = &s->hold[i];

		if (h->process != tgid) {
			tgid = h->process;
			process = census_find(b->census, tgid, 0);
		}
		h->process = process;
		s->object[h->object].holders += process != CENSUS_NONE;
		s->object[h->object].last = 0; /* from here on: how many of them had their part */
	}
	for (size_t i = 0; i < s->hold_count; i++) {
		struct shared_object *o = &s->object[s->hold[i].object];
		struct census_part *part;

		if (s->hold[i].process == CENSUS_NONE)
			continue;
		part = &parts_of(b, s->hold[i].process)[o->kind];
		part->count += o->count;
		part->bytes += (int64_t)o->bytes;
		part->divided += shared_part((int64_t)o->bytes, o->last, o->holders);
		if (o->holders > 1)
			part->shared += o->count;
		if (o->payer && o->payer == b->census->process[s->hold[i].process].payer)
			part->charged += shared_part((int64_t)o->charged, o->last, o->holders);
		o->last++;
	}
}

static void add_up(struct census *c, struct census_process *p, const struct extra *e)
{
	enum known known = c->depth == CENSUS_SUMMARY || p->flags & CENSUS_CUT ? KNOWN_AT_LEAST
			   : c->source == SOURCE_PROC			       ? KNOWN_ESTIMATE
									       : KNOWN_EXACT;

	p->private = amount_add(p->anon, p->swap);
	p->kernel.known = p->kernel_undivided.known = known;
	p->shared.known = p->shared_undivided.known = p->part ? known : KNOWN_NOT;
	if (!p->part) {
		p->kernel.bytes = e->task_bytes + e->mm_bytes + e->files_bytes;
		p->kernel_undivided.bytes = p->kernel.bytes;
		return;
	}
	for (int k = 0; k < CENSUS_KINDS; k++) {
		bool kernel = kind_get(k)->pool == POOL_KERNEL;

		(kernel ? &p->kernel : &p->shared)->bytes += p->part[k].divided;
		(kernel ? &p->kernel_undivided : &p->shared_undivided)->bytes += p->part[k].bytes;
	}
}

void build_missing(struct build *b)
{
	b->census->missing = true;
	b->census->complete = false;
}

void build_outside(struct build *b)
{
	b->census->outside = true;
}

int build_finish(struct build *b, const struct census_machine *machine, struct census **ret_census)
{
	struct census *c = b->census;
	int err = put_in_order(b);

	if (!err)
		err = divide_among_sharers(b, OF_MM);
	if (!err)
		err = divide_among_sharers(b, OF_FILES);
	if (err)
		return err;
	if (c->parts)
		divide_objects(b);
	for (uint32_t i = 0; i < c->count; i++)
		add_up(c, &c->process[i], &b->extra[i]);
	err = sum_finish(c, machine);
	if (err)
		return err;
	*ret_census = c;
	b->census = NULL;
	return 0;
}
