/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "reference.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void wrong(struct reference *r, const char *format,
							...)
{
	va_list args;

	if (r->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(r->wrong, sizeof(r->wrong), format, args);
	va_end(args);
}

void reference_init(struct reference *r, uint32_t every)
{
	*r = (struct reference){.every = every};
}

void reference_done(struct reference *r)
{
	while (r->nodes) {
		struct node *n = r->nodes;

		r->nodes = n->next;
		free(n);
	}
}

/* The newest: an address may be used again. */
static struct node *find(struct reference *r, const void *who)
{
	struct node *n = r->nodes;

	while (n && n->who != who)
		n = n->next;
	return n;
}

static uint64_t usage(const struct reference *r, const struct node *of, int pool)
{
	uint64_t sum = of->own[pool] + of->left[pool];

	for (const struct node *n = r->nodes; n; n = n->next) {
		if (n->parent == of && !n->closed)
			sum += usage(r, n, pool);
	}
	return sum;
}

static void add(struct reference *r, const void *who, const void *parent, bool account)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->who = who;
	n->account = account;
	n->parent = parent ? find(r, parent) : NULL;
	for (int i = 0; i < MODEL_POOLS; i++)
		n->limit[i] = MODEL_UNLIMITED;
	n->next = r->nodes;
	r->nodes = n;
}

/* Would it pass a limit anywhere? What the library says must be the same. */
static bool fits(const struct reference *r, const struct node *n, const uint64_t *bytes)
{
	for (; n; n = n->parent) {
		for (int i = 0; i < MODEL_POOLS; i++) {
			if (bytes[i] > n->limit[i] - usage(r, n, i))
				return false;
		}
	}
	return true;
}

static void raise_peaks(const struct reference *r, struct node *n)
{
	for (; n; n = n->parent) {
		for (int i = 0; i < MODEL_POOLS; i++) {
			uint64_t now = usage(r, n, i);

			if (now > n->peak[i])
				n->peak[i] = now;
		}
	}
}

static void hear_charge(struct reference *r, struct node *n, const struct witness *w)
{
	bool may = fits(r, n, w->bytes);

	if (w->status != (may ? FT_OK : FT_LIMIT))
		wrong(r, "a charge of %llu nonpaged was answered %d, and must %s",
		      (unsigned long long)w->bytes[FT_KERNEL], w->status,
		      may ? "fit" : "be refused");
	if (w->status != FT_OK)
		return;
	for (int i = 0; i < MODEL_POOLS; i++)
		n->own[i] += w->bytes[i];
	raise_peaks(r, n);
}

static void hear_return(struct reference *r, struct node *n, const struct witness *w)
{
	bool may = true;

	for (int i = 0; i < MODEL_POOLS; i++)
		may &= w->bytes[i] <= n->own[i];
	if (w->status != (may ? FT_OK : FT_UNDERFLOW))
		wrong(r, "a return of %llu nonpaged was answered %d",
		      (unsigned long long)w->bytes[FT_KERNEL], w->status);
	for (int i = 0; i < MODEL_POOLS && w->status == FT_OK; i++)
		n->own[i] -= w->bytes[i];
}

static void hear_close(struct reference *r, struct node *n, const struct witness *w)
{
	bool left = false;

	for (int i = 0; i < MODEL_POOLS; i++) {
		left |= n->own[i] != 0;
		n->parent->left[i] += n->own[i];
	}
	if (w->status != (left ? FT_LEAK : FT_OK))
		wrong(r, "an account was closed with %d", w->status);
	n->closed = true;
}

void reference_hear(void *ctx, const struct witness *w)
{
	struct reference *r = ctx;
	struct node *n = find(r, w->who), *other;

	switch (w->op) {
	case WITNESS_BLOCK:
	case WITNESS_ACCOUNT:
		add(r, w->who, w->other, w->op == WITNESS_ACCOUNT);
		return;
	case WITNESS_LIMIT:
		memcpy(n->limit, w->bytes, sizeof(n->limit));
		return;
	case WITNESS_CLOSE:
		hear_close(r, n, w);
		return;
	case WITNESS_CHARGE:
	case WITNESS_OBJECT:
		hear_charge(r, n, w);
		n->objects += w->op == WITNESS_OBJECT && w->status == FT_OK;
		return;
	case WITNESS_RETURN:
	case WITNESS_OBJECT_RETURN:
		hear_return(r, n, w);
		n->objects -= w->op == WITNESS_OBJECT_RETURN && w->status == FT_OK;
		return;
	case WITNESS_TRANSFER:
		other = find(r, w->other);
		hear_return(r, n, w);
		for (int i = 0; i < MODEL_POOLS && w->status == FT_OK; i++)
			other->own[i] += w->bytes[i];
		raise_peaks(r, other);
		return;
	}
}

