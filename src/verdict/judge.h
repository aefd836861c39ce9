/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * judge.h - the inside of src/verdict/: residues with their rules become findings.
 *
 *   verdict.c  the order in which causes are tried; what is a consequence of what
 *   candidate.c  which residues may be findings, and what each is
 *   finding.c  makes one finding: its parts, bytes, count, holder
 *   heap.c     private memory that grows
 *   block.c    blocks of an allocator that pile up in it
 *   primary.c  what of some candidates is counted, and whether it grows
 *   growth.c   growth or plateau, from a profile alone
 *   catalogue.c  the table of causes
 *   rule.c     which row of it a residue belongs to
 *   reason.c   why a verdict is inconclusive, and notes
 *   look.c     both, of a source that looks now and then
 *   suppress.c, suppress_match.c  what is known and accepted
 */
#ifndef FORKTALLY_VERDICT_JUDGE_H
#define FORKTALLY_VERDICT_JUDGE_H

#include "ledger/ledger.h"
#include "verdict/growth.h"
#include "verdict/rule.h"
#include "verdict/verdict.h"

/* One residue on its way into a finding. */
struct candidate {
	const struct ledger_residue *residue;
	const struct rule *rule;
	bool used; /* in a finding, or a consequence of one */
};

struct judge {
	const struct ledger *led;
	struct verdict *verdict;
	struct candidate *candidates; /* sorted: one holder, cause, kind, take after the other */
	size_t count;
	size_t finding_room, reason_room, note_room;
};

static inline int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

bool same_keeper(const struct ledger_residue *x, const struct ledger_residue *y);
bool same_cause(const struct candidate *x, const struct candidate *y);
bool same_take(const struct candidate *x, const struct candidate *y);
/* Fills j->candidates, those of a cause and place side by side. Errors: 0 or -ENOMEM. */
int candidates_collect(struct judge *j);

/* The clock by which some residues are measured together. */
struct clock {
	uint64_t forks;
	const struct marks *marks; /* of the one who forked them, where births are the tree's */
};

/* Its births run on its holder's own forks. */
bool runs_on_holder(const struct ledger_residue *r);
const char *residue_tag(const struct ledger_residue *r);
struct clock clock_of(const struct judge *j, struct candidate *const *c, size_t n);
void candidate_profile(const struct candidate *c, const struct clock *clock, uint32_t page_bytes,
		       struct profile *ret_profile);

/*
 * Of @n candidates: one that has what the rule counts best, or else the biggest; ret_counts gets
 * rule_counts() of it.
 */
const struct candidate *primary_of(struct candidate *const *c, size_t n, size_t *ret_counts);
/* Is @c counted like the primary? @counts RULE_NAMES: only its own kind of object is. */
bool same_count(const struct candidate *primary, size_t counts, const struct candidate *c);
struct growth judge_counted(const struct judge *j, struct candidate *const *c, size_t n,
			    const struct clock *clock, const struct candidate *primary,
			    size_t counts);
/*
 * What the rule counts may be blurred by objects that were given back in time and came back a
 * little late (an inode, by RCU). Another kind from the same place that grows shows it as well:
 * the one with the fewest objects stands for the things. NULL: none grows.
 */
const struct candidate *other_primary(const struct judge *j, struct candidate *const *c, size_t n,
				      const struct clock *clock);

/*
 * Makes a finding of @n candidates of one cause and holder if what the rule counts of them
 * grows. ret_made tells. Errors: 0 or -ENOMEM.
 */
int finding_try(struct judge *j, struct candidate *const *c, size_t n, bool *ret_made);
/* The private memory of one account: a finding, or a note. */
int finding_heap(struct judge *j, const struct ledger_account *a);
/*
 * Pages of private memory that were taken at one place: they say where, the level how much. What
 * nothing reaches is no part of a level.
 */
static inline bool is_place(const struct ledger_residue *r)
{
	return r->kind == RESIDUE_OBJECT && r->pool == POOL_PRIVATE && r->hold != HOLD_NONE;
}
/* Those that an allocator made of such pages. */
bool is_block(const struct ledger_residue *r);
struct blocks_sum {
	bool seen;     /* somebody looked at this account's blocks */
	int64_t bytes; /* of those that pile up */
	int64_t most;  /* of private memory that these may take, with what allocators add */
};
/* The blocks of one account: a finding for each place that piles them up. Errors: 0 or -ENOMEM. */
int finding_blocks(struct judge *j, const struct ledger_account *a, uint64_t forks,
		   struct blocks_sum *ret_sum);
#define HEAP_PAGES_MIN 8 /* in the middle of the run: less is not told from an allocator's ways */
/* Is this growth of private memory a leak? @p in pages. */
bool heap_is_leak(const struct profile *p, const struct growth *g);
/*
 * Most of those it forked must have ended while it went on forking: what it keeps for children
 * that live is in use (a pool of workers, each with its pipe).
 */
bool holder_may_leak(const struct ledger_account *holder);

/* The first finding of this cause, whoever holds it; NULL: there is none. */
struct finding *finding_caused(const struct judge *j, const char *cause);
/*
 * Laws of the books that a kernel certainly broke: "kernel.overreturn", "kernel.peak". Only where
 * nothing can have been missed. Errors: 0 or -ENOMEM.
 */
int finding_books(struct judge *j);

int finding_add(struct judge *j, const struct rule *rule, struct finding **ret_finding);
int finding_place(struct finding *f, uint32_t take, enum pool pool, struct amount bytes);
int finding_part(struct finding *f, const char *tag, enum pool pool, uint64_t count,
		 struct amount bytes);
void finding_holder(struct finding *f, const struct ledger_account *a);
/*
 * Settles a consequence of a finding: no finding of its own any more. If it grows it is shown,
 * and counted in the finding's bytes where @counts.
 */
int finding_absorb(const struct judge *j, struct finding *f, struct candidate *c, bool counts);
/*
 * Takes the parts of @from into @f, and removes @from: findings behind it move up. @same: its bytes
 * are those of @f, only its takes are news.
 */
int finding_merge(struct judge *j, struct finding *f, struct finding *from, bool same);
/* NULL: none of this cause and holder. @cause NULL: the one of this holder with most bytes. */
struct finding *finding_of(const struct judge *j, const char *cause,
			   const struct ledger_account *holder);
void finding_rates(struct finding *f);
/* A cause whose bytes are all in another pool than usual is told in that one. */
void finding_choose_pool(struct finding *f);

/* What the findings and reasons that a verdict has come to. */
enum judgement judgement_of(const struct verdict *v);

/* Errors: 0 or -ENOMEM. */
int reasons_find(struct judge *j);
/* The same of a source that looks now and then. */
int looks_find(struct judge *j);
__attribute__((format(printf, 2, 3))) int judge_reason(struct judge *j, const char *format, ...);
__attribute__((format(printf, 2, 3))) int judge_note(struct judge *j, const char *format, ...);

#endif
