/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: random sessions against a reference that is too slow and too simple to be wrong: one flat
 * array of accounts that are never folded, one of objects. After every event the sums of the
 * pools are compared and the law charged - returned = live is checked; every few events
 * all rows are, and at the end residues, violations and lineage.
 * The seed is printed; run with it as argument to see the same again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "events.h"

#define EVENTS	 30011
#define ACCOUNTS 16384
#define TAGS	 7

struct model_account {
	uint32_t parent, forks;
	bool exited, reaped;
	int64_t charged[POOLS], returned[POOLS], over[POOLS];
	int64_t inherited, inherited_live;
	int64_t gauge[TAGS + 1];
	int zombies; /* at its exit */
};

static struct model {
	struct model_account account[ACCOUNTS];
	uint32_t accounts, forks, exits;
	int64_t open[TAGS + 1];
	uint64_t open_count, late_count;
	int64_t inherited;
} m;

static uint64_t seed, state;

static uint32_t pick(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 20) % below);
}

static int64_t live(const struct model_account *a, int pool)
{
	return a->charged[pool] - a->returned[pool];
}

static void model_return(struct model_account *a, int pool, int64_t bytes)
{
	int64_t covered = bytes < live(a, pool) ? bytes : live(a, pool);

	a->returned[pool] += covered;
	a->over[pool] += bytes - covered;
}

static void model_level(struct model_account *a, int64_t bytes)
{
	int64_t level = a->inherited_live + live(a, POOL_PRIVATE);

	if (bytes >= level) {
		a->charged[POOL_PRIVATE] += bytes - level;
	} else {
		int64_t down = level - bytes, own = live(a, POOL_PRIVATE);

		a->returned[POOL_PRIVATE] += down < own ? down : own;
		a->inherited_live -= down < own ? 0 : down - own;
	}
}

static void model_end(struct model_account *a)
{
	a->returned[POOL_PRIVATE] = a->charged[POOL_PRIVATE];
	a->inherited_live = 0;
}

static void model_gauge(struct model_account *a, uint32_t tag, int64_t bytes)
{
	int64_t diff = bytes - a->gauge[tag];

	if (diff >= 0)
		a->charged[POOL_SHARED] += diff;
	else
		model_return(a, POOL_SHARED, -diff);
	a->gauge[tag] = bytes;
}

static void step_fork(struct ledger *led)
{
	uint32_t parent = pick(4) ? pick(m.accounts) : 0, child = m.accounts;
	struct model_account *p, *c = &m.account[child];
	int64_t level = pick(9) * 4096, inherited = pick(5) * 4096;

	for (int tries = 0; m.account[parent].exited && tries < 8; tries++)
		parent = tries < 7 ? pick(m.accounts) : 0;
	p = &m.account[parent];
	if (m.accounts == ACCOUNTS)
		return;
	m.accounts++;
	m.forks++;
	p->forks++;
	model_level(p, level);
	c->parent = parent;
	c->inherited = c->inherited_live = inherited;
	m.inherited += inherited;
	assert_int_equal(put_fork(led, ROOT + parent, ROOT + child, m.forks, level, inherited), 0);
}

static void step_exit(struct ledger *led, uint32_t n)
{
	struct model_account *a = &m.account[n];
	int64_t level = pick(9) * 4096;

	if (a->exited)
		return;
	for (uint32_t i = 1; i < m.accounts; i++) {
		if (m.account[i].parent == n && m.account[i].exited && !m.account[i].reaped)
			a->zombies++;
	}
	model_level(a, level);
	model_end(a);
	for (uint32_t tag = 1; tag <= TAGS; tag++)
		model_gauge(a, tag, 0);
	a->exited = true;
	m.exits++;
	assert_int_equal(put_exit(led, ROOT + n, level), 0);
}

static void step_reap(struct ledger *led, uint32_t n)
{
	struct model_account *a = &m.account[n];

	if (!a->exited || a->reaped)
		return;
	a->reaped = true;
	assert_int_equal(put_reap(led, ROOT + n), 0);
}

static void step_exec(struct ledger *led, uint32_t n)
{
	int64_t level = pick(9) * 4096;

	if (m.account[n].exited)
		return;
	model_level(&m.account[n], level);
	model_end(&m.account[n]);
	assert_int_equal(put_exec(led, ROOT + n, level), 0);
}

