/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: a law of the books that a simulated kernel certainly broke is a finding with pool,
 * process, bytes and fork, in each output; the same sums are none where an event was lost, came
 * twice, is missing or came late, where the kernel's own sums do not say it as well, and on a real
 * kernel.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "out/folded.h"
#include "out/json.h"
#include "out/junit.h"
#include "out/sarif.h"
#include "out/text.h"
#include "verdict_case.h"
#include "view/view.h"

#define FORKS 23
#define BYTES 4096

enum twist {
	TWIST_NONE,
	TWIST_LOSS,    /* told */
	TWIST_CHARGE,  /* a charge never arrived */
	TWIST_RETURN,  /* one more return than there was */
	TWIST_LATE,    /* each charge comes after its return */
	TWIST_TOTAL,   /* the kernel's own sums balance */
	TWIST_STRANGE, /* something about a process that nobody knows */
	TWIST_CUT,     /* no end */
	TWIST_UNTOLD,  /* a tag without the kernel's own sum */
};

static void pay(struct ledger *led, uint32_t child, enum twist twist, bool twice)
{
	bool late = twist == TWIST_LATE;

	if (!late && !(twist == TWIST_CHARGE && child == 1003))
		put_amount(led, EVENT_CHARGE, child, POOL_KERNEL, TAG_4K, 1, BYTES);
	for (int i = 0; i < 1 + twice; i++)
		put_amount(led, EVENT_RETURN, child, POOL_KERNEL, TAG_4K, 1, BYTES);
	if (late)
		put_amount(led, EVENT_CHARGE, child, POOL_KERNEL, TAG_4K, 1, BYTES);
}

/* Children that are charged once. From the fifth on it is returned twice. */
static struct ledger *over(enum event_source source, enum twist twist)
{
	struct ledger *led = start(source);
	uint32_t doubles = twist == TWIST_LATE ? 0 : FORKS - 4;

	for (uint32_t i = 1; i <= FORKS; i++) {
		put_fork(led, ROOT, 1000 + i, i, 0, 0);
		pay(led, 1000 + i, twist, doubles && i > 4);
		put_exit(led, 1000 + i, 0);
		put_reap(led, 1000 + i);
	}
	if (twist == TWIST_RETURN)
		put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, TAG_4K, 1, BYTES);
	if (twist == TWIST_UNTOLD) {
		put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, TAG_192, 1, 192);
		put_amount(led, EVENT_RETURN, ROOT, POOL_KERNEL, TAG_192, 1, 192);
	}
	if (twist == TWIST_STRANGE)
		put_exit(led, 7777, 0);
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put(led, EVENT_TOTAL, 0,
	    (struct event){
		.u.total = {.pool = POOL_KERNEL,
			    .tag = TAG_4K,
			    .charged_count = FORKS,
			    .returned_count = FORKS + (twist == TWIST_TOTAL ? 0 : doubles),
			    .charged_bytes = FORKS * BYTES,
			    .returned_bytes =
				(FORKS + (twist == TWIST_TOTAL ? 0 : (int64_t)doubles)) * BYTES}});
	if (twist == TWIST_LOSS)
		put(led, EVENT_LOSS, 0,
		    (struct event){.u.loss = {.kind = LOSS_RECORDS, .count = 1}, .text = ""});
	if (twist != TWIST_CUT)
		put_end(led);
	return led;
}

/* Each child of FORKS that live at once is charged; the kernel says that one was the most. */
static struct ledger *peak(enum twist twist)
{
	struct ledger *led = start(SOURCE_MODEL);

	for (uint32_t i = 1; i <= FORKS; i++) {
		put_fork(led, ROOT, 1000 + i, i, 0, 0);
		put_amount(led, EVENT_CHARGE, 1000 + i, POOL_KERNEL, TAG_4K, 1, BYTES);
		if (twist == TWIST_LATE) /* the events show one at a time */
			put_amount(led, EVENT_RETURN, 1000 + i, POOL_KERNEL, TAG_4K, 1, BYTES);
	}
	for (uint32_t i = 1; i <= FORKS; i++) {
		if (twist != TWIST_LATE && !(twist == TWIST_RETURN && i == 9))
			put_amount(led, EVENT_RETURN, 1000 + i, POOL_KERNEL, TAG_4K, 1, BYTES);
		put_exit(led, 1000 + i, 0);
		put_reap(led, 1000 + i);
	}
	if (twist == TWIST_CHARGE) /* one more than there was, after the highest moment */
		put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, TAG_4K, 1, BYTES);
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put_total(led, POOL_KERNEL, TAG_4K, FORKS * BYTES, FORKS * BYTES);
	put(led, EVENT_BOOK, 0,
	    (struct event){.u.book = {.pool = POOL_KERNEL,
				      .moment = BOOK_PEAK,
				      .ledger_bytes = FORKS * BYTES,
				      .kernel_bytes = BYTES}});
	if (twist == TWIST_LOSS)
		put(led, EVENT_LOSS, 0,
		    (struct event){.u.loss = {.kind = LOSS_RECORDS, .count = 1}, .text = ""});
	put_end(led);
	return led;
}

