/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the snapshot of a ledger that was fed by hand and a verdict made by hand: nothing is
 * taken for 0 that is not known, strings are owned, running out of memory is told.
 * Does not cover: the figures themselves (the ledger's tests), the judging (the verdict's).
 */
#include "golden.h"
#include <errno.h>
#include "ledger/ledger.h"
#include "view/cause.h"
#include "view/view.h"

#define SERVER ((struct account_id){.start_ns = 1000, .tgid = 100})
#define CHILD  ((struct account_id){.start_ns = 2000, .tgid = 101})

static void feed(struct ledger *led, struct event ev)
{
	static uint64_t now;

	ev.time_ns = now += 1000;
	assert_int_equal(ledger_apply(led, &ev), 0);
}

#define FEED(led, ...) feed(led, (struct event){__VA_ARGS__})

static struct ledger *begin(void)
{
	struct ledger *led = ledger_new();

	assert_non_null(led);
	FEED(led, .type = EVENT_SESSION, .text = "./server -x",
	     .u.session = {SOURCE_BPF, 2, 4096, EVENT_VERSION});
	FEED(led, .type = EVENT_FORK, .account = SERVER, .u.fork = {.comm = "server"});
	return led;
}

static void end(struct ledger *led, int status)
{
	FEED(led, .type = EVENT_END,
	     .u.end = {.status = status, .forks = 1, .exits = 2, .settle_ns = 1500000000});
}

static void one_child(struct ledger *led)
{
	FEED(led, .type = EVENT_TAG, .text = "filp", .u.tag = {.tag = 1, .pool = POOL_KERNEL});
	FEED(led, .type = EVENT_TAG, .text = "maple_node",
	     .u.tag = {.tag = 2, .pool = POOL_KERNEL, .flags = TAG_UNACCOUNTED});
	FEED(led, .type = EVENT_TAG, .text = "fd.file",
	     .u.tag = {.tag = 3, .pool = POOL_KERNEL, .flags = TAG_ESTIMATE});
	FEED(led, .type = EVENT_FORK, .account = CHILD,
	     .u.fork = {.parent = SERVER,
			.parent_private_bytes = 8192,
			.inherited_bytes = 4096,
			.ordinal = 1,
			.comm = "server"});
	FEED(led, .type = EVENT_CHARGE, .account = CHILD,
	     .u.amount = {POOL_KERNEL, 1, 2, 384, EVENT_UNKNOWN_BYTES});
	FEED(led, .type = EVENT_RETURN, .account = CHILD,
	     .u.amount = {POOL_KERNEL, 1, 1, 192, EVENT_UNKNOWN_BYTES});
	FEED(led, .type = EVENT_TOTAL,
	     .u.total = {POOL_KERNEL, 1, 2, 1, 384, 192, .asked_count = 1});
	FEED(led, .type = EVENT_TOTAL, .u.total = {POOL_KERNEL, 3, 1, 1, 1000, 1000, 0});
	FEED(led, .type = EVENT_EXIT, .account = CHILD, .u.exit = {.ordinal = 1, .comm = "kid"});
	FEED(led, .type = EVENT_REAP, .account = CHILD);
	FEED(led, .type = EVENT_EXIT, .account = SERVER,
	     .u.exit = {.private_bytes = 8192,
			.private_peak_bytes = 12288,
			.commit_bytes = EVENT_UNKNOWN_BYTES,
			.page_table_bytes = 20480,
			.threads_peak = 3,
			.ordinal = 1,
			.comm = "server"});
}

static struct view *see(const struct ledger *led, const struct verdict *verdict)
{
	struct view *v = NULL;

	assert_int_equal(view_new(led, verdict, &v), 0);
	assert_non_null(v);
	return v;
}

static const struct verdict clean = {.judgement = JUDGEMENT_CLEAN};

static void a_run_is_seen_as_it_was(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	one_child(led);
	end(led, 3 << 8);
	v = see(led, &clean);
	ledger_free(led); /* the view must not need it any more */
	assert_string_equal(v->command, "./server -x");
	assert_string_equal(v->source, "bpf");
	assert_int_equal(v->forks, 1);
	assert_int_equal(v->exits, 2);
	assert_int_equal(v->exit_status, 3);
	assert_int_equal(v->signal, 0);
	assert_false(v->cut_off);
	assert_true(v->settle_seconds > 1.49 && v->settle_seconds < 1.51);
	assert_string_equal(v->root.comm, "server");
	assert_int_equal(v->root.pid, 100);
	assert_int_equal(v->root.private_peak.bytes, 12288);
	assert_int_equal(v->root.page_table.bytes, 20480);
	assert_int_equal(v->root.commit.known, KNOWN_NOT);
	assert_int_equal(v->pools[POOL_KERNEL].charged.bytes, 384);
	assert_int_equal(v->pools[POOL_KERNEL].live.bytes, 192);
	assert_int_equal(v->pools[POOL_PRIVATE].inherited.bytes, 4096);
	assert_int_equal(v->pools[POOL_KERNEL].inherited.known, KNOWN_NOT);
	view_free(v);
}

