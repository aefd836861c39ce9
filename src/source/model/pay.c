/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Charges and returns. The books are libforktally's; the shadow beside them is a plain sum. What
 * private memory the ledger knows as a level is told by the events that change it (alloc, free,
 * exec), all else by CHARGE and RETURN.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/model/kernel.h"

void witness(const struct kernel *k, enum witness_op op, const void *who, const void *other,
	     const uint64_t *bytes, enum ft_status status)
{
	struct witness w = {.op = op, .who = who, .other = other, .status = (int)status};

	if (!k->opts.witness)
		return;
	if (bytes)
		memcpy(w.bytes, bytes, sizeof(w.bytes));
	k->opts.witness(k->opts.test_ctx, &w);
}

static void open_link(struct kernel *k, struct charge *c)
{
	c->prev = k->open_last;
	*(c->prev ? &c->prev->next : &k->open) = c;
	k->open_last = c;
}

static void open_unlink(struct kernel *k, struct charge *c)
{
	*(c->prev ? &c->prev->next : &k->open) = c->next;
	*(c->next ? &c->next->prev : &k->open_last) = c->prev;
}

static void payer_link(struct charge *c, struct process *p)
{
	c->payer = p;
	if (!p)
		return;
	c->payer_prev = NULL;
	c->payer_next = p->pays;
	if (p->pays)
		p->pays->payer_prev = c;
	p->pays = c;
}

static void payer_unlink(struct charge *c)
{
	if (!c->payer)
		return;
	*(c->payer_prev ? &c->payer_prev->payer_next : &c->payer->pays) = c->payer_next;
	if (c->payer_next)
		c->payer_next->payer_prev = c->payer_prev;
	c->payer = NULL;
	c->payer_prev = c->payer_next = NULL;
}

void charge_forget(struct charge *c)
{
	payer_unlink(c);
}

void charge_forget_payer(struct process *p)
{
	while (p->pays)
		payer_unlink(p->pays);
}

static void shadow_add(struct kernel *k, const uint64_t *bytes, bool raises)
{
	for (int i = 0; i < MODEL_POOLS; i++) {
		k->shadow[i] += bytes[i];
		if (k->shadow[i] > k->shadow_peak[i])
			k->shadow_peak[i] = k->shadow[i];
		if (raises && k->shadow[i] > k->told_peak[i])
			k->told_peak[i] = k->shadow[i];
	}
}

static void shadow_sub(struct kernel *k, const uint64_t *bytes)
{
	for (int i = 0; i < MODEL_POOLS; i++)
		k->shadow[i] -= bytes[i] < k->shadow[i] ? bytes[i] : k->shadow[i];
}

/* The pool that has no room for this, in this block or the family's. */
static int full_pool(struct kernel *k, struct ft_block *block, const uint64_t *bytes)
{
	struct ft_block *at[] = {block, k->family.ft};
	struct ft_level level;

	for (int b = 0; b < 2; b++) {
		for (int i = 0; i < MODEL_POOLS; i++) {
			if (ft_block_read(at[b], (unsigned)i, &level) == FT_OK &&
			    bytes[i] > level.limit - level.usage)
				return i;
		}
	}
	return -1;
}

static void amount_event(struct kernel *k, enum event_type type, struct account_id id,
			 enum kind kind, unsigned pool, uint64_t bytes)
{
	struct event ev = {.u.amount = {.pool = pool_of(pool),
					.tag = pool == FT_PRIVATE ? 0 : tag_of(kind, pool),
					.count = 1,
					.bytes = (int64_t)bytes,
					.peak_bytes = EVENT_UNKNOWN_BYTES}};

	emit(k, type, id, &ev);
	(type == EVENT_CHARGE ? k->charged : k->returned)[kind][pool] += bytes;
	(type == EVENT_CHARGE ? k->charged_count : k->returned_count)[kind][pool]++;
}

void charge_tell(struct kernel *k, struct charge *c)
{
	if (c->told)
		return;
	c->told = true;
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		if (c->bytes[i] && (i != FT_PRIVATE || c->kind == KIND_MEMORY))
			amount_event(k, EVENT_CHARGE, c->booked, c->kind, i, c->bytes[i]);
	}
}

static void tell_return(struct kernel *k, const struct charge *c, struct account_id id)
{
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		if (c->bytes[i] && i != FT_PRIVATE)
			amount_event(k, EVENT_RETURN, id, c->kind, i, c->bytes[i]);
	}
}

static bool has_bytes(const uint64_t *bytes)
{
	return bytes[FT_PRIVATE] || bytes[FT_KERNEL] || bytes[FT_SHARED];
}

static enum ft_status pay(struct kernel *k, struct charge *c, struct process *payer,
			  struct block *block)
{
	enum ft_status status;

	if (!has_bytes(c->bytes))
		return FT_OK;
	if (payer) {
		status = ft_charge_all(payer->account, c->bytes);
		witness(k, WITNESS_CHARGE, payer->account, NULL, c->bytes, status);
	} else {
		status = ft_object_charge(&c->paid, block->ft, c->bytes);
		witness(k, WITNESS_OBJECT, block->ft, NULL, c->bytes, status);
	}
	return status;
}

