// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "census/check.h"

#include "census/shared.h"

/*
 * What a process holds alone is in its parts' `charged` as far as its own group pays for it, in
 * uncharged_bytes where nobody does, and among the objects where somebody else does. So is all
 * that is shared.
 */
bool census_check_pays(const struct census_check *k, uint64_t payer)
{
	for (size_t i = 0; i < k->payer_count; i++) {
		if (k->payer[i] == payer)
			return true;
	}
	return false;
}

void census_check_sum(const struct census *c, const uint64_t *payer, size_t payers,
		      struct census_check *ret_check)
{
	struct census_check *k = ret_check;
	const struct census_shared *s = c->shared;

	*k = (struct census_check){.kernel = {.known = KNOWN_NOT},
				   .unattributed = {.known = KNOWN_NOT},
				   .smaps_private = {.known = KNOWN_NOT},
				   .cached = {.known = KNOWN_NOT},
				   .payer = payer,
				   .payer_count = payers};
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->process[i];

		if (payers && !census_check_pays(k, p->payer))
			continue;
		k->processes++;
		k->held = amount_add(k->held, p->kernel);
		k->private = amount_add(k->private, p->private);
		k->uncharged.bytes += p->uncharged_bytes;
		for (int kind = 0; kind < CENSUS_KINDS && p->part; kind++)
			k->kind_bytes[kind] += p->part[kind].charged;
	}
	for (size_t i = 0, n; i < s->hold_count; i++) {
		const struct shared_hold *h = &s->hold[i];
		const struct shared_object *o = &s->object[h->object];
		bool mine, ours;
		uint64_t own;

		if (h->process == CENSUS_NONE || kind_get(o->kind)->pool != POOL_KERNEL)
			continue;
		own = c->process[h->process].payer;
		mine = !payers || census_check_pays(k, own);
		ours = payers && census_check_pays(k, o->payer);
		n = o->holders;
		/* Parts differ by a byte at most; what is summed here is not printed to the byte.
		 */
		if (mine && !o->payer)
			k->uncharged.bytes += (int64_t)(o->bytes / n);
		else if (mine && payers && !ours)
			k->elsewhere.bytes += (int64_t)(o->bytes / n);
		else if (!mine && ours)
			k->others.bytes += (int64_t)(o->bytes / n);
		/* What its own group pays for is in the parts of the process. */
		if (ours && (!mine || o->payer != own))
			k->kind_bytes[o->kind] += (int64_t)(o->charged / n);
	}
	for (int kind = 0; kind < CENSUS_KINDS; kind++)
		k->reached.bytes += k->kind_bytes[kind];
	k->reached.known = k->held.known;
	k->overhead = amount_exact(k->reached.bytes - k->held.bytes + k->uncharged.bytes +
				   k->elsewhere.bytes - k->others.bytes);
}