static void undecided(struct ledger *led)
{
	struct verdict *v;

	assert_int_equal(verdict_new(led, &v), 0);
	for (size_t i = 0; i < v->finding_count; i++)
		printf("finding: %s\n", v->findings[i].cause);
	assert_string_equal(judgement_name(v->judgement), "inconclusive");
	verdict_free(v);
	ledger_free(led);
}

static void what_was_returned_twice_is_a_finding(void **state)
{
	struct ledger *led = over(SOURCE_MODEL, TWIST_NONE);
	const struct finding *f;
	struct verdict *v;

	assert_int_equal(verdict_new(led, &v), 0);
	f = only(v, "kernel.overreturn", WHERE_BOOKS);
	assert_int_equal(f->pool, POOL_KERNEL);
	assert_int_equal(f->holder.tgid, 1005);
	assert_int_equal(f->at_fork, 5);
	assert_int_equal(f->count, FORKS - 4);
	assert_int_equal(f->bytes.bytes, (FORKS - 4) * BYTES);
	assert_int_equal(f->bytes.known, KNOWN_EXACT);
	assert_int_equal(f->forks, FORKS);
	assert_int_equal(v->reason_count, 0);
	verdict_free(v);
	ledger_free(led);
}

static void a_return_to_another_process_is_a_finding(void **state)
{
	struct ledger *led = start(SOURCE_MODEL);
	const struct finding *f;
	struct verdict *v;

	run_children(led, FORKS);
	put_amount(led, EVENT_CHARGE, ROOT, POOL_KERNEL, TAG_4K, 1, BYTES);
	put_fork(led, ROOT, 50, FORKS + 1, 0, 0);
	put_amount(led, EVENT_RETURN, 50, POOL_KERNEL, TAG_4K, 1, BYTES);
	put_exit(led, 50, 0);
	put_reap(led, 50);
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put_object(led, ROOT, HOLD_NONE, 0, TAG_4K, 0, FORKS, 1, BYTES, 0);
	put(led, EVENT_TOTAL, 0,
	    (struct event){.u.total = {.pool = POOL_KERNEL,
				       .tag = TAG_4K,
				       .charged_count = 1,
				       .returned_count = 1,
				       .charged_bytes = BYTES,
				       .returned_bytes = BYTES}});
	put_end(led);
	assert_int_equal(verdict_new(led, &v), 0);
	f = only(v, "kernel.overreturn", WHERE_BOOKS);
	assert_int_equal(f->holder.tgid, 50);
	assert_int_equal(f->at_fork, FORKS + 1);
	assert_int_equal(f->bytes.bytes, BYTES);
	verdict_free(v);
	ledger_free(led);
}

static void a_peak_that_was_passed_is_a_finding(void **state)
{
	struct ledger *led = peak(TWIST_NONE);
	const struct finding *f;
	struct verdict *v;

	assert_int_equal(verdict_new(led, &v), 0);
	f = only(v, "kernel.peak", WHERE_BOOKS);
	assert_int_equal(f->pool, POOL_KERNEL);
	assert_int_equal(f->holder.tgid, ROOT);
	assert_int_equal(f->at_fork, FORKS);
	assert_int_equal(f->bytes.bytes, (FORKS - 1) * BYTES);
	assert_true(f->bytes_per_fork == 0); /* it does not grow with them */
	assert_int_equal(v->reason_count, 0);
	verdict_free(v);
	ledger_free(led);
}

