/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: the text of suppressions, what is right and what each mistake is called; which findings
 * of the golden session a block matches, by cause, holder and stack; what it does to the verdict
 * and the view; that a generated block matches its own finding, whatever its names hold.
 * Does not cover: files and options (test/fault/faces.sh).
 */
#include "golden.h"
#include <errno.h>
#include <fcntl.h>
#include "event/log_reader.h"
#include "events.h"
#include "verdict/suppress.h"
#include "verdict/verdict.h"
#include "view/view.h"

#define SESSION "test/golden/server.ndjson"

static char error[SUPPRESS_ERROR_BYTES];

/* Line by line as a file would be read; ret_line: the last one that was looked at. */
static int add(struct suppressions *list, const char *text, uint64_t *ret_line)
{
	int err = 0;

	for (*ret_line = 0; !err && *text; text += strcspn(text, "\n"), text += *text == '\n')
		err = suppressions_line(list, "known.supp", ++*ret_line, text, strcspn(text, "\n"),
					error);
	return err ? err : suppressions_end(list, error);
}

static struct suppressions *parsed(const char *text)
{
	struct suppressions *list;
	uint64_t line;

	assert_int_equal(suppressions_new(&list), 0);
	if (add(list, text, &line))
		fail_msg("line %llu: %s of\n%s", (unsigned long long)line, error, text);
	return list;
}

/* A server that forks 23 times; pipe2 <- open_session (server.c:112) <- main <- libc.so.6+0x1444 */
static struct ledger *server(void)
{
	struct ledger *led = ledger_new();
	struct log_reader *reader;
	struct event ev;

	assert_non_null(led);
	assert_int_equal(log_reader_new(open(SESSION, O_RDONLY | O_CLOEXEC), &reader), 0);
	while (log_reader_next(reader, &ev) == 1)
		assert_int_equal(ledger_apply(led, &ev), 0);
	log_reader_free(reader);
	return led;
}

static void mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text;
		uint64_t line;
		const char *about;
	} wrongs[] = {
	    {"fun:main\n", 1, "'{', which begins a block"},
	    {"# a\n\n{ name\n", 3, "'{ name' is not '{'"},
	    {"}\n", 1, "'}' is not '{'"},
	    {"{\n}\n", 2, "before its name"},
	    {"{\nname\n}\n", 3, "before its 'cause:' line"},
	    {"{\nname\nfun:main\n}\n", 3, "'fun:main' is not 'cause:NAME'"},
	    {"{\nname\ncuase:heap\n}\n", 3, "'cuase:heap' is not"},
	    {"{\nname\nmemcheck:Leak\n}\n", 3, "'memcheck:Leak' is not"},
	    {"{\nname\nMemchecks:Leak\n}\n", 3, "'Memchecks:Leak' is not"},
	    {"{\nname\ncause:\n}\n", 3, "needs a name"},
	    {"{\nname\ncause: \t\n}\n", 3, "needs a name"},
	    {"{\nname\ncause:heap\ncause:heap\n}\n", 4, "'cause:heap' is not 'comm:'"},
	    {"{\nname\ncause:heap\ncomm:a\ncomm:b\n}\n", 5, "one 'comm:' line"},
	    {"{\nname\ncause:heap\nfun:a\ncomm:b\n}\n", 5, "before the frames"},
	    {"{\nname\ncause:heap\nfun:\n}\n", 4, "behind its colon"},
	    {"{\nname\ncause:heap\nFun:a\n}\n", 4, "'Fun:a' is not"},
	    {"{\nname\ncause:heap\n....\n}\n", 4, "'....' is not"},
	    {"{\nname\ncause:heap\n{\n", 4, "is not closed"},
	    {"{\n{\n", 2, "is not closed"},
	    {"{\nname\ncause:heap\n", 3, "begins at line 1: '}' is missing"},
	    {"\n{\nname\nMemcheck:Leak\nfun:a\n", 5, "begins at line 2: '}' is missing"},
	    {"{\nname\ncause:\033[2J\n\xff\n}\n", 4, "'?' is not"},
	};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct suppressions *list;
		uint64_t line;

		assert_int_equal(suppressions_new(&list), 0);
		assert_int_equal(add(list, wrongs[i].text, &line), -EINVAL);
		if (line != wrongs[i].line || !strstr(error, wrongs[i].about) ||
		    strpbrk(error, "\n\033\xff"))
			fail_msg("line %llu: \"%s\" for\n%s", (unsigned long long)line, error,
				 wrongs[i].text);
		suppressions_free(list);
	}
}