static void a_pool_that_nobody_spoke_of_is_unknown(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	one_child(led);
	end(led, 0);
	v = see(led, &clean);
	assert_int_equal(v->pools[POOL_SHARED].charged.known, KNOWN_NOT);
	assert_int_equal(v->pools[POOL_SHARED].live.known, KNOWN_NOT);
	assert_int_equal(v->pools[POOL_KERNEL].unattributed.known, KNOWN_NOT);
	assert_int_equal(v->book_count, 0);
	view_free(v);
	ledger_free(led);
}

static void tags_stand_by_what_is_still_live(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	one_child(led);
	end(led, 0);
	v = see(led, &clean);
	/* maple_node was announced, but nothing was ever said of it */
	assert_int_equal(v->tag_count, 2);
	assert_string_equal(v->tags[0].tag, "filp");
	assert_int_equal(v->tags[0].live.bytes, 192);
	assert_int_equal(v->tags[0].live.known, KNOWN_EXACT);
	assert_int_equal(v->tags[0].asked_count, 1);
	assert_string_equal(v->tags[1].tag, "fd.file");
	assert_int_equal(v->tags[1].charged.known, KNOWN_ESTIMATE);
	view_free(v);
	ledger_free(led);
}

static void a_signal_reads_as_a_shell_says_it(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	end(led, 9);
	v = see(led, &clean);
	assert_int_equal(v->signal, 9);
	assert_int_equal(v->exit_status, 137);
	view_free(v);
	ledger_free(led);
}

static void a_command_that_never_ran_has_no_status(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	end(led, -1);
	v = see(led, &clean);
	assert_int_equal(v->exit_status, -1);
	assert_int_equal(v->root.private_peak.known, KNOWN_NOT);
	view_free(v);
	ledger_free(led);
}

static void a_cut_off_session_says_so(void **state)
{
	static const char *reasons[] = {"the session is cut off."};
	const struct verdict verdict = {
	    .judgement = JUDGEMENT_INCONCLUSIVE, .reasons = reasons, .reason_count = 1};
	struct ledger *led = begin();
	struct view *v = see(led, &verdict);

	assert_true(v->cut_off);
	assert_int_equal(v->pools[POOL_PRIVATE].live.known, KNOWN_NOT);
	assert_int_equal(v->exit_status, -1);
	assert_string_equal(v->headline, "the session is cut off (0 forks, source bpf)");
	view_free(v);
	ledger_free(led);
}

static void losses_blindness_and_books_are_carried(void **state)
{
	struct ledger *led = begin();
	struct view *v;

	FEED(led, .type = EVENT_LOSS, .text = "ring full", .u.loss = {LOSS_RECORDS, 0, 23});
	FEED(led, .type = EVENT_BLIND, .text = "no percpu here");
	FEED(led, .type = EVENT_BOOK, .u.book = {POOL_KERNEL, 0, 5000, 6000, 7, 0});
	FEED(led, .type = EVENT_BOOK, .u.book = {POOL_KERNEL, 1, 100, EVENT_UNKNOWN_BYTES, 0, 0});
	end(led, 0);
	v = see(led, &clean);
	ledger_free(led);
	assert_int_equal(v->lost_events, 23);
	assert_int_equal(v->loss_count, 1);
	assert_string_equal(v->losses[0].what, "ring full");
	assert_int_equal(v->not_seen_count, 1);
	assert_string_equal(v->not_seen[0], "no percpu here");
	assert_int_equal(v->book_count, 2);
	assert_false(v->books[0].at_end);
	assert_int_equal(v->books[0].processes, 7);
	assert_int_equal(view_book_difference(&v->books[0]).bytes, 1000);
	assert_int_equal(view_book_difference(&v->books[1]).known, KNOWN_NOT);
	view_free(v);
}

