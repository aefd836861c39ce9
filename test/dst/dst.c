/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dst.c - deterministic simulation testing: random programs on the simulated kernel, forever new
 * and always the same for a seed.
 *
 *   laws    wild programs on 1 to 64 processors with little quota; libforktally's every answer and
 *           level against a slow reference
 *   known   programs whose answer is known beforehand; the verdict must give it
 *   faults  the events of those with something wrong on their way: the verdict may become
 *           inconclusive, never wrong
 *
 * usage: dst [--seconds N] [--seed N] [--runs N] [--seeds FILE] [--defect NAME] [-v]
 * --defect: the kernel of `laws` has it, and the run should fail.
 * A seed that fails is printed, made smaller, and printed again as "seed size": a line for
 * test/dst/seeds. Exit status 1 when one did.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "fault.h"
#include "ledger/ledger.h"
#include "program.h"
#include "reference.h"
#include "verdict/verdict.h"

#define SIZE_MAX_ 8

struct totals {
	uint64_t runs, steps, calls, forks, checks;
	uint64_t known_clean, known_leak;
	uint64_t faults[FAULT_COUNT], same[FAULT_COUNT], inconclusive[FAULT_COUNT],
	    wrong[FAULT_COUNT];
};

static struct program program;
static struct stream events, faulted;
static struct totals totals;
static bool verbose;
static uint32_t defects; /* for a look at what the laws find */
static char failure[512];

static bool fail(const char *what, const char *detail)
{
	snprintf(failure, sizeof(failure), "%s: %s", what, detail);
	return false;
}

static unsigned cpus_of(uint64_t seed)
{
	static const unsigned some[] = {1, 2, 3, 4, 8, 64};
	uint64_t dice = seed + 77;

	return some[roll(&dice, 6)];
}

static struct scenario *parse(void)
{
	struct scenario *s = NULL;
	char error[MODEL_ERROR_BYTES];

	if (scenario_parse("random", program.text, program.length, &s, error)) {
		fprintf(stderr, "dst: a random program cannot be read: %s\n%s", error,
			program.text);
		exit(2);
	}
	return s;
}

static void count(const struct model_result *r)
{
	totals.steps += r->steps;
	totals.calls += r->calls;
	totals.forks += r->forks;
}

/* ---- laws -------------------------------------------------------------------------------------
 */

static bool run_laws(uint64_t seed, unsigned size)
{
	static const uint32_t everies[] = {1, 3, 20, 100};
	struct reference reference;
	struct model_result result;
	struct scenario *s;
	int err;

	program_wild(&program, seed, size);
	reference_init(&reference, everies[seed % 4]);
	s = parse();
	err = model_run(s,
			&(struct model_options){.seed = seed,
						.cpus = cpus_of(seed),
						.steps_max = 20000,
						.defects = defects,
						.witness = reference_hear,
						.step = reference_step,
						.test_ctx = &reference},
			&result);
	scenario_free(s);
	totals.checks += reference.checks;
	reference_done(&reference);
	if (err == -ERANGE)
		return true; /* no room for the first process */
	if (err)
		return fail("laws", strerror(-err));
	count(&result);
	if (result.underflows)
		return fail("laws", "a return was refused");
	if (result.accounts_left)
		return fail("laws", "a process object was deleted with something charged");
	return reference.wrong[0] ? fail("laws", reference.wrong) : true;
}

/* ---- known answers, with and without faults ---------------------------------------------------
 */

struct answer {
	enum judgement judgement;
	char text[256];
	bool other_cause; /* a finding that is not the known one */
};

static bool is_known(const char *cause)
{
	return (program.cause && !strcmp(cause, program.cause)) ||
	       (program.also && !strcmp(cause, program.also));
}

/* Errors of the ledger are its right: an event that is none is refused. */
static void ask(const struct stream *s, struct answer *ret)
{
	struct ledger *ledger = ledger_new();
	struct verdict *v;
	int used = 0;

	*ret = (struct answer){.judgement = JUDGEMENT_INCONCLUSIVE};
	for (size_t i = 0; i < s->count; i++)
		(void)ledger_apply(ledger, &s->at[i]);
	if (verdict_new(ledger, &v))
		abort();
	ret->judgement = v->judgement;
	for (size_t i = 0; i < v->finding_count && used < 200; i++) {
		used += snprintf(ret->text + used, sizeof(ret->text) - (size_t)used, "%s ",
				 v->findings[i].cause);
		ret->other_cause |= !is_known(v->findings[i].cause);
	}
	if (v->reason_count && used < 200)
		snprintf(ret->text + used, sizeof(ret->text) - (size_t)used, "%s", v->reasons[0]);
	verdict_free(v);
	ledger_free(ledger);
}

static bool is_wrong(const struct answer *a)
{
	if (a->judgement == JUDGEMENT_CLEAN)
		return program.cause != NULL;
	return a->judgement == JUDGEMENT_LEAK && a->other_cause;
}

