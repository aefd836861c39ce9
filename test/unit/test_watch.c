// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Covers: a row of made censuses, as events, through the ledger to the verdict: who grows and by
 * how much for each fork, with even looks and with bursts; caches that fill up; what was there
 * before; forks before the first look; an exec; a pid that is used again; the end of a process;
 * zombies; who forks too little or not at all; no counters; that its JSON is as the schema says.
 * And the options of "watch" and how often it looks. Does not cover: real processes
 * (test/e2e/watch.sh).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "cmd/watch_options.h"
#include "ledger/ledger.h"
#include "out/json.h"
#include "schema.h"
#include "source/watch/sampler.h"
#include "verdict/verdict.h"
#include "view/view.h"

#define SECOND	    1000000000ULL
#define PAGE	    4096
#define SERVER	    100
#define CHILD	    101
#define FILE_BYTES  216
#define LOOKS_USUAL 32

/* A machine of a few processes, and what was made of it. */
struct machine {
	struct census census;
	struct census_process process[4];
	struct census_part part[4][CENSUS_KINDS];
	struct follow_process follow[4];
	uint32_t count; /* processes; [0] is the server */
	bool counted;
	struct ledger *led;
	struct sampler *sampler;
	struct verdict *verdict;
};

static int apply(void *ctx, const struct event *ev)
{
	struct machine *m = ctx;

	return ledger_apply(m->led, ev);
}

static void add(struct machine *m, uint32_t pid, uint32_t ppid, uint64_t start_ns)
{
	uint32_t i = m->count++;
	struct account_id id = {.tgid = pid, .start_ns = start_ns};

	m->process[i] = (struct census_process){.tgid = pid,
						.ppid = ppid,
						.start_ns = start_ns,
						.parent = i ? 0 : CENSUS_NONE,
						.threads = 1,
						.comm = "server",
						.kernel = amount_exact(30000),
						.private = amount_exact(100 * PAGE),
						.part = m->part[i]};
	memset(m->part[i], 0, sizeof(m->part[i]));
	m->part[i][KIND_FD_FILE] = (struct census_part){.count = 3, .bytes = 3 * FILE_BYTES};
	m->follow[i] = (struct follow_process){.self = id};
	if (i) {
		m->follow[i].parent_tgid = SERVER;
		m->follow[i].parent_start_ns = m->process[0].start_ns;
	}
}

static void begin(struct machine *m, bool counted)
{
	static const uint32_t server = SERVER;
	struct sampler_options options = {.emit = apply,
					  .emit_ctx = m,
					  .what = "a test",
					  .pids = &server,
					  .pid_count = 1,
					  .forks_counted = counted};

	*m = (struct machine){.counted = counted};
	m->census = (struct census){.source = counted ? SOURCE_BPF : SOURCE_PROC,
				    .process = m->process,
				    .time_ns = 1000 * SECOND};
	m->led = ledger_new();
	assert_non_null(m->led);
	assert_int_equal(sampler_new(&options, &m->sampler), 0);
	add(m, SERVER, 1, 10 * SECOND);
}

static void look(struct machine *m)
{
	m->census.count = m->count;
	assert_int_equal(sampler_look(m->sampler, &m->census, m->follow, m->counted ? m->count : 0),
			 0);
	m->census.time_ns += SECOND;
}

/* The server forks, and keeps files. */
static void serve(struct machine *m, unsigned forks, int files)
{
	struct census_part *part = &m->part[0][KIND_FD_FILE];

	m->follow[0].forks += forks;
	m->follow[0].ended += forks;
	m->census.machine.forks += forks;
	part->count += (uint32_t)files;
	part->bytes += (int64_t)files * FILE_BYTES;
	look(m);
}

static const struct finding *judge(struct machine *m)
{
	assert_int_equal(sampler_end(m->sampler, 0, 0), 0);
	assert_int_equal(verdict_new(m->led, &m->verdict), 0);
	assert_true(m->verdict->watch.seen);
	return m->verdict->finding_count ? m->verdict->findings : NULL;
}

static void end(struct machine *m)
{
	verdict_free(m->verdict);
	sampler_free(m->sampler);
	ledger_free(m->led);
}

static void expect_clean(struct machine *m)
{
	assert_null(judge(m));
	assert_int_equal(m->verdict->reason_count, 0);
	assert_int_equal(m->verdict->judgement, JUDGEMENT_CLEAN);
	assert_int_equal(m->verdict->watch.judged, 1);
	end(m);
}

static void expect_inconclusive(struct machine *m, const char *why)
{
	bool said = false;

	assert_null(judge(m));
	assert_int_equal(m->verdict->judgement, JUDGEMENT_INCONCLUSIVE);
	for (size_t i = 0; i < m->verdict->reason_count; i++)
		said |= !!strstr(m->verdict->reasons[i], why);
	if (!said)
		fail_msg("not said: %s; but: %s", why, m->verdict->reasons[0]);
	end(m);
}