static void what_may_have_been_missed_is_no_finding(void **state)
{
	static const enum twist over_twists[] = {TWIST_LOSS, TWIST_CHARGE, TWIST_RETURN,
						 TWIST_LATE, TWIST_TOTAL,  TWIST_STRANGE,
						 TWIST_CUT,  TWIST_UNTOLD};

	for (size_t i = 0; i < sizeof(over_twists) / sizeof(*over_twists); i++)
		undecided(over(SOURCE_MODEL, over_twists[i]));
	undecided(over(SOURCE_BPF, TWIST_NONE)); /* a charge before it looked, say */
	undecided(peak(TWIST_LOSS));
	undecided(peak(TWIST_CHARGE));
	undecided(peak(TWIST_RETURN));
	undecided(peak(TWIST_LATE));
}

static void a_usage_that_is_not_the_sum_is_a_reason(void **state)
{
	struct ledger *led = start(SOURCE_MODEL);

	run_children(led, FORKS);
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put(led, EVENT_BOOK, 0,
	    (struct event){
		.u.book = {.pool = POOL_KERNEL, .moment = BOOK_END, .kernel_bytes = 96}});
	put_end(led);
	finish_inconclusive(led,
			    "The kernel's own book of pool kernel is wrong: its usage is 96 bytes, "
			    "by what was charged and returned it is 0.");
}

/* ---- as it is shown ---------------------------------------------------------------------------
 */

static char *shown(const struct view *v, const char *face)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err = -1;

	assert_non_null(f);
	if (!strcmp(face, "text"))
		err = text_write(f, v, NULL);
	else if (!strcmp(face, "json"))
		err = json_write(f, v);
	else if (!strcmp(face, "sarif"))
		err = sarif_write(f, v, &(struct sarif_options){.version = "1", .root = "/"});
	else if (!strcmp(face, "junit"))
		err = junit_write(f, v);
	else if (!strcmp(face, "folded"))
		err = folded_write(f, v);
	assert_int_equal(err, 0);
	fclose(f);
	return text;
}

static void has(const struct view *v, const char *face, const char *wanted)
{
	char *text = shown(v, face);

	if (!strstr(text, wanted))
		fail_msg("%s: no \"%s\" in:\n%s", face, wanted, text);
	free(text);
}

static void every_output_shows_it(void **state)
{
	struct ledger *led = over(SOURCE_MODEL, TWIST_NONE);
	struct verdict *verdict;
	struct view *v;
	char *folded;

	assert_int_equal(verdict_new(led, &verdict), 0);
	assert_int_equal(view_new(led, verdict, &v), 0);
	has(v, "text", "LEAK: the kernel's own books are wrong: 1 finding (23 forks");
	has(v, "text",
	    "   cause      kernel.overreturn, books\n"
	    "   per fork   3.3 KiB: 0.83 objects\n"
	    "   in all     76.0 KiB (77,824 B) of kernel memory: 19 objects in 23 forks\n");
	has(v, "text",
	    "(pid 1005)\n   seen at    fork 5\n   made of    kmalloc-cg-4k  19  76.0 KiB\n");
	has(v, "json", "\"where\": \"books\"");
	has(v, "json", "\"at_fork\": 5");
	has(v, "sarif", "76.0 KiB in all (kernel.overreturn, ");
	has(v, "junit", "kernel.overreturn, books");
	folded = shown(v, "folded"); /* it shows bytes that stay */
	assert_string_equal(folded, "");
	free(folded);
	view_free(v);
	verdict_free(verdict);
	ledger_free(led);

	led = peak(TWIST_NONE);
	assert_int_equal(verdict_new(led, &verdict), 0);
	assert_int_equal(view_new(led, verdict, &v), 0);
	has(v, "text",
	    "   cause      kernel.peak, books\n"
	    "   in all     88.0 KiB (90,112 B) of kernel memory in 23 forks\n");
	has(v, "sarif", "lower than what was charged: by 88.0 KiB (kernel.peak, ");
	view_free(v);
	verdict_free(verdict);
	ledger_free(led);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_returned_twice_is_a_finding),
	    cmocka_unit_test(a_return_to_another_process_is_a_finding),
	    cmocka_unit_test(a_peak_that_was_passed_is_a_finding),
	    cmocka_unit_test(what_may_have_been_missed_is_no_finding),
	    cmocka_unit_test(a_usage_that_is_not_the_sum_is_a_reason),
	    cmocka_unit_test(every_output_shows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