static void a_finding_brings_its_call_stack(void **state)
{
	struct finding_part part = {"filp", POOL_KERNEL, 23, amount_exact(4416)};
	struct finding finding = {.cause = "fd.pipe",
				  .where = WHERE_HELD,
				  .pool = POOL_KERNEL,
				  .count = 23,
				  .bytes = amount_exact(4416),
				  .forks = 23,
				  .count_per_fork = 1,
				  .bytes_per_fork = 192,
				  .holder = SERVER,
				  .holder_comm = "sixteen-bytes-XX", /* no NUL behind it */
				  .parts = &part,
				  .part_count = 1,
				  .take = 5,
				  .hint = "Close it."};
	const struct verdict verdict = {
	    .judgement = JUDGEMENT_LEAK, .findings = &finding, .finding_count = 1};
	struct ledger *led = begin();
	struct view *v;

	FEED(led, .type = EVENT_TAKE, .text = "pipe2", .u.take = {.take = 5, .syscall_nr = 293});
	FEED(led, .type = EVENT_FRAME, .text = "main\tserver.c\t/bin/server",
	     .u.frame = {.take = 5, .index = 1, .line = 42, .offset = 77});
	end(led, 0);
	v = see(led, &verdict);
	ledger_free(led);
	assert_int_equal(v->finding_count, 1);
	assert_string_equal(v->findings[0].title, "Pipes stay open");
	assert_string_equal(v->findings[0].holder_comm, "sixteen-bytes-XX");
	assert_int_equal(v->findings[0].holder_pid, 100);
	assert_string_equal(v->findings[0].syscall, "pipe2");
	assert_int_equal(v->findings[0].frame_count, 2);
	assert_string_equal(v->findings[0].frames[0].function, ""); /* no event came for it */
	assert_string_equal(v->findings[0].frames[1].function, "main");
	assert_int_equal(v->findings[0].frames[1].line, 42);
	assert_string_equal(v->findings[0].parts[0].tag, "filp");
	view_free(v);
}

/* The bytes of all stacks are the finding's, whatever of them is known by place. */
static void stacks_are_all_of_a_finding(void **state)
{
	struct finding_take takes[] = {
	    {5, POOL_KERNEL, amount_exact(1000)},
	    {6, POOL_KERNEL, amount_exact(3000)},
	    {6, POOL_PRIVATE, amount_exact(7777)},
	    {7, POOL_KERNEL, {.known = KNOWN_NOT}},
	};
	struct finding finding = {.cause = "fd.pipe",
				  .pool = POOL_KERNEL,
				  .bytes = amount_exact(4416),
				  .holder = SERVER,
				  .take = 5,
				  .takes = takes,
				  .take_count = 4,
				  .hint = ""};
	const struct verdict verdict = {
	    .judgement = JUDGEMENT_LEAK, .findings = &finding, .finding_count = 1};
	struct ledger *led = begin();
	const struct view_finding *f;
	struct view *v;

	FEED(led, .type = EVENT_TAKE, .text = "pipe2", .u.take = {.take = 5});
	FEED(led, .type = EVENT_FRAME, .text = "a\t\tm", .u.frame = {.take = 5});
	FEED(led, .type = EVENT_FRAME, .text = "main\t\tm", .u.frame = {.take = 5, .index = 1});
	FEED(led, .type = EVENT_TAKE, .text = "pipe", .u.take = {.take = 6});
	FEED(led, .type = EVENT_FRAME, .text = "a\t\tm", .u.frame = {.take = 6});
	FEED(led, .type = EVENT_FRAME, .text = "b\t\tm", .u.frame = {.take = 6, .index = 1});
	end(led, 0);
	v = see(led, &verdict);
	f = &v->findings[0];
	assert_int_equal(f->stack_count, 3);
	assert_int_equal(f->stacks[0].bytes.bytes, 3000);
	assert_string_equal(f->stacks[0].syscall, "pipe");
	assert_string_equal(f->stacks[0].frames[1].function, "b");
	assert_int_equal(f->stacks[1].bytes.bytes, 1000);
	assert_string_equal(f->stacks[1].frames[1].function, "main");
	assert_int_equal(f->stacks[2].bytes.bytes, 416); /* at the finding's own place */
	assert_string_equal(f->stacks[2].frames[1].function, "main");
	/* What all of them have in common. */
	assert_non_null(strstr(f->suppression, "   fun:a\n}\n"));
	view_free(v);

	finding.take = 0;
	finding.bytes = (struct amount){.known = KNOWN_NOT};
	v = see(led, &verdict);
	assert_int_equal(v->findings[0].stack_count, 0);
	view_free(v);
	ledger_free(led);
}