/* As many files as @files, within one in a hundred, in as many forks. */
static void expect_files(struct machine *m, uint64_t files, uint64_t forks)
{
	const struct finding *f = judge(m);

	assert_non_null(f);
	assert_int_equal(m->verdict->judgement, JUDGEMENT_LEAK);
	assert_int_equal(m->verdict->finding_count, 1);
	assert_string_equal(f->cause, "fd.file");
	assert_int_equal(f->where, WHERE_HELD);
	assert_int_equal(f->holder.tgid, SERVER);
	assert_int_equal(f->forks, forks);
	assert_in_range(f->count, files - files / 100, files + files / 100);
	assert_in_range(f->bytes.bytes, (files - files / 100) * FILE_BYTES,
			(files + files / 100) * FILE_BYTES);
	end(m);
}

static void a_file_for_each_fork_is_a_leak(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 23, 23);
	expect_files(&m, LOOKS_USUAL * 23, LOOKS_USUAL * 23);
}

static void what_it_comes_to_in_a_minute_is_known(void **state)
{
	const struct finding *f;
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	look(&m); /* nothing yet */
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 5, 5);
	f = judge(&m);
	assert_non_null(f);
	assert_int_equal(f->looks, LOOKS_USUAL);
	assert_int_equal(f->watched_ns, LOOKS_USUAL * SECOND); /* since the look before the first */
	end(&m);
}

static void one_in_seven_is_told_as_such(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 49, 7);
	expect_files(&m, LOOKS_USUAL * 7, LOOKS_USUAL * 49);
}

static void bursts_do_not_hide_a_leak(void **state)
{
	static const int forks[] = {2, 3, 300, 1, 2, 150, 4, 2};
	unsigned sum = 0;
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < 48; i++) {
		serve(&m, (unsigned)forks[i % 8], forks[i % 8]);
		sum += (unsigned)forks[i % 8];
	}
	expect_files(&m, sum, sum);
}

static void a_cache_that_fills_up_is_no_leak(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 23, i < 8 ? 23 : 0);
	expect_clean(&m);
}

/* Though it is straight in the forks: one look told all of it. */
static void a_cache_that_fills_in_one_burst_is_no_leak(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, i == 16 ? 500 : 1, i == 16 ? 500 : 0);
	expect_clean(&m);
}

static void a_pool_that_goes_up_and_down_is_no_leak(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 10, i % 4 == 3 ? -30 : 10);
	expect_clean(&m);
}

static void forks_before_the_first_look_do_not_count(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	serve(&m, 1000, 400);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 11, 11);
	expect_files(&m, LOOKS_USUAL * 11, LOOKS_USUAL * 11);
}

static void growth_without_forks_is_a_note(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 0, 5);
	assert_null(judge(&m));
	assert_int_equal(m.verdict->judgement, JUDGEMENT_INCONCLUSIVE);
	assert_int_equal(m.verdict->note_count, 1);
	assert_non_null(strstr(m.verdict->notes[0], "grows with time"));
	assert_non_null(strstr(m.verdict->reasons[0], "nobody was seen to fork"));
	end(&m);
}

static void few_looks_are_not_enough(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < 5; i++)
		serve(&m, 40, i < 3 ? 40 : 0);
	expect_inconclusive(&m, "too few looks");
}

static void few_forks_are_not_enough(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, i % 8 == 0, i % 8 == 0);
	expect_inconclusive(&m, "nobody forked often enough");
}

static void nothing_is_clean_without_counters(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, false);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 23, 0);
	expect_inconclusive(&m, "without BPF");
}

static void an_exec_begins_anew(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 10, 10);
	m.follow[0].execs++;
	m.part[0][KIND_FD_FILE] = (struct census_part){.count = 3, .bytes = 3 * FILE_BYTES};
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 10, 0);
	expect_clean(&m);
}

static void private_memory_grows(void **state)
{
	const struct finding *f;
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++) {
		m.process[0].private.bytes += 7 * 2 * PAGE;
		serve(&m, 7, 0);
	}
	f = judge(&m);
	assert_non_null(f);
	assert_string_equal(f->cause, "heap");
	assert_in_range((uint64_t)f->bytes_per_fork, 2 * PAGE * 98 / 100, 2 * PAGE * 102 / 100);
	end(&m);
}