struct charge *charge_new(struct kernel *k, enum kind kind, const uint64_t *bytes,
			  struct process *payer, struct block *block, struct account_id booked,
			  uint32_t take, bool tell, int *ret_pool)
{
	struct charge *c = kernel_alloc(k, sizeof(*c));
	enum ft_status status;

	if (!c)
		return NULL;
	c->kind = kind;
	memcpy(c->bytes, bytes ? bytes : kind_info[kind].bytes, sizeof(c->bytes));
	c->booked = booked;
	c->take = take;
	c->birth = k->ordinal;
	status = pay(k, c, payer, block);
	if (status != FT_OK) {
		if (status == FT_LIMIT)
			*ret_pool = full_pool(k, payer ? payer->block->ft : block->ft, c->bytes);
		else
			kernel_fail(k, status == FT_NO_MEMORY ? -ENOMEM : -EINVAL);
		free(c);
		return NULL;
	}
	c->exists = c->charged = true;
	open_link(k, c);
	payer_link(c, payer);
	shadow_add(k, c->bytes, tell);
	if (tell)
		charge_tell(k, c);
	return c;
}

static void charge_free(struct kernel *k, struct charge *c)
{
	payer_unlink(c);
	open_unlink(k, c);
	free(c);
}

/* Gives back what the books have. false: they refuse, or nobody is left to give it back to. */
static bool books_return(struct kernel *k, struct charge *c)
{
	enum ft_status status = FT_UNDERFLOW;

	if (!has_bytes(c->bytes))
		return true;
	if (c->payer) {
		status = ft_return_all(c->payer->account, c->bytes);
		witness(k, WITNESS_RETURN, c->payer->account, NULL, c->bytes, status);
	} else if (c->paid.payer) {
		const void *payer = c->paid.payer;

		status = ft_object_return(&c->paid);
		witness(k, WITNESS_OBJECT_RETURN, payer, NULL, c->bytes, status);
	} else {
		return false;
	}
	if (status != FT_OK)
		k->result.underflows++;
	return status == FT_OK;
}

void charge_drop(struct kernel *k, struct charge *c)
{
	if (!c)
		return;
	if (!c->payer && !c->paid.payer && has_bytes(c->bytes)) {
		charge_lose(k, c); /* who paid is gone */
		return;
	}
	charge_tell(k, c);
	if (books_return(k, c))
		shadow_sub(k, c->bytes);
	tell_return(k, c, c->booked);
	charge_free(k, c);
}

void charge_lose(struct kernel *k, struct charge *c)
{
	if (!c)
		return;
	charge_tell(k, c);
	c->exists = false;
	if (!has_bytes(c->bytes))
		charge_free(k, c);
}

void charge_drop_twice(struct kernel *k, struct charge *c)
{
	if (!c)
		return;
	charge_tell(k, c);
	if (books_return(k, c))
		shadow_sub(k, c->bytes);
	tell_return(k, c, c->booked);
	charge_drop(k, c);
}

/* Process 1 is no part of the session until something is booked to it. */
static void tell_init(struct kernel *k)
{
	struct event ev = {.u.fork = {.parent_private_bytes = EVENT_UNKNOWN_BYTES,
				      .inherited_bytes = EVENT_UNKNOWN_BYTES,
				      .flags = FORK_BEFORE,
				      .comm = "system"}};

	if (k->init_told)
		return;
	k->init_told = true;
	emit(k, EVENT_FORK, k->init_process.id, &ev);
}

void charge_drop_elsewhere(struct kernel *k, struct charge *c)
{
	if (!c)
		return;
	charge_tell(k, c);
	if (ft_return_all(k->init, c->bytes) != FT_OK)
		k->result.underflows++;
	tell_init(k);
	tell_return(k, c, k->init_process.id);
	charge_lose(k, c);
}

bool charge_grow(struct kernel *k, struct charge *c, uint64_t bytes)
{
	uint64_t more[MODEL_POOLS] = {[FT_PRIVATE] = bytes};
	enum ft_status status = ft_charge(c->payer->account, FT_PRIVATE, bytes);

	witness(k, WITNESS_CHARGE, c->payer->account, NULL, more, status);
	if (status != FT_OK) {
		if (status != FT_LIMIT)
			kernel_fail(k, -ENOMEM);
		return false;
	}
	c->bytes[FT_PRIVATE] += bytes;
	shadow_add(k, more, true);
	if (c->told)
		amount_event(k, EVENT_CHARGE, c->booked, c->kind, FT_PRIVATE, bytes);
	return true;
}

void charge_shrink(struct kernel *k, struct charge *c, uint64_t bytes)
{
	uint64_t less[MODEL_POOLS] = {[FT_PRIVATE] = bytes};

	enum ft_status status = ft_return(c->payer->account, FT_PRIVATE, bytes);

	witness(k, WITNESS_RETURN, c->payer->account, NULL, less, status);
	if (status != FT_OK)
		k->result.underflows++;
	else
		shadow_sub(k, less);
	c->bytes[FT_PRIVATE] -= bytes;
	amount_event(k, EVENT_RETURN, c->booked, c->kind, FT_PRIVATE, bytes);
}

void charge_move(struct kernel *k, struct charge *c, struct process *to)
{
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		uint64_t one[MODEL_POOLS] = {0};
		enum ft_status status;

		if (!c->bytes[i])
			continue;
		one[i] = c->bytes[i];
		status = ft_transfer(c->payer->account, to->account, i, c->bytes[i]);
		witness(k, WITNESS_TRANSFER, c->payer->account, to->account, one, status);
		if (status != FT_OK)
			k->result.underflows++;
	}
	payer_unlink(c);
	payer_link(c, to);
}

void charges_free(struct kernel *k)
{
	while (k->open) {
		struct charge *c = k->open;

		if (c->paid.payer)
			(void)ft_object_return(&c->paid); /* else the tree would live on */
		charge_free(k, c);
	}
}
