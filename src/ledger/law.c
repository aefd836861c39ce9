/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The laws that the source's own totals must keep. They are checked once, at END, and only
 * where the source sent TOTALs: a source that has none claims nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include "ledger/book.h"

static int violated(struct ledger *led, enum law law, enum pool pool, const struct ledger_tag *tag,
		    int64_t left, int64_t right)
{
	struct ledger_violation *v;

	if (left == right)
		return 0;
	if (list_reserve(&led->violations))
		return -ENOMEM;
	v = malloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	*v = (struct ledger_violation){
	    .law = law, .pool = pool, .tag = tag, .left_bytes = left, .right_bytes = right};
	list_put(&led->violations, v);
	return 0;
}

/* Exact sums of events, and of the source's own totals. */
static void agree(struct pool_book *p)
{
	p->pool.totals_agree =
	    p->totals && p->pool.charged.known == KNOWN_EXACT &&
	    p->pool.returned.known == KNOWN_EXACT && p->pool.charged.bytes == p->total_charged &&
	    p->pool.returned.bytes + p->pool.over_return_bytes == p->total_returned;
}

/* Both books of a simulated kernel count the same things: a real one's may differ a little. */
static int books_check(struct ledger *led, enum pool pool)
{
	const struct ledger_book *peak = &led->pool[pool].book[BOOK_PEAK],
				 *end = &led->pool[pool].book[BOOK_END];
	int err = 0;

	if (led->session.source != SOURCE_MODEL)
		return 0;
	if (peak->seen)
		err = violated(led, LAW_BOOK_PEAK, pool, NULL, peak->kernel.bytes,
			       peak->ledger.bytes);
	if (!err && end->seen)
		err = violated(led, LAW_BOOK_END, pool, NULL, end->kernel.bytes, end->ledger.bytes);
	return err;
}

int law_check(struct ledger *led)
{
	size_t i;
	int pool, err = 0;

	for (i = 0; !err && i < led->tags.used; i++) {
		const struct tag *t = led->tags.at[i];

		if (t->tag.total_seen && !t->open_unknown)
			err = violated(led, LAW_TAG_OPEN, t->tag.pool, &t->tag,
				       t->tag.charged_bytes - t->tag.returned_bytes,
				       t->tag.open_bytes);
	}
	for (pool = 0; !err && pool < POOLS; pool++) {
		struct pool_book *p = &led->pool[pool];

		agree(p);
		err = books_check(led, pool);
		if (err || !p->totals)
			continue;
		if (p->pool.charged.known == KNOWN_EXACT)
			err = violated(led, LAW_POOL_CHARGED, pool, NULL, p->pool.charged.bytes,
				       p->total_charged);
		if (!err && p->pool.returned.known == KNOWN_EXACT)
			err = violated(led, LAW_POOL_RETURNED, pool, NULL,
				       p->pool.returned.bytes + p->pool.over_return_bytes,
				       p->total_returned);
	}
	return err;
}