static void a_nul_byte_and_a_long_line_are_refused(void **state)
{
	struct suppressions *list;
	char *text = malloc(100000);

	assert_int_equal(suppressions_new(&list), 0);
	assert_int_equal(suppressions_line(list, "f", 1, "{\0", 2, error), -EINVAL);
	assert_non_null(strstr(error, "NUL"));
	memset(text, 'x', 99999);
	text[99999] = '\0';
	assert_int_equal(suppressions_line(list, "f", 1, text, 99999, error), -EINVAL);
	assert_non_null(strstr(error, "xxx...' is not"));
	suppressions_free(list);
	free(text);
}

static void blanks_comments_and_other_tools_are_skipped(void **state)
{
	struct suppressions *list = parsed("# c\n\n{\r\n  a name of: words # no comment\r\n"
					   "\tcause: fd.* \n  # c\n\n ... \n  }\n"
					   "{\nx\nMemcheck:Leak\nmatch-leak-kinds: all\nfun:y\n}\n"
					   "{\ny\nMemcheck,Helgrind:Race\nany\n}\n"
					   "{\nlast\ncause:heap\n}");
	const struct suppression *s = suppressions_at(list, 0);

	assert_string_equal(s->name, "a name of: words # no comment");
	assert_string_equal(s->file, "known.supp");
	assert_int_equal(s->line, 3);
	assert_string_equal(suppressions_at(list, 1)->name, "last");
	assert_int_equal(suppressions_at(list, 1)->line, 21);
	assert_null(suppressions_at(list, 2));
	suppressions_free(list);
}

/* Is the server's finding suppressed by a block with this body? */
static bool matches(const struct ledger *led, const char *body)
{
	struct suppressions *list;
	struct verdict *v;
	char *text;
	bool clean;

	assert_true(asprintf(&text, "{\nname\n%s}\n", body) > 0);
	list = parsed(text);
	assert_int_equal(verdict_new(led, &v), 0);
	assert_int_equal(verdict_suppress(v, led, list), 0);
	assert_int_equal(v->finding_count + v->suppressed_count, 1);
	clean = v->judgement == JUDGEMENT_CLEAN;
	assert_int_equal(clean, v->suppressed_count == 1);
	assert_int_equal(suppressions_at(list, 0)->used, v->suppressed_count);
	verdict_free(v);
	suppressions_free(list);
	free(text);
	return clean;
}

static void a_block_matches_by_cause_holder_and_stack(void **state)
{
	static const struct {
		const char *body;
		bool matches;
	} cases[] = {
	    {"cause:fd.pipe\n", true},
	    {"cause:fd.*\n", true},
	    {"cause:*\n", true},
	    {"cause:fd.pip?\n", true},
	    {"cause:*.*i*e\n", true},
	    {"cause:fd.pipe?\n", false},
	    {"cause:fd\n", false},
	    {"cause:fd.socket\n", false},
	    {"cause:fd.pipe*x\n", false},
	    {"cause:*\ncomm:server\n", true},
	    {"cause:*\ncomm:s*r\n", true},
	    {"cause:*\ncomm:*\n", true},
	    {"cause:*\ncomm:serve\n", false},
	    {"cause:*\ncomm:\n", false},
	    {"cause:*\nfun:pipe2\n", true},
	    {"cause:*\nfun:pipe2\nfun:open_session\nfun:main\nobj:*\n", true},
	    {"cause:*\nfun:pipe2\nfun:open_session\nfun:main\nobj:*\n...\n", true},
	    {"cause:*\nfun:pipe2\nfun:open_session\nfun:main\nobj:*\nobj:*\n", false},
	    {"cause:*\nfun:alloc_pipe_info\n", false}, /* the kernel's */
	    {"cause:*\n...\nfun:alloc_pipe_info\n", false},
	    {"cause:*\nfun:open_session\n", false},
	    {"cause:*\n...\nfun:open_session\n", true},
	    {"cause:*\n...\nfun:main\nfun:open_session\n", false},
	    {"cause:*\nfun:pipe2\n...\nfun:main\n", true},
	    {"cause:*\nfun:pipe2\n...\nfun:open_session\n...\nobj:libc.so.6\n", true},
	    {"cause:*\n...\n...\nfun:ma*\n", true},
	    {"cause:*\n...\nfun:nothing\n", false},
	    {"cause:*\n...\n", true},
	    {"cause:*\nobj:libc.so.6\n", true},
	    {"cause:*\nobj:/lib/x86_64-linux-gnu/libc.so.6\n", true},
	    {"cause:*\nobj:*/libc.so.*\n", true},
	    {"cause:*\nobj:/lib/libc.so.6\n", false},
	    {"cause:*\nobj:gnu/libc.so.6\n", false},
	    {"cause:*\nfun:*\nobj:server\nsrc:server.c:210\n", true},
	    {"cause:*\n...\nsrc:server.c\n", true},
	    {"cause:*\n...\nsrc:server.c:11?\n", true},
	    {"cause:*\n...\nsrc:server.c:11\n", false},
	    {"cause:*\n...\nsrc:server.c:210\nsrc:*\n", true},
	    {"cause:heap\n...\nfun:main\n", false},
	    {"cause:*\ncomm:other\n...\nfun:main\n", false},
	};
	struct ledger *led = server();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (matches(led, cases[i].body) != cases[i].matches)
			fail_msg("should %smatch:\n%s", cases[i].matches ? "" : "not ",
				 cases[i].body);
	ledger_free(led);
}