/* Also of accounts that ended, and more than was charged. */
static void step_amount(struct ledger *led, uint32_t n)
{
	int64_t bytes = pick(1000);
	uint32_t tag = pick(TAGS + 1);
	enum event_type type = pick(2) ? EVENT_CHARGE : EVENT_RETURN;

	if (type == EVENT_CHARGE)
		m.account[n].charged[POOL_KERNEL] += bytes;
	else
		model_return(&m.account[n], POOL_KERNEL, bytes);
	assert_int_equal(put_amount(led, type, ROOT + n, POOL_KERNEL, tag, 1 + pick(3), bytes), 0);
}

/* What an account still owes comes back, as it mostly does. */
static void step_settle(struct ledger *led, uint32_t n)
{
	int64_t owed = live(&m.account[n], POOL_KERNEL);

	if (!owed)
		return;
	model_return(&m.account[n], POOL_KERNEL, owed);
	assert_int_equal(put_amount(led, EVENT_RETURN, ROOT + n, POOL_KERNEL, 0, 2, owed), 0);
}

static void step_gauge(struct ledger *led, uint32_t n)
{
	int64_t bytes = pick(1000);
	uint32_t tag = 1 + pick(TAGS);

	if (m.account[n].exited)
		return;
	model_gauge(&m.account[n], tag, bytes);
	assert_int_equal(put_gauge(led, ROOT + n, POOL_SHARED, tag, 1, bytes), 0);
}

static void step_object(struct ledger *led, uint32_t n)
{
	int64_t bytes = pick(1000);
	uint32_t tag = 1 + pick(TAGS), count = 1 + pick(3);
	bool open = pick(2);

	if (open)
		m.open[tag] += bytes;
	*(open ? &m.open_count : &m.late_count) += count;
	assert_int_equal(put_object(led, ROOT + n, pick(HOLD_NONE + 1), ROOT + pick(m.accounts),
				    tag, pick(3), pick(m.forks + 1), count, bytes, open ? 0 : 1),
			 0);
}

static void check_pools(struct ledger *led)
{
	for (int pool = 0; pool < POOLS; pool++) {
		const struct ledger_pool *p = ledger_pool(led, pool);
		int64_t charged = 0, returned = 0, over = 0;

		if (!p->seen)
			continue;
		for (uint32_t i = 0; i < m.accounts; i++) {
			charged += m.account[i].charged[pool];
			returned += m.account[i].returned[pool];
			over += m.account[i].over[pool];
		}
		assert_int_equal(p->charged.bytes, charged);
		assert_int_equal(p->returned.bytes, returned);
		assert_int_equal(p->live.bytes, charged - returned);
		assert_true(p->live.bytes >= 0);
		assert_int_equal(p->over_return_bytes, over);
	}
	if (ledger_pool(led, POOL_PRIVATE)->seen)
		assert_int_equal(ledger_pool(led, POOL_PRIVATE)->inherited.bytes, m.inherited);
}

static void add_sums(struct ledger_sums *into, const struct ledger_sums *s)
{
	assert_true(s->live >= 0);
	assert_int_equal(s->charged.bytes - s->returned.bytes, s->live);
	into->charged = amount_add(into->charged, s->charged);
	into->returned = amount_add(into->returned, s->returned);
	into->over_return += s->over_return;
}

/* Every row is its account's; rows and what is folded into them are the whole pool. */
static void check_rows(struct ledger *led)
{
	struct ledger_sums all[POOLS] = {{.live = 0}};
	const struct ledger_account *a = NULL;
	uint64_t rows = 0, folded = 0, forks = 0;

	while ((a = ledger_account_next(led, a))) {
		const struct model_account *x = &m.account[a->id.tgid - ROOT];

		assert_true(a->id.tgid >= ROOT);
		assert_int_equal(a->exited, x->exited);
		assert_int_equal(a->reaped, x->reaped);
		assert_int_equal(a->forks, x->forks);
		assert_int_equal(a->marks.forks, x->forks);
		assert_int_equal(a->inherited_live, x->inherited_live);
		assert_int_equal(a->private_level, x->inherited_live + live(x, POOL_PRIVATE));
		for (int pool = 0; pool < POOLS; pool++) {
			assert_int_equal(a->pool[pool].charged.bytes, x->charged[pool]);
			assert_int_equal(a->pool[pool].returned.bytes, x->returned[pool]);
			assert_int_equal(a->pool[pool].over_return, x->over[pool]);
			add_sums(&all[pool], &a->pool[pool]);
			add_sums(&all[pool], &a->children.pool[pool]);
		}
		if (a->parent)
			assert_int_equal(a->parent->id.tgid, ROOT + x->parent);
		rows++;
		folded += a->children.accounts;
		forks += a->forks + a->children.forks;
	}
	assert_int_equal(rows + folded, m.accounts);
	assert_int_equal(forks, m.forks);
	for (int pool = 0; pool < POOLS; pool++) {
		const struct ledger_pool *p = ledger_pool(led, pool);

		assert_int_equal(all[pool].charged.bytes, p->seen ? p->charged.bytes : 0);
		assert_int_equal(all[pool].returned.bytes, p->seen ? p->returned.bytes : 0);
		assert_int_equal(all[pool].over_return, p->over_return_bytes);
	}
}

