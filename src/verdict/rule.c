/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which row of the catalogue a residue belongs to. */
#include <string.h>
#include "verdict/judge.h"

const struct rule *rule_named(const char *cause)
{
	const struct rule *rule;
	size_t i;

	for (i = 0; (rule = rule_at(i)); i++) {
		if (!strcmp(rule->cause, cause))
			return rule;
	}
	return NULL;
}

const struct rule *rule_of_thing(enum thing thing)
{
	const struct rule *rule;
	size_t i;

	for (i = 0; thing && (rule = rule_at(i)); i++) {
		if (rule->thing == thing)
			return rule;
	}
	return NULL;
}

static bool name_matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '.')
		return !strncmp(pattern, name, length);
	return !strcmp(pattern, name);
}

static size_t name_among(const char *const names[RULE_NAMES], const char *name)
{
	size_t i;

	for (i = 0; i < RULE_NAMES && names[i]; i++) {
		if (name_matches(names[i], name))
			return i;
	}
	return RULE_NAMES;
}

static const struct rule *by_syscall(const char *name)
{
	const struct rule *rule;
	size_t i;

	while (*name == '_')
		name++; /* as libraries and kernels name their wrappers: __pipe2 */
	for (i = 0; *name && (rule = rule_at(i)); i++) {
		if (name_among(rule->syscalls, name) < RULE_NAMES)
			return rule;
	}
	return NULL;
}

static const struct rule *by_tag(const char *name)
{
	const struct rule *rule;
	size_t i;

	for (i = 0; (rule = rule_at(i)); i++) {
		if (name_among(rule->tags, name) < RULE_NAMES)
			return rule;
	}
	return NULL;
}

/* Is a thread's stack mapped there? Then the mapping is the thread's, not the program's own. */
static const struct rule *by_thread(const struct ledger_take *take)
{
	const struct rule *rule = rule_named("thread.unjoined");
	size_t i;

	for (i = 0; i < take->frame_count; i++) {
		const char *name = take->frames[i].function;

		while (*name == '_')
			name++;
		for (size_t k = 0; k < RULE_NAMES && rule->syscalls[k]; k++) {
			if (!strncmp(name, rule->syscalls[k], strlen(rule->syscalls[k])))
				return rule;
		}
	}
	return NULL;
}

static const struct rule *by_take(const struct ledger *led, uint32_t number)
{
	const struct ledger_take *take = number ? ledger_take(led, number) : NULL;
	const struct rule *rule = NULL;
	size_t i;

	if (!take)
		return NULL;
	if (take->syscall_nr == -1)
		return by_syscall("page fault");
	if (take->syscall[0])
		rule = by_syscall(take->syscall);
	for (i = 0; !rule && !take->syscall[0] && i < take->frame_count; i++)
		rule = by_syscall(take->frames[i].function);
	if (rule && rule->role == RULE_MEMORY)
		return by_thread(take) ?: rule;
	return rule;
}

const struct rule *rule_of(const struct ledger *led, const struct ledger_residue *r)
{
	const struct rule *rule = NULL;

	if (r->kind == RESIDUE_ZOMBIE || r->kind == RESIDUE_ORPHAN || r->kind == RESIDUE_RUNNING ||
	    r->kind == RESIDUE_STOPPED)
		return rule_named(residue_tag(r));
	if (r->hold == HOLD_NONE)
		return rule_named("kernel.lost");
	rule = rule_of_thing(r->thing);
	/* The tag of what was left says what it is; what took it may make other things as well. */
	if (!rule && r->kind != RESIDUE_LEFT)
		rule = by_take(led, r->take);
	if (!rule && r->tag)
		rule = by_tag(r->tag->name);
	if (r->hold == HOLD_LEFT && (!rule || rule->where != WHERE_LEFT))
		return rule_named("kernel.left");
	return rule;
}

size_t rule_counts(const struct rule *rule, const struct ledger_residue *r)
{
	size_t i;

	if (r->body)
		return 0;
	i = name_among(rule->counts, residue_tag(r));
	return i < RULE_NAMES - 1 ? i + 1 : RULE_NAMES;
}