/* Each star that is tried again at each place would take for ever. */
static void stars_take_no_exponential_time(void **state)
{
	struct ledger *led = server();
	char body[2000] = "cause:";

	for (int i = 0; i < 200; i++)
		strcat(body, "*f*d");
	strcat(body, "x\n");
	for (int i = 0; i < 200; i++)
		strcat(body, "...\n");
	assert_false(matches(led, body));
	ledger_free(led);
}

static struct view *viewed(const struct ledger *led, struct suppressions *list)
{
	struct verdict *v;
	struct view *view;

	assert_int_equal(verdict_new(led, &v), 0);
	if (list)
		assert_int_equal(verdict_suppress(v, led, list), 0);
	assert_int_equal(view_new(led, v, &view), 0);
	verdict_free(v);
	return view;
}

static void the_first_that_matches_is_used_and_told(void **state)
{
	struct ledger *led = server();
	struct suppressions *list = parsed("{\nheaps\ncause:heap\n}\n{\npipes\ncause:fd.*\n}\n"
					   "{\nall\ncause:*\n}\n");
	struct view *v = viewed(led, list);

	suppressions_free(list); /* the view has its own */
	assert_int_equal(v->judgement, JUDGEMENT_CLEAN);
	assert_string_equal(v->headline, "nothing else grows with the forks (23 forks, source bpf, "
					 "1 finding suppressed)");
	assert_int_equal(v->finding_count, 0);
	assert_int_equal(v->suppressed_count, 1);
	assert_string_equal(v->suppressed[0].suppressed_by, "pipes");
	assert_int_equal(v->suppressed[0].bytes.bytes, 47104);
	assert_int_equal(v->suppression_count, 3);
	assert_int_equal(v->suppressions[0].used, 0);
	assert_int_equal(v->suppressions[1].used, 1);
	assert_int_equal(v->suppressions[1].bytes.bytes, 47104);
	assert_int_equal(v->suppressions[1].bytes.known, KNOWN_EXACT);
	assert_int_equal(v->suppressions[1].line, 5);
	assert_int_equal(v->suppressions[2].used, 0);
	view_free(v);
	ledger_free(led);
}

static void what_is_not_matched_stays_a_leak(void **state)
{
	struct ledger *led = server();
	struct suppressions *list = parsed("{\nheaps\ncause:heap\n}\n");
	struct view *v = viewed(led, list), *without = viewed(led, NULL);

	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_string_equal(v->headline, without->headline);
	assert_string_equal(v->findings[0].suppressed_by, "");
	assert_int_equal(v->suppressed_count, 0);
	assert_int_equal(without->suppression_count, 0);
	view_free(v);
	view_free(without);
	suppressions_free(list);
	ledger_free(led);
}

/* Pipes that a root with such names keeps. */
static struct ledger *named(const char *comm, const char *frame, const char *outer, bool lossy)
{
	enum { TAG_1K = 1, TAKE = 1, FORKS = 23 };
	struct event fork = {.u.fork = {.parent_private_bytes = UNKNOWN}};
	struct ledger *led = ledger_new();

	assert_non_null(led);
	memcpy(fork.u.fork.comm, comm, strlen(comm));
	put_session(led, SOURCE_BPF);
	put_tag(led, TAG_1K, POOL_KERNEL, "kmalloc-cg-1k");
	put(led, EVENT_FORK, ROOT, fork);
	put_take(led, TAKE, "pipe2");
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = TAKE, .index = 0}, .text = frame});
	put(led, EVENT_FRAME, 0,
	    (struct event){.u.frame = {.take = TAKE, .index = 1}, .text = outer});
	for (uint32_t i = 1; i <= FORKS; i++)
		put_child(led, ROOT, i, 4096);
	for (uint32_t i = 0; i < FORKS; i++)
		put_object(led, ROOT, HOLD_PROCESS, ROOT, TAG_1K, TAKE, i, 1, 1024, 9);
	if (lossy)
		put_loss(led, LOSS_RECORDS, 7, "the buffer was full");
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put_end(led);
	return led;
}

