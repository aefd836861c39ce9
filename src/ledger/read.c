/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The accessors: what the books say, in the shape of ledger.h. */
#include "ledger/book.h"

const struct ledger_session *ledger_session(const struct ledger *led)
{
	return &led->session;
}

const struct ledger_end *ledger_end(const struct ledger *led)
{
	return &led->end;
}

const struct ledger_counts *ledger_counts(const struct ledger *led)
{
	return &led->counts;
}

static enum known live_known(const struct ledger_pool *p)
{
	if (p->returned.known == KNOWN_AT_LEAST)
		return KNOWN_NOT; /* more may have come back than was told */
	return p->returned.known == KNOWN_ESTIMATE && p->charged.known == KNOWN_EXACT
		   ? KNOWN_ESTIMATE
		   : p->charged.known;
}

static struct ledger_pool pool_shown(const struct ledger *led, enum pool pool)
{
	const struct pool_book *b = &led->pool[pool];
	const struct amount unknown = {.known = KNOWN_NOT};
	struct ledger_pool p = b->pool;
	const struct ledger_book *peak = &b->book[BOOK_PEAK], *end = &b->book[BOOK_END];

	p.unattributed = end->seen ? end->unattributed : peak->seen ? peak->unattributed : unknown;
	if (!p.seen) {
		p.charged = p.returned = p.live = p.peak = p.inherited = unknown;
		if (b->left.bytes) {
			p.seen = true;
			p.charged = p.live = p.peak = b->left;
		}
		return p;
	}
	p.events_peak = b->live_peak;
	p.live = (struct amount){.bytes = b->live, .known = live_known(&b->pool)};
	if (p.live.known == KNOWN_NOT)
		p.live.bytes = 0;
	p.peak = (struct amount){.bytes = b->live_peak, .known = p.charged.known};
	if (b->peak_told > p.peak.bytes)
		p.peak.bytes = b->peak_told;
	if (peak->seen && peak->ledger.bytes > p.peak.bytes)
		p.peak.bytes = peak->ledger.bytes;
	if (b->peak_bound && p.peak.known != KNOWN_ESTIMATE)
		p.peak.known = KNOWN_AT_LEAST;
	if (pool != POOL_PRIVATE)
		p.inherited = unknown;
	return p;
}

void pools_show(struct ledger *led)
{
	int pool;

	for (pool = 0; pool < POOLS; pool++)
		led->shown[pool] = pool_shown(led, pool);
}

const struct ledger_pool *ledger_pool(const struct ledger *led, enum pool pool)
{
	return &led->shown[pool];
}

const struct ledger_book *ledger_book(const struct ledger *led, enum pool pool,
				      enum book_moment moment)
{
	return &led->pool[pool].book[moment];
}

struct amount ledger_before_private(const struct ledger *led)
{
	return led->before_private;
}

size_t ledger_loss_count(const struct ledger *led)
{
	return led->losses.used;
}

const struct ledger_loss *ledger_loss(const struct ledger *led, size_t i)
{
	return i < led->losses.used ? led->losses.at[i] : NULL;
}

uint64_t ledger_lost_events(const struct ledger *led)
{
	return led->lost;
}

size_t ledger_blind_count(const struct ledger *led)
{
	return led->blinds.used;
}

const char *ledger_blind(const struct ledger *led, size_t i)
{
	return i < led->blinds.used ? led->blinds.at[i] : NULL;
}

size_t ledger_violation_count(const struct ledger *led)
{
	return led->violations.used;
}

const struct ledger_violation *ledger_violation(const struct ledger *led, size_t i)
{
	return i < led->violations.used ? led->violations.at[i] : NULL;
}

const struct ledger_tag *ledger_tag(const struct ledger *led, uint32_t tag)
{
	const struct tag *t = tag_find(led, tag);

	return t ? &t->tag : NULL;
}

const struct ledger_tag *ledger_tag_at(const struct ledger *led, size_t i)
{
	return i < led->tags.used ? &((const struct tag *)led->tags.at[i])->tag : NULL;
}

const struct ledger_take *ledger_take(const struct ledger *led, uint32_t take)
{
	const struct take *t = take_find(led, take);

	return t ? &t->take : NULL;
}

const struct ledger_take *ledger_take_at(const struct ledger *led, size_t i)
{
	return i < led->takes.used ? &((const struct take *)led->takes.at[i])->take : NULL;
}

static bool other_used(const struct ledger *led)
{
	const struct ledger_account *a = &led->other.account;
	int pool;

	if (a->forks || a->children.accounts || a->children.forks)
		return true;
	for (pool = 0; pool < POOLS; pool++) {
		const struct ledger_sums *own = &a->pool[pool], *below = &a->children.pool[pool];

		if (own->charged.bytes || own->charged.known != KNOWN_EXACT || own->over_return ||
		    below->charged.bytes || below->charged.known != KNOWN_EXACT ||
		    below->over_return)
			return true;
	}
	return false;
}

const struct ledger_account *ledger_account_next(const struct ledger *led,
						 const struct ledger_account *prev)
{
	const struct row *row = (const struct row *)prev; /* account is its first member */

	if (row == &led->other)
		return NULL;
	row = row ? row->next : led->rows;
	if (row)
		return &row->account;
	return other_used(led) ? &led->other.account : NULL;
}

const struct ledger_account *ledger_root(const struct ledger *led)
{
	return led->root ? &led->root->account : NULL;
}

const struct ledger_account *ledger_account(const struct ledger *led, struct account_id id)
{
	const struct row *row = row_find(led, id);

	return row ? &row->account : NULL;
}

size_t ledger_residue_count(const struct ledger *led)
{
	return led->residues.used;
}

const struct ledger_residue *ledger_residue(const struct ledger *led, size_t i)
{
	return i < led->residues.used ? &((const struct residue *)led->residues.at[i])->residue
				      : NULL;
}

const char *pool_name(enum pool pool)
{
	static const char *const names[POOLS] = {"private", "kernel", "shared", "cache"};

	return pool < POOLS ? names[pool] : "unknown";
}

const char *loss_name(enum loss kind)
{
	static const char *const names[LOSSES] = {
	    [LOSS_RECORDS] = "records",	  [LOSS_OBJECTS] = "objects",
	    [LOSS_ACCOUNTS] = "accounts", [LOSS_UNDECIDED] = "undecided",
	    [LOSS_TREE] = "tree",
	};

	return kind > 0 && kind < LOSSES ? names[kind] : "unknown";
}

const char *source_name(enum event_source source)
{
	static const char *const names[] = {"unknown", "bpf", "proc", "model", "census"};

	return source <= SOURCE_CENSUS ? names[source] : names[0];
}