/* A child at each look, which is never waited for. */
static void zombies_are_found_with_and_without_counters(void **state)
{
	(void)state;
	for (int counted = 0; counted < 2; counted++) {
		static struct census_process many[64];
		const struct finding *f;
		struct machine m;

		begin(&m, counted);
		memset(many, 0, sizeof(many));
		many[0] = m.process[0];
		m.census.process = many;
		look(&m);
		for (uint32_t i = 0; i < LOOKS_USUAL; i++) {
			many[m.count] = (struct census_process){.tgid = SERVER + 1 + i,
								.ppid = SERVER,
								.start_ns = (1000 + i) * SECOND,
								.flags = CENSUS_ZOMBIE,
								.comm = "server",
								.kernel = amount_exact(7000)};
			m.census.machine.forks++;
			m.follow[0].forks++;
			m.census.count = ++m.count;
			assert_int_equal(sampler_look(m.sampler, &m.census, m.follow, counted), 0);
			m.census.time_ns += SECOND;
		}
		f = judge(&m);
		assert_non_null(f);
		assert_string_equal(f->cause, "zombie");
		assert_int_equal(f->count, LOOKS_USUAL);
		assert_int_equal(f->forks, LOOKS_USUAL);
		assert_int_equal(f->holder.tgid, SERVER);
		assert_int_equal(ledger_counts(m.led)->disorder, 0);
		assert_int_equal(ledger_counts(m.led)->strangers, 0);
		end(&m);
	}
}

/* One that has the pid of one that is gone holds less, and is another. */
static void a_pid_that_is_used_again_is_another_process(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++) {
		m.count = 1;
		add(&m, CHILD, SERVER, (1000 + i) * SECOND);
		m.part[1][KIND_FD_FILE].count = 10 * i; /* its own */
		serve(&m, 1, 0);
	}
	m.count = 1;
	look(&m);
	assert_null(judge(&m));
	assert_int_equal(m.verdict->judgement, JUDGEMENT_CLEAN);
	assert_int_equal(ledger_counts(m.led)->forks, LOOKS_USUAL);
	assert_int_equal(ledger_counts(m.led)->exits, LOOKS_USUAL);
	assert_int_equal(ledger_counts(m.led)->disorder, 0);
	end(&m);
}

static void what_it_did_until_its_end_is_judged(void **state)
{
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	for (unsigned i = 0; i < LOOKS_USUAL; i++)
		serve(&m, 3, 3);
	m.count = 0;
	look(&m);
	assert_int_equal(sampler_counts(m.sampler).processes, 0);
	expect_files(&m, LOOKS_USUAL * 3, LOOKS_USUAL * 3);
}

/* A worker that is forked while it is watched, and forks before it is seen. */
static void a_child_of_a_watched_one_is_watched(void **state)
{
	const struct finding *f;
	struct machine m;

	(void)state;
	begin(&m, true);
	look(&m);
	add(&m, CHILD, SERVER, 1000 * SECOND);
	m.follow[1].forks = 17;
	serve(&m, 1, 0);
	for (unsigned i = 0; i < LOOKS_USUAL; i++) {
		m.follow[1].forks += 4;
		m.part[1][KIND_FD_FILE].count += 4;
		m.part[1][KIND_FD_FILE].bytes += 4 * FILE_BYTES;
		look(&m);
	}
	f = judge(&m);
	assert_non_null(f);
	assert_int_equal(f->holder.tgid, CHILD);
	assert_int_equal(f->forks, 4 * LOOKS_USUAL);
	assert_int_equal(f->count, 4 * LOOKS_USUAL);
	assert_int_equal(ledger_counts(m.led)->forks, 1 + 17 + 4 * LOOKS_USUAL);
	end(&m);
}

static json_t *json_of(const struct view *v)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);
	json_t *root;

	assert_non_null(f);
	assert_int_equal(json_write(f, v), 0);
	fclose(f);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

/* Of a leak, and of nothing. */
static void the_report_is_as_the_schema_says(void **state)
{
	json_t *schema = schema_load("doc/report.schema.json");
	char why[SCHEMA_WHY_BYTES];

	(void)state;
	for (int leaks = 0; leaks < 2; leaks++) {
		struct machine m;
		struct view *v;
		json_t *root;

		begin(&m, true);
		look(&m);
		for (unsigned i = 0; i < LOOKS_USUAL; i++)
			serve(&m, 4, leaks ? 4 : 0);
		(void)judge(&m);
		assert_int_equal(view_new(m.led, m.verdict, &v), 0);
		root = json_of(v);
		if (!schema_allows(schema, schema, root, "report", why))
			fail_msg("%s", why);
		assert_int_equal(json_integer_value(schema_point(root, "watch/judged")), 1);
		assert_true(json_real_value(schema_point(root, "watch/seconds")) == LOOKS_USUAL);
		if (leaks)
			assert_true(json_real_value(schema_point(
					root, "findings/0/watched/count_per_minute")) == 240);
		assert_string_equal(
		    v->headline, leaks ? "server (pid 100) grows with its forks, by 216 B for each "
					 "and 50.6 KiB a minute (128 forks, source census)"
				       : "the one process that forked often enough to be judged "
					 "does not grow with its forks (128 forks, source census)");
		json_decref(root);
		view_free(v);
		end(&m);
	}
	json_decref(schema);
}