/* What was not seen is not made good by what is known. */
static void without_its_leak_a_lossy_run_is_inconclusive(void **state)
{
	struct suppressions *list = parsed("{\nall\ncause:*\n}\n");
	struct ledger *led = named("server", "f\t\tm", "main\t\tm", true);
	struct verdict *v;

	assert_int_equal(verdict_new(led, &v), 0);
	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_int_equal(verdict_suppress(v, led, list), 0);
	assert_int_equal(v->judgement, JUDGEMENT_INCONCLUSIVE);
	verdict_free(v);
	ledger_free(led);
	suppressions_free(list);
}

/* 40 places, each too rare to be a finding by itself, in two functions. */
static struct ledger *scattered(void)
{
	struct ledger *led = begin(SOURCE_BPF);

	put_tag(led, 1, POOL_KERNEL, "kmalloc-cg-1k");
	for (uint32_t i = 1; i <= 211; i++)
		put_child(led, ROOT, i, 0);
	for (uint32_t i = 0; i < 40; i++) {
		put_take(led, 100 + i, "pipe2");
		put(led, EVENT_FRAME, 0,
		    (struct event){.u.frame = {.take = 100 + i}, .text = "pipe2\t\tlibc.so.6"});
		put(led, EVENT_FRAME, 0,
		    (struct event){.u.frame = {.take = 100 + i, .index = 1},
				   .text = i == 17 ? "new\t\tm" : "known\t\tm"});
		put_object(led, ROOT, HOLD_PROCESS, ROOT, 1, 100 + i, i * 5, 1, 1024, 9);
	}
	put_exit(led, ROOT, 0);
	put_reap(led, ROOT);
	put_end(led);
	return led;
}

static void a_known_place_does_not_hide_another(void **state)
{
	struct ledger *led = scattered();
	struct view *v = viewed(led, NULL);
	const char *names = strchr(v->findings[0].suppression + 2, '\n') + 1;
	char *body = strndup(names, strlen(names) - 2);

	assert_false(matches(led, "cause:*\nfun:pipe2\nfun:known\n"));
	assert_true(matches(led, "cause:*\nfun:pipe2\nfun:*n*\n"));
	assert_true(matches(led, "cause:fd.*\n"));
	assert_non_null(strstr(body, "fun:pipe2\n"));
	assert_null(strstr(body, "fun:known\n"));
	assert_true(matches(led, body));
	free(body);
	view_free(v);
	ledger_free(led);
}

static void a_generated_block_matches_its_own_finding(void **state)
{
	static const char *const names[][3] = {
	    {"server", "open\tserver.c\t/srv/server", "main\tserver.c\t/srv/server"},
	    {" a b ", " f g \t\tm", "\t\t m "},
	    {"a\nb\x01\xff}", "f\n}\ncause:*\t\t", "\t\t/lib/\n.so"},
	    {"*?[a]\\", "operator[]\t\t", "ns::f<a, b>(int*)\t\t"},
	    {"#", "#\t\t", "\t\t"},
	    {"\xc3\xa9\xe2\x80\xae", "\xc3\xa9\xc2\x85\t\t", "...\t\t"},
	    {"", "}\t\t", "{\t\t"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct ledger *led = named(names[i][0], names[i][1], names[i][2], false);
		struct view *first = viewed(led, NULL), *second;
		struct suppressions *list;

		assert_int_equal(first->finding_count, 1);
		for (const char *s = first->findings[0].suppression; *s; s++)
			assert_true(*s == '\n' || (*s >= ' ' && *s <= '~'));
		list = parsed(first->findings[0].suppression);
		assert_null(suppressions_at(list, 1));
		second = viewed(led, list);
		if (second->suppressed_count != 1)
			fail_msg("does not match its own finding:\n%s",
				 first->findings[0].suppression);
		view_free(first);
		view_free(second);
		suppressions_free(list);
		ledger_free(led);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mistakes_are_named_with_their_line),
	    cmocka_unit_test(a_nul_byte_and_a_long_line_are_refused),
	    cmocka_unit_test(blanks_comments_and_other_tools_are_skipped),
	    cmocka_unit_test(a_block_matches_by_cause_holder_and_stack),
	    cmocka_unit_test(stars_take_no_exponential_time),
	    cmocka_unit_test(the_first_that_matches_is_used_and_told),
	    cmocka_unit_test(what_is_not_matched_stays_a_leak),
	    cmocka_unit_test(without_its_leak_a_lossy_run_is_inconclusive),
	    cmocka_unit_test(a_known_place_does_not_hide_another),
	    cmocka_unit_test(a_generated_block_matches_its_own_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