static void check_end(struct ledger *led)
{
	uint64_t open = 0, objects = 0, zombies = 0, model_zombies = 0, born;
	int64_t kernel = 0;

	for (size_t i = 0; i < ledger_residue_count(led); i++) {
		const struct ledger_residue *r = ledger_residue(led, i);

		born = 0;
		for (uint32_t b = 0; b < r->births.bins; b++)
			born += r->births.count[b];
		if (r->kind == RESIDUE_OBJECT) {
			open += r->open_count;
			objects += r->count;
		}
		if (r->kind == RESIDUE_ZOMBIE)
			zombies += r->count;
		if (r->kind != RESIDUE_LEVEL)
			assert_int_equal(born, r->count);
	}
	assert_int_equal(open, m.open_count);
	assert_int_equal(objects, m.open_count + m.late_count);
	for (uint32_t i = 0; i < m.accounts; i++) {
		model_zombies += (uint64_t)m.account[i].zombies;
		kernel += m.account[i].charged[POOL_KERNEL];
		/* Those that live on have theirs counted at the end. */
		if (i && m.account[i].exited && !m.account[i].reaped &&
		    !m.account[m.account[i].parent].exited)
			model_zombies++;
	}
	assert_int_equal(zombies, model_zombies);
	for (uint32_t tag = 1; tag <= TAGS; tag++)
		assert_int_equal(ledger_tag(led, tag)->open_bytes, m.open[tag]);
	/* Totals of one tag that take in the whole pool: only its open objects can disagree. */
	for (size_t i = 0; i < ledger_violation_count(led); i++)
		assert_int_equal(ledger_violation(led, i)->law, LAW_TAG_OPEN);
	assert_int_equal(ledger_pool(led, POOL_KERNEL)->charged.bytes, kernel);
	assert_int_equal(ledger_counts(led)->strangers, 0);
	assert_int_equal(ledger_counts(led)->disorder, 0);
	assert_int_equal(ledger_counts(led)->forks, m.forks);
	assert_int_equal(ledger_counts(led)->exits, m.exits);
}

/* @churn: of 16 events, how many are the end of an account. */
static void session(uint32_t churn)
{
	struct ledger *led = begin(SOURCE_MODEL);
	int64_t returned = 0;

	memset(&m, 0, sizeof(m));
	m.accounts = 1;
	for (uint32_t tag = 1; tag <= TAGS; tag++)
		assert_int_equal(put_tag(led, tag, POOL_KERNEL, "tag"), 0);
	for (int i = 0; i < EVENTS; i++) {
		uint32_t n = pick(m.accounts),
			 recent = m.accounts > 40 ? m.accounts - pick(40) - 1 : n;

		switch (pick(16)) {
		case 0 ... 5:
			step_fork(led);
			break;
		case 6 ... 7:
			step_amount(led, recent);
			break;
		case 8:
			step_gauge(led, n);
			break;
		case 9:
			step_exec(led, recent);
			break;
		case 10:
			step_object(led, n);
			break;
		default:
			if (pick(7) < churn && recent) {
				step_settle(led, recent);
				step_exit(led, recent);
				step_reap(led, recent);
			} else if (n) {
				step_exit(led, n);
				if (pick(2))
					step_reap(led, n);
			}
		}
		check_pools(led);
		if (i % 257 == 0)
			check_rows(led);
	}
	check_rows(led);
	for (uint32_t i = 0; i < m.accounts; i++)
		returned += m.account[i].returned[POOL_KERNEL] + m.account[i].over[POOL_KERNEL];
	put_total(led, POOL_KERNEL, 1, ledger_pool(led, POOL_KERNEL)->charged.bytes, returned);
	assert_int_equal(put_end(led), 0);
	check_end(led);
	printf("%u accounts, %llu folded below the root, %zu residues\n", m.accounts,
	       (unsigned long long)ledger_root(led)->children.accounts, ledger_residue_count(led));
	ledger_free(led);
}

static void random_sessions_keep_the_laws(void **ctx)
{
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	state = seed * 2654435769u + 88172645463325252u;
	for (uint32_t churn = 1; churn <= 6; churn += 5)
		session(churn);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_sessions_keep_the_laws)};

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