static int parse(struct watch_cmd_options *o, char *error, char *const *words)
{
	int count = 0;

	while (words[count])
		count++;
	return watch_options_parse(count, words, o, error);
}
#define PARSE(...) parse(&o, error, (char *const[]){__VA_ARGS__, NULL})

static void options_are_read(void **state)
{
	char error[OPTIONS_ERROR_BYTES];
	struct watch_cmd_options o;

	(void)state;
	assert_int_equal(watch_options_parse(0, (char *const[]){NULL}, &o, error), 0);
	assert_null(o.pids);
	assert_int_equal(o.run.timeout_ns, 0);
	assert_int_equal(o.run.report.error_exitcode, STATUS_LEAK);
	assert_int_equal(PARSE("--for=10m", "4711", "-d", "2", "--json", "1"), 0);
	assert_int_equal(o.run.timeout_ns, 600 * SECOND);
	assert_int_equal(o.interval_ns, 2 * SECOND);
	assert_true(o.run.report.json);
	assert_int_equal(o.pid_count, 2);
	assert_int_equal(o.pids[0], 4711);
	assert_int_equal(o.pids[1], 1);
	watch_options_done(&o);
	assert_int_equal(PARSE("-u", "www", "-g", "/a", "--source=proc", "--error-exitcode=3"), 0);
	assert_string_equal(o.user, "www");
	assert_string_equal(o.cgroup, "/a");
	assert_int_equal(o.run.source, SOURCE_CHOICE_PROC);
	assert_int_equal(o.run.report.error_exitcode, 3);
}

static void wrong_options_are_refused(void **state)
{
	char error[OPTIONS_ERROR_BYTES];
	struct watch_cmd_options o;

	(void)state;
	assert_int_equal(PARSE("init"), -EINVAL);
	assert_non_null(strstr(error, "'init' is no process id"));
	assert_int_equal(PARSE("0"), -EINVAL);
	assert_int_equal(PARSE("1K"), -EINVAL);
	assert_int_equal(PARSE("--for=0"), -EINVAL);
	assert_int_equal(PARSE("--interval=1us"), -EINVAL);
	assert_int_equal(PARSE("--user=a", "12"), -EINVAL);
	assert_non_null(strstr(error, "exclude"));
	assert_int_equal(PARSE("12", "--cgroup=/a"), -EINVAL);
}

static void it_looks_often_at_first_and_costs_little(void **state)
{
	struct watch_cmd_options o = {.interval_ns = 0};

	(void)state;
	assert_int_equal(watch_interval(&o, 0, 0), SECOND / 4);
	assert_int_equal(watch_interval(&o, 64 * SECOND, 0), 2 * SECOND);
	assert_int_equal(watch_interval(&o, 86400 * SECOND, 0), 10 * SECOND);
	assert_int_equal(watch_interval(&o, 0, SECOND / 10), 5 * SECOND);
	assert_int_equal(watch_interval(&o, 86400 * SECOND, SECOND), 50 * SECOND);
	o.interval_ns = SECOND;
	assert_int_equal(watch_interval(&o, 86400 * SECOND, 10 * SECOND), SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_for_each_fork_is_a_leak),
	    cmocka_unit_test(what_it_comes_to_in_a_minute_is_known),
	    cmocka_unit_test(one_in_seven_is_told_as_such),
	    cmocka_unit_test(bursts_do_not_hide_a_leak),
	    cmocka_unit_test(a_cache_that_fills_up_is_no_leak),
	    cmocka_unit_test(a_cache_that_fills_in_one_burst_is_no_leak),
	    cmocka_unit_test(a_pool_that_goes_up_and_down_is_no_leak),
	    cmocka_unit_test(forks_before_the_first_look_do_not_count),
	    cmocka_unit_test(growth_without_forks_is_a_note),
	    cmocka_unit_test(few_looks_are_not_enough),
	    cmocka_unit_test(few_forks_are_not_enough),
	    cmocka_unit_test(nothing_is_clean_without_counters),
	    cmocka_unit_test(an_exec_begins_anew),
	    cmocka_unit_test(private_memory_grows),
	    cmocka_unit_test(zombies_are_found_with_and_without_counters),
	    cmocka_unit_test(a_pid_that_is_used_again_is_another_process),
	    cmocka_unit_test(what_it_did_until_its_end_is_judged),
	    cmocka_unit_test(a_child_of_a_watched_one_is_watched),
	    cmocka_unit_test(the_report_is_as_the_schema_says),
	    cmocka_unit_test(options_are_read),
	    cmocka_unit_test(wrong_options_are_refused),
	    cmocka_unit_test(it_looks_often_at_first_and_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