static void headlines_say_it_in_words(void **state)
{
	static const char *reasons[] = {"3 records were lost.", "it was cut."};
	struct finding two[] = {{.cause = "fd.pipe",
				 .bytes = amount_exact(448000),
				 .count = 200,
				 .forks = 200,
				 .count_per_fork = 1,
				 .bytes_per_fork = 2240,
				 .hint = ""},
				{.cause = "zombie",
				 .bytes = amount_exact(147200),
				 .count = 20,
				 .forks = 200,
				 .count_per_fork = 0.1,
				 .bytes_per_fork = 736,
				 .hint = ""}};
	/* 60 pages for 200 forks: not a page for each third fork, that is no thing one leaves */
	struct finding heap = {.cause = "heap",
			       .bytes = amount_exact(245760),
			       .count = 60,
			       .forks = 200,
			       .count_per_fork = 0.3,
			       .bytes_per_fork = 1228.8,
			       .hint = ""};
	const struct {
		struct verdict verdict;
		const char *line;
	} cases[] = {
	    {{.judgement = JUDGEMENT_CLEAN}, "nothing was forked (0 forks, source bpf)"},
	    {{.judgement = JUDGEMENT_LEAK, .findings = two, .finding_count = 2},
	     "every fork leaves 2.9 KiB behind: 2 findings (0 forks, source bpf)"},
	    {{.judgement = JUDGEMENT_LEAK, .findings = two + 1, .finding_count = 1},
	     "1 fork in 10 leaves 7.2 KiB behind: 1 finding (0 forks, source bpf)"},
	    {{.judgement = JUDGEMENT_LEAK, .findings = &heap, .finding_count = 1},
	     "every fork leaves 1.2 KiB behind: 1 finding (0 forks, source bpf)"},
	    {{.judgement = JUDGEMENT_INCONCLUSIVE, .reasons = reasons, .reason_count = 2},
	     "3 records were lost, and more (0 forks, source bpf)"},
	};
	struct ledger *led = begin();

	end(led, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct view *v = see(led, &cases[i].verdict);

		assert_string_equal(v->headline, cases[i].line);
		view_free(v);
	}
	ledger_free(led);
}

static void every_cause_has_words(void **state)
{
	const struct cause_words *words;

	for (size_t i = 0; (words = cause_words_at(i)); i++) {
		assert_ptr_equal(cause_words(words->slug), words);
		assert_true(strlen(words->title) > 10 && strlen(words->title) < 70);
		assert_int_equal(!*words->thing, !*words->things);
	}
	assert_string_equal(cause_words("fd.something-new")->thing, "descriptor");
	assert_non_null(cause_words("never heard of")->title);
}

#if defined(__SANITIZE_ADDRESS__)
#define OWN_CALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_CALLOC 0
#endif
#endif
#ifndef OWN_CALLOC
#define OWN_CALLOC 1
#endif

static volatile int calloc_left = -1; /* how many may still succeed; -1: all */

#if OWN_CALLOC
void *__libc_calloc(size_t n, size_t size);
void *calloc(size_t n, size_t size)
{
	if (calloc_left == 0)
		return NULL;
	if (calloc_left > 0)
		calloc_left--;
	return __libc_calloc(n, size);
}
#endif

static void running_out_of_memory_is_told(void **state)
{
	struct ledger *led;
	struct view *v = NULL;
	int err = -ENOMEM, fails;
	void *(*volatile really)(size_t, size_t) = calloc; /* not inlined: as view.c calls it */
	void *probe;

	calloc_left = 0;
	probe = really(1, 1);
	calloc_left = -1;
	if (probe) {
		free(probe);
		skip(); /* a sanitizer or valgrind has its own calloc */
	}
	led = begin();
	for (unsigned i = 1; i <= 200; i++) {
		char name[40];

		snprintf(name, sizeof(name), "a-slab-cache-with-a-long-name-%u", i);
		FEED(led, .type = EVENT_TAG, .text = name, .u.tag = {i, POOL_KERNEL, 0, 0, 64});
		FEED(led, .type = EVENT_TOTAL, .u.total = {POOL_KERNEL, i, 1, 1, 64, 64, 0});
	}
	end(led, 0);
	for (fails = 0; fails < 100 && err; fails++) {
		calloc_left = fails;
		err = view_new(led, &clean, &v);
		calloc_left = -1;
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(err == 0 || v == NULL);
	}
	assert_int_equal(err, 0);
	assert_true(fails > 3);
	assert_int_equal(v->tag_count, 200);
	view_free(v);
	ledger_free(led);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_run_is_seen_as_it_was),
	    cmocka_unit_test(a_pool_that_nobody_spoke_of_is_unknown),
	    cmocka_unit_test(tags_stand_by_what_is_still_live),
	    cmocka_unit_test(a_signal_reads_as_a_shell_says_it),
	    cmocka_unit_test(a_command_that_never_ran_has_no_status),
	    cmocka_unit_test(a_cut_off_session_says_so),
	    cmocka_unit_test(losses_blindness_and_books_are_carried),
	    cmocka_unit_test(a_finding_brings_its_call_stack),
	    cmocka_unit_test(stacks_are_all_of_a_finding),
	    cmocka_unit_test(headlines_say_it_in_words),
	    cmocka_unit_test(every_cause_has_words),
	    cmocka_unit_test(running_out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
