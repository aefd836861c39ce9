/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * judge.h - the inside of verdict.c and finding.c: residues with their rules become findings.
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
	size_t finding_room, reason_room;
};

/* The clock by which some residues are measured together. */
struct clock {
	uint64_t forks;
	const struct marks *marks; /* of the one who forked them, where births are the tree's */
};

struct clock clock_of(const struct judge *j, struct candidate *const *c, size_t n);
void candidate_profile(const struct candidate *c, const struct clock *clock, uint32_t page_bytes,
		       struct profile *ret_profile);

/*
 * Makes a finding of @n candidates of one cause and holder if what the rule counts of them
 * grows. ret_made tells. Errors: 0 or -ENOMEM.
 */
int finding_try(struct judge *j, struct candidate *const *c, size_t n, bool *ret_made);
/* The private memory of one account. */
int finding_heap(struct judge *j, const struct ledger_account *a);
/*
 * Settles a consequence of a finding: no finding of its own any more. If it grows it is shown,
 * and counted in the finding's bytes where @counts.
 */
int finding_absorb(const struct judge *j, struct finding *f, struct candidate *c, bool counts);
/* NULL: none of this cause and holder. @cause NULL: the one of this holder with most bytes. */
struct finding *finding_of(const struct judge *j, const char *cause,
			   const struct ledger_account *holder);
void finding_rates(struct finding *f);

#endif