/* ---- compared with what the library says ------------------------------------------------------
 */

static void compare(struct reference *r, struct node *n, unsigned pool, const struct ft_level *l)
{
	uint64_t sum = usage(r, n, (int)pool);

	if (l->usage != sum)
		wrong(r, "usage of pool %u is %llu, must be %llu", pool,
		      (unsigned long long)l->usage, (unsigned long long)sum);
	if (l->peak != n->peak[pool])
		wrong(r, "peak of pool %u is %llu, must be %llu", pool, (unsigned long long)l->peak,
		      (unsigned long long)n->peak[pool]);
	if (l->peak < n->seen_peak[pool])
		wrong(r, "peak of pool %u fell", pool);
	if (l->limit != n->limit[pool] || l->usage > l->limit)
		wrong(r, "usage of pool %u is above its limit", pool);
	n->seen_peak[pool] = l->peak;
}

static struct node *compare_block(struct reference *r, struct ft_block *b, uint64_t processes)
{
	struct node *n = find(r, b);
	uint64_t accounts = 0;
	struct ft_level level;

	if (!n) {
		wrong(r, "a block that nobody made");
		return NULL;
	}
	for (unsigned i = 0; i < MODEL_POOLS; i++) {
		if (ft_block_read(b, i, &level) != FT_OK)
			wrong(r, "a block cannot be read");
		else
			compare(r, n, i, &level);
	}
	for (const struct node *a = r->nodes; a; a = a->next)
		accounts += a->account && !a->closed && a->parent == n;
	if (ft_block_accounts(b) != accounts || processes != accounts)
		wrong(r, "a block has %llu accounts by the library, %llu processes, must be %llu",
		      (unsigned long long)ft_block_accounts(b), (unsigned long long)processes,
		      (unsigned long long)accounts);
	return n;
}

static bool is_block_of(const struct kernel *k, const void *who)
{
	const struct block *b = k->blocks;

	while (b && b->ft != who)
		b = b->next;
	return b || k->family.ft == who;
}

static bool has_children(const struct reference *r, const struct node *of)
{
	const struct node *n = r->nodes;

	while (n && n->parent != of)
		n = n->next;
	return n;
}

/* Closed accounts and blocks that are gone: else the lists would only grow. */
static void sweep(struct reference *r, const struct kernel *k)
{
	for (struct node **at = &r->nodes; *at;) {
		struct node *n = *at;
		bool gone = n->account
				? n->closed
				: !is_block_of(k, n->who) && !n->objects && !has_children(r, n);

		if (!gone) {
			at = &n->next;
			continue;
		}
		for (int i = 0; i < MODEL_POOLS && !n->account; i++) {
			if (n->own[i])
				wrong(r, "a block went with something charged");
			n->parent->left[i] += n->left[i];
		}
		*at = n->next;
		free(n);
	}
}

void reference_step(void *ctx, const struct kernel *k)
{
	struct reference *r = ctx;
	struct ft_level level;
	struct node *n;

	if (++r->steps % r->every || r->wrong[0])
		return;
	r->checks++;
	n = compare_block(r, k->family.ft, k->family.processes);
	for (int i = 0; i < MODEL_POOLS; i++) {
		if (k->shadow[i] != usage(r, n, i) || k->shadow_peak[i] != n->peak[i])
			wrong(r, "the plain sum of pool %d is %llu", i,
			      (unsigned long long)k->shadow[i]);
	}
	for (const struct block *b = k->blocks; b; b = b->next) {
		n = compare_block(r, b->ft, b->processes);
		if (n && n->objects != b->objects)
			wrong(r, "a block paid for %llu objects, the kernel has %u",
			      (unsigned long long)n->objects, b->objects);
	}
	for (const struct process *p = k->processes; p; p = p->next) {
		n = find(r, p->account);
		for (unsigned i = 0; i < MODEL_POOLS; i++) {
			if (ft_account_read(p->account, i, &level) != FT_OK)
				wrong(r, "an account cannot be read");
			else
				compare(r, n, i, &level);
		}
	}
	sweep(r, k);
}
