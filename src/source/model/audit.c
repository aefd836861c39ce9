/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When all is over: what is still charged, what reaches it, and both books side by side. */
#include "source/model/kernel.h"

void audit_object(struct kernel *k, const struct charge *c, enum hold hold,
		  struct account_id holder, const struct descriptor *d, uint64_t returned_ns)
{
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		struct event ev = {.u.object = {.pool = pool_of(i),
						.tag = tag_of(c->kind, i),
						.take = c->take,
						.hold = hold,
						.birth_ordinal = c->birth,
						.flags = i == FT_KERNEL ? OBJECT_BODY : 0,
						.count = 1,
						.bytes = (int64_t)c->bytes[i],
						.returned_ns = returned_ns,
						.holder = holder,
						.thing = kind_info[c->kind].thing,
						.via = d ? VIA_FD : VIA_TASK,
						.fd = d ? d->fd : -1}};

		if (hold == HOLD_NONE)
			ev.u.object.thing = THING_NONE, ev.u.object.flags = 0;
		if (hold == HOLD_NONE || hold == HOLD_LEFT)
			ev.u.object.via = VIA_NONE;
		/* Private memory that a process has is its level, told otherwise. */
		if (c->bytes[i] && (i != FT_PRIVATE || hold == HOLD_NONE))
			emit(k, EVENT_OBJECT, c->booked, &ev);
	}
}

static void held(struct kernel *k, struct charge *c, struct account_id holder,
		 const struct descriptor *d)
{
	if (!c || c->seen)
		return;
	c->seen = true;
	audit_object(k, c, HOLD_PROCESS, holder, d, 0);
}

static void audit_process(struct kernel *k, struct process *p)
{
	bool zombie = p->state == PROCESS_ZOMBIE;
	struct event ev = {
	    .u.alive = {.parent_tgid = p->parent->id.tgid,
			.zombie = zombie,
			.private_bytes = zombie ? EVENT_UNKNOWN_BYTES : (int64_t)p->private_bytes,
			.kernel_bytes = EVENT_UNKNOWN_BYTES,
			.birth_ordinal = p->birth}};

	for (int i = 0; i < EVENT_COMM_BYTES; i++)
		ev.u.alive.comm[i] = p->comm[i];
	emit(k, EVENT_ALIVE, p->id, &ev);
	held(k, p->process, zombie ? p->parent->id : p->id, NULL);
	held(k, p->thread, p->id, NULL);
	held(k, p->space, p->id, NULL);
	held(k, p->handles, p->id, NULL);
	if (p->block->charge)
		held(k, p->block->charge, p->id, NULL);
	if (p->memory)
		p->memory->seen = true;
	for (uint32_t i = 0; i < p->thread_count; i++)
		held(k, p->threads[i], p->id, NULL);
	for (uint32_t i = 0; i < p->descriptor_count; i++)
		held(k, p->descriptors[i].object->charge, p->id, &p->descriptors[i]);
	for (uint32_t i = 0; i < p->signal_count; i++)
		held(k, p->signals[i], p->id, NULL);
	if (p->session)
		held(k, p->session->charge, p->id, NULL);
}

static void audit_left(struct kernel *k)
{
	uint32_t id = 0;

	for (struct object *o = k->named; o; o = o->next) {
		struct charge *c = o->charge;
		struct event ev = {.u.left = {.pool = POOL_SHARED,
					      .tag = tag_of(c->kind, MODEL_POOLS),
					      .id = id++,
					      .birth_ordinal = c->birth,
					      .bytes = (int64_t)c->bytes[FT_SHARED],
					      .kernel_bytes = EVENT_UNKNOWN_BYTES,
					      .take = c->take}};

		emit(k, EVENT_LEFT, c->booked, &ev);
		c->seen = true;
		audit_object(k, c, HOLD_LEFT, (struct account_id){0}, NULL, 0);
		if (o->block->charge && !o->block->charge->seen) {
			o->block->charge->seen = true;
			audit_object(k, o->block->charge, HOLD_LEFT, (struct account_id){0}, NULL,
				     0);
		}
	}
}

static void audit_totals(struct kernel *k)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		for (unsigned i = 0; i < MODEL_POOLS; i++) {
			struct event ev = {
			    .u.total = {.pool = pool_of(i),
					.tag = tag_of((enum kind)kind, i),
					.charged_count = k->charged_count[kind][i],
					.returned_count = k->returned_count[kind][i],
					.charged_bytes = (int64_t)k->charged[kind][i],
					.returned_bytes = (int64_t)k->returned[kind][i]}};

			if (i != FT_PRIVATE && k->charged_count[kind][i])
				emit(k, EVENT_TOTAL, (struct account_id){0}, &ev);
		}
	}
}

/* The kernel's books are libforktally's; ours is the plain sum beside them. */
static void audit_books(struct kernel *k)
{
	struct ft_level level;

	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		struct event ev = {.u.book = {.pool = pool_of(i), .moment = 0}};

		(void)ft_block_read(k->family.ft, i, &level);
		k->result.end[i] = level.usage;
		k->result.peak[i] = has_defect(k, DEFECT_PEAK) ? k->told_peak[i] : level.peak;
		ev.u.book.ledger_bytes = (int64_t)k->shadow_peak[i];
		ev.u.book.kernel_bytes = (int64_t)k->result.peak[i];
		emit(k, EVENT_BOOK, (struct account_id){0}, &ev);
		ev = (struct event){.u.book = {.pool = pool_of(i),
					       .moment = 1,
					       .ledger_bytes = (int64_t)k->shadow[i],
					       .kernel_bytes = (int64_t)level.usage,
					       .processes = (uint32_t)k->alive}};
		emit(k, EVENT_BOOK, (struct account_id){0}, &ev);
	}
}

void audit(struct kernel *k)
{
	struct event ev = {.u.end = {.status = k->result.status,
				     .forks = k->ordinal,
				     .exits = k->exits,
				     .alive = (uint32_t)k->alive,
				     .killed = k->result.stopped}};

	for (struct process *p = k->processes; p; p = p->next)
		audit_process(k, p);
	audit_left(k);
	for (struct charge *c = k->open; c; c = c->next) {
		if (!c->seen)
			audit_object(k, c, HOLD_NONE, (struct account_id){0}, NULL, 0);
	}
	audit_totals(k);
	audit_books(k);
	emit(k, EVENT_END, (struct account_id){0}, &ev);
}