static bool run_faults(uint64_t seed)
{
	char text[400];

	for (int f = 1; f < FAULT_COUNT; f++) {
		struct answer a;

		fault_make(&events, (enum fault)f, seed, &faulted);
		ask(&faulted, &a);
		totals.faults[f]++;
		totals.inconclusive[f] += a.judgement == JUDGEMENT_INCONCLUSIVE;
		totals.same[f] += a.judgement != JUDGEMENT_INCONCLUSIVE && !is_wrong(&a);
		if (!is_wrong(&a))
			continue;
		totals.wrong[f]++;
		snprintf(text, sizeof(text), "%s where %s is true: %s", judgement_name(a.judgement),
			 program.cause ? program.cause : "clean", a.text);
		if (f != FAULT_SILENT) /* nobody can promise that one: it is only counted */
			return fail(fault_text((enum fault)f), text);
	}
	return true;
}

static bool run_known(uint64_t seed, unsigned size)
{
	struct model_result result;
	struct scenario *s;
	struct answer a;
	char text[400];
	int err;

	program_known(&program, seed, size);
	stream_clear(&events);
	s = parse();
	err = model_run(s,
			&(struct model_options){.seed = seed,
						.cpus = cpus_of(seed),
						.defects = program.defects,
						.emit = stream_add,
						.emit_ctx = &events},
			&result);
	scenario_free(s);
	if (err)
		return fail("known", strerror(-err));
	count(&result);
	ask(&events, &a);
	*(program.cause ? &totals.known_leak : &totals.known_clean) += 1;
	snprintf(text, sizeof(text), "%s where %s is true: %s", judgement_name(a.judgement),
		 program.cause ? program.cause : "clean", a.text);
	if (result.status)
		return fail("known", "the program failed");
	if (is_wrong(&a) || a.judgement == JUDGEMENT_INCONCLUSIVE)
		return fail("known", text);
	return run_faults(seed);
}

/* ---- seeds ------------------------------------------------------------------------------------
 */

static bool run(uint64_t seed, unsigned size)
{
	totals.runs++;
	return seed % 4 ? run_laws(seed, size) : run_known(seed, size);
}

static void report(uint64_t seed, unsigned size)
{
	unsigned small = size;

	fprintf(stderr, "seed %llu, size %u: %s\n", (unsigned long long)seed, size, failure);
	/* The smallest program of that seed that fails; not always the same one. */
	for (unsigned s = 0; s < size; s++) {
		if (!run(seed, s)) {
			small = s;
			break;
		}
	}
	(void)run(seed, small);
	fprintf(stderr, "for test/dst/seeds: %llu %u    # %s\n", (unsigned long long)seed, small,
		failure);
	if (verbose)
		fprintf(stderr, "%s", program.text);
}

static bool run_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256];
	bool ok = true;

	if (!f) {
		fprintf(stderr, "dst: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		unsigned long long seed;
		unsigned size;

		if (sscanf(line, "%llu %u", &seed, &size) == 2 && !run(seed, size)) {
			fprintf(stderr, "%s: seed %llu, size %u: %s\n", path, seed, size, failure);
			ok = false;
		}
	}
	fclose(f);
	return ok;
}

static void print_totals(uint64_t seed)
{
	uint64_t all = 0, wrong = 0;

	printf("%llu programs from seed %llu: %llu steps of %llu system calls, %llu forks\n",
	       (unsigned long long)totals.runs, (unsigned long long)seed,
	       (unsigned long long)totals.steps, (unsigned long long)totals.calls,
	       (unsigned long long)totals.forks);
	printf("laws: all books compared with the reference %llu times\n",
	       (unsigned long long)totals.checks);
	printf("known answers: %llu clean, %llu leak\n", (unsigned long long)totals.known_clean,
	       (unsigned long long)totals.known_leak);
	printf("%-36s %8s %8s %13s %6s\n", "faults in the stream of events", "runs", "right",
	       "inconclusive", "wrong");
	for (int f = 1; f < FAULT_COUNT; f++) {
		printf("%-36s %8llu %8llu %13llu %6llu\n", fault_text((enum fault)f),
		       (unsigned long long)totals.faults[f], (unsigned long long)totals.same[f],
		       (unsigned long long)totals.inconclusive[f],
		       (unsigned long long)totals.wrong[f]);
		if (f != FAULT_SILENT) {
			all += totals.faults[f];
			wrong += totals.wrong[f];
		}
	}
	printf("%llu runs with a fault that is told or can be seen, %llu wrong verdicts\n",
	       (unsigned long long)all, (unsigned long long)wrong);
}

int main(int argc, char *argv[])
{
	uint64_t seconds = 20, first = 1, runs = UINT64_MAX, failed = 0;
	time_t end;
	enum defect defect;
	bool ok = true;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v"))
			verbose = true;
		else if (i + 1 == argc)
			return fprintf(stderr, "dst: %s needs a value\n", argv[i]), 2;
		else if (!strcmp(argv[i], "--seconds"))
			seconds = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--seed"))
			first = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--runs"))
			runs = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--seeds"))
			ok &= run_file(argv[++i]);
		else if (!strcmp(argv[i], "--defect") && !defect_find(argv[i + 1], &defect))
			defects |= UINT32_C(1) << defect, i++;
		else
			return fprintf(stderr, "dst: no option %s\n", argv[i]), 2;
	}
	end = time(NULL) + (time_t)seconds;
	for (uint64_t seed = first; seed - first < runs && time(NULL) < end; seed++) {
		unsigned size = 1 + (unsigned)(seed / 4 % SIZE_MAX_);

		if (run(seed, size))
			continue;
		report(seed, size);
		ok = false;
		if (++failed == 10)
			break;
	}
	print_totals(first);
	stream_free(&events);
	stream_free(&faulted);
	return !ok;
}
