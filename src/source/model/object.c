/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What may outlive the process that made it: the quota block of its maker pays, as long as
 * anything leads there. Descriptors, shared memory by its name, sessions, signals that wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

static struct object *object_new(struct kernel *k, struct process *p, struct call *c,
				 enum kind kind, const uint64_t *bytes)
{
	struct object *o = kernel_alloc(k, sizeof(*o));

	if (!o)
		return NULL;
	emit_take(k, c->take, p->id);
	o->charge =
	    charge_new(k, kind, bytes, NULL, p->block, p->id, c->take, true, &c->failed_pool);
	if (!o->charge) {
		free(o);
		return NULL;
	}
	o->block = p->block;
	o->block->objects++;
	return o;
}

static void object_free(struct kernel *k, struct object *o)
{
	struct block *b = o->block;

	if (b->freed)
		charge_lose(k, o->charge);
	else
		charge_drop(k, o->charge);
	block_put_object(k, b);
	free(o);
}

static void object_put(struct kernel *k, struct object *o)
{
	if (!--o->refs)
		object_free(k, o);
}

static bool descriptor_add(struct kernel *k, struct process *p, uint32_t name, struct object *o)
{
	struct descriptor *d;
	int32_t fd = 3;

	if (!kernel_grow(k, &p->descriptors, p->descriptor_count, &p->descriptor_room, sizeof(*d)))
		return false;
	/* Mostly they are in order: the next one is free. */
	if (p->descriptor_count)
		fd = p->descriptors[p->descriptor_count - 1].fd + 1;
	d = &p->descriptors[p->descriptor_count++];
	*d = (struct descriptor){.name = name, .fd = fd, .object = o};
	o->refs++;
	return true;
}

bool descriptors_copy(struct kernel *k, const struct process *from, struct process *to)
{
	for (uint32_t i = 0; i < from->descriptor_count; i++) {
		const struct descriptor *d = &from->descriptors[i];

		if (!descriptor_add(k, to, d->name, d->object))
			return false;
		to->descriptors[i].fd = d->fd;
	}
	return true;
}

void descriptors_close(struct kernel *k, struct process *p)
{
	while (p->descriptor_count)
		object_put(k, p->descriptors[--p->descriptor_count].object);
}

static enum step open_kind(struct kernel *k, struct process *p, struct call *c, enum kind kind)
{
	struct object *o = object_new(k, p, c, kind, NULL);

	if (!o)
		return STEP_FAILED;
	if (!descriptor_add(k, p, c->name, o)) {
		object_free(k, o);
		return STEP_FAILED;
	}
	return STEP_DONE;
}

enum step call_pipe(struct kernel *k, struct process *p, struct call *c)
{
	return open_kind(k, p, c, KIND_PIPE);
}

enum step call_open(struct kernel *k, struct process *p, struct call *c)
{
	return open_kind(k, p, c, KIND_FILE);
}

enum step call_socket(struct kernel *k, struct process *p, struct call *c)
{
	return open_kind(k, p, c, KIND_SOCKET);
}

/* The newest one of that name. */
enum step call_close(struct kernel *k, struct process *p, struct call *c)
{
	for (uint32_t i = p->descriptor_count; i-- > 0;) {
		struct object *o = p->descriptors[i].object;

		if (p->descriptors[i].name != c->name)
			continue;
		memmove(&p->descriptors[i], &p->descriptors[i + 1],
			(p->descriptor_count - i - 1) * sizeof(*p->descriptors));
		p->descriptor_count--;
		object_put(k, o);
		return STEP_DONE;
	}
	return STEP_FAILED;
}

/* ---- shared memory: its name keeps it ---------------------------------------------------------
 */

enum step call_shm(struct kernel *k, struct process *p, struct call *c)
{
	uint64_t bytes[MODEL_POOLS];
	struct object *o;

	memcpy(bytes, kind_info[KIND_SHM].bytes, sizeof(bytes));
	bytes[FT_SHARED] += c->number;
	o = object_new(k, p, c, KIND_SHM, bytes);
	if (!o)
		return STEP_FAILED;
	o->name = c->name;
	o->refs = 1;
	o->next = k->named;
	k->named = o;
	return STEP_DONE;
}

enum step call_shm_remove(struct kernel *k, struct process *p, struct call *c)
{
	for (struct object **at = &k->named; *at; at = &(*at)->next) {
		struct object *o = *at;

		if (o->name != c->name)
			continue;
		*at = o->next;
		object_put(k, o);
		return STEP_DONE;
	}
	return STEP_FAILED;
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

enum step call_setsid(struct kernel *k, struct process *p, struct call *c)
{
	struct object *o = object_new(k, p, c, KIND_SESSION, NULL);

	if (!o)
		return STEP_FAILED;
	session_leave(k, p);
	o->refs = 1;
	p->session = o;
	return STEP_DONE;
}

void session_leave(struct kernel *k, struct process *p)
{
	if (p->session)
		object_put(k, p->session);
	p->session = NULL;
}

/* ---- signals ----------------------------------------------------------------------------------
 */

/* To the parent, which has it blocked: it waits there until sigwait or the parent's exit. */
enum step call_signal(struct kernel *k, struct process *p, struct call *c)
{
	struct process *to = p->parent;
	struct charge *signal;

	if (to == &k->init_process || to->state != PROCESS_RUNS)
		return STEP_FAILED;
	if (!kernel_grow(k, &to->signals, to->signal_count, &to->signal_room, sizeof(*to->signals)))
		return STEP_FAILED;
	emit_take(k, c->take, p->id);
	signal = charge_new(k, KIND_SIGNAL, NULL, to, NULL, p->id, c->take, true, &c->failed_pool);
	if (!signal)
		return STEP_FAILED;
	to->signals[to->signal_count++] = signal;
	return STEP_DONE;
}

enum step call_sigwait(struct kernel *k, struct process *p, struct call *c)
{
	if (!p->signal_count)
		return STEP_FAILED;
	charge_drop(k, p->signals[--p->signal_count]);
	return STEP_DONE;
}

void signals_drop(struct kernel *k, struct process *p)
{
	while (p->signal_count)
		charge_drop(k, p->signals[--p->signal_count]);
}

/* ---- what is told when a process that forks begins to exit --------------------------------------
 */

/* What only it holds: it comes back now, and did not before. */
void objects_tell_held(struct kernel *k, struct process *p)
{
	if (!p->forks)
		return;
	for (uint32_t i = 0; i < p->descriptor_count; i++) {
		const struct descriptor *d = &p->descriptors[i];

		if (d->object->refs == 1)
			audit_object(k, d->object->charge, HOLD_PROCESS, p->id, d, k->now_ns);
	}
	for (uint32_t i = 0; i < p->signal_count; i++)
		audit_object(k, p->signals[i], HOLD_PROCESS, p->id, NULL, k->now_ns);
}

/* The kernel itself goes: no returns, no events. */
void objects_release(struct process *p)
{
	for (uint32_t i = 0; i < p->descriptor_count; i++) {
		if (!--p->descriptors[i].object->refs)
			free(p->descriptors[i].object);
	}
	if (p->session && !--p->session->refs)
		free(p->session);
}

void objects_free(struct kernel *k)
{
	while (k->named) {
		struct object *o = k->named;

		k->named = o->next;
		free(o);
	}
}
