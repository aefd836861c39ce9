/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: JUnit XML, SARIF and folded stacks of views made by hand and of the golden session,
 * against golden files; that hostile names break none of the forms; what GitHub asks of SARIF;
 * names of files against the root; memory that runs out at any moment; a full disk.
 * Does not cover: the whole schemas (test/fault/faces.sh has the one of JUnit).
 */
#include "golden.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include "event/log_reader.h"
#include "ledger/ledger.h"
#include "out/folded.h"
#include "out/junit.h"
#include "out/sarif.h"
#include "out/xml.h"
#include "out_sample.h"
#include "schema.h"
#include "verdict/rule.h"
#include "verdict/verdict.h"
#include "view/place.h"

typedef int (*face_fn)(FILE *f, const struct view *v);

static int sarif(FILE *f, const struct view *v)
{
	return sarif_write(f, v, &(struct sarif_options){"/srv", "0.0.0"});
}

/* The rules are the table of causes, which is not this test's: they are left out. */
static int sarif_without_rules(FILE *f, const struct view *v)
{
	json_t *root, *result;
	char *text = NULL;
	size_t i, len;
	FILE *whole = open_memstream(&text, &len);

	assert_int_equal(sarif(whole, v), 0);
	fclose(whole);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	assert_int_equal(json_object_del(schema_point(root, "runs/0/tool/driver"), "rules"), 0);
	json_array_foreach(schema_point(root, "runs/0/results"), i, result)
	    assert_int_equal(json_object_del(result, "ruleIndex"), 0);
	assert_int_equal(json_dumpf(root, f, JSON_INDENT(2) | JSON_REAL_PRECISION(12)), 0);
	fputc('\n', f);
	json_decref(root);
	return 0;
}

static const struct {
	const char *suffix;
	face_fn write;
} faces[] = {{"xml", junit_write}, {"sarif", sarif_without_rules}, {"folded", folded_write}};

#define FACES (sizeof(faces) / sizeof(*faces))

static char *made(face_fn face, const struct view *v)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(face(f, v), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(strlen(text), len);
	return text;
}

static void check_all(const char *name, const struct view *v)
{
	char path[100];

	for (size_t i = 0; i < FACES; i++) {
		char *text = made(faces[i].write, v);

		snprintf(path, sizeof(path), "test/golden/%s.%s", name, faces[i].suffix);
		golden_check(path, text);
		free(text);
	}
}

static void reports_are_as_their_golden_files(void **state)
{
	check_all("leak", &sample_leak);
	check_all("clean", &sample_clean);
	check_all("hostile", &sample_hostile);
}

static void a_session_gives_its_golden_reports(void **state)
{
	struct ledger *led = ledger_new();
	struct log_reader *reader;
	struct verdict *verdict;
	struct view *v;
	struct event ev;

	assert_int_equal(
	    log_reader_new(open("test/golden/server.ndjson", O_RDONLY | O_CLOEXEC), &reader), 0);
	while (log_reader_next(reader, &ev) == 1)
		assert_int_equal(ledger_apply(led, &ev), 0);
	log_reader_free(reader);
	assert_int_equal(verdict_new(led, &verdict), 0);
	assert_int_equal(view_new(led, verdict, &v), 0);
	verdict_free(verdict);
	ledger_free(led);
	check_all("server", v);
	view_free(v);
}

static json_t *sarif_of(const struct view *v)
{
	char *text = made(sarif, v);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	free(text);
	return root;
}

static const char *string_at(json_t *root, const char *pointer)
{
	const char *text = json_string_value(schema_point(root, pointer));

	if (!text)
		fail_msg("no text at %s", pointer);
	return text;
}

static void check_uri(const char *uri)
{
	assert_true(*uri);
	for (; *uri; uri++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%:",
			    *uri))
			fail_msg("%s in a URI", uri);
}

/* A whole log is refused for one result without these. */
static void sarif_has_what_github_asks_for(void **state)
{
	const struct view *const views[] = {&sample_leak, &sample_clean, &sample_hostile};

	for (int i = 0; i < 3; i++) {
		json_t *root = sarif_of(views[i]), *result, *rules, *line;
		size_t k;

		assert_string_equal(string_at(root, "version"), "2.1.0");
		rules = schema_point(root, "runs/0/tool/driver/rules");
		assert_int_equal(json_array_size(schema_point(root, "runs/0/results")),
				 views[i]->finding_count);
		json_array_foreach(schema_point(root, "runs/0/results"), k, result)
		{
			json_int_t index = json_integer_value(json_object_get(result, "ruleIndex"));

			assert_string_equal(string_at(result, "ruleId"),
					    string_at(json_array_get(rules, (size_t)index), "id"));
			assert_string_equal(string_at(result, "ruleId"),
					    views[i]->findings[k].cause);
			assert_true(*string_at(result, "message/text"));
			check_uri(
			    string_at(result, "locations/0/physicalLocation/artifactLocation/uri"));
			line =
			    schema_point(result, "locations/0/physicalLocation/region/startLine");
			assert_true(!line || json_integer_value(line) >= 1);
			assert_true(
			    *string_at(result, "partialFingerprints/primaryLocationLineHash"));
		}
		json_decref(root);
	}
}

static void every_cause_is_one_rule_in_sarif(void **state)
{
	json_t *root = sarif_of(&sample_clean),
	       *rules = schema_point(root, "runs/0/tool/driver/rules");
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++) {
		size_t k, found = 0;
		json_t *made;

		json_array_foreach(rules, k, made)
		{
			if (strcmp(string_at(made, "id"), rule->cause))
				continue;
			found++;
			assert_true(*string_at(made, "shortDescription/text"));
			assert_true(*string_at(made, "fullDescription/text"));
			assert_string_equal(string_at(made, "defaultConfiguration/level"), "error");
		}
		if (found != 1)
			fail_msg("%s is %zu rules", rule->cause, found);
	}
	json_decref(root);
}

static void an_inconclusive_run_is_no_success_in_sarif(void **state)
{
	json_t *root = sarif_of(&sample_hostile);

	assert_true(json_is_false(schema_point(root, "runs/0/invocations/0/executionSuccessful")));
	assert_string_equal(
	    string_at(root, "runs/0/invocations/0/toolExecutionNotifications/0/level"), "error");
	json_decref(root);
	root = sarif_of(&sample_clean);
	assert_true(json_is_true(schema_point(root, "runs/0/invocations/0/executionSuccessful")));
	json_decref(root);
}

/* The URI of a finding with one frame. */
static char *uri_of(const char *file, const char *module, const char *root)
{
	struct view_frame frame = {"f", file, module, 7, 0x10, false};
	struct view_finding f = sample_findings[1];
	struct view v = sample_leak;
	char *text = NULL, *uri;
	json_t *log;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	f.frames = &frame;
	f.frame_count = 1;
	v.findings = &f;
	v.finding_count = 1;
	assert_int_equal(sarif_write(out, &v, &(struct sarif_options){root, "0.0.0"}), 0);
	fclose(out);
	log = json_loads(text, 0, NULL);
	free(text);
	uri = strdup(
	    string_at(log, "runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"));
	json_decref(log);
	return uri;
}

static void files_are_named_from_the_root(void **state)
{
	static const struct {
		const char *file, *module, *root, *uri;
	} cases[] = {
	    {"/srv/src/a.c", "", "/srv", "src/a.c"},
	    {"/srv/src/a.c", "", "/srv/", "src/a.c"},
	    {"/srv/src/a.c", "", "/srv/src", "a.c"},
	    {"/srv/src/a.c", "", "/", "srv/src/a.c"},
	    {"/srv/src/a.c", "", "/sr", "file:///srv/src/a.c"},
	    {"/srv/src/a.c", "", NULL, "file:///srv/src/a.c"},
	    {"/srv", "", "/srv", "file:///srv"},
	    {"../a b:c#d?.c", "", "/srv", "../a%20b%3Ac%23d%3F.c"},
	    {"/srv/\xc3\xa9%\xff", "", "/srv", "%C3%A9%25%FF"},
	    {"", "/srv/bin/server", "/srv", "bin/server"},
	    {"", "/usr/lib/libx.so.1", "/srv", "file:///usr/lib/libx.so.1"},
	    {"", "", "/srv", "server"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *uri = uri_of(cases[i].file, cases[i].module, cases[i].root);

		assert_string_equal(uri, cases[i].uri);
		free(uri);
	}
}

/* Whom does a person look at? */
static void the_place_is_in_the_program(void **state)
{
	static const struct view_frame k = {"do_pipe2", "", "kernel", 0, 1, true},
				       libc = {"pipe", "../pipe.c", "/lib/libc.so.6", 29, 1, false},
				       bare = {"pipe", "", "/lib/libc.so.6", 0, 1, false},
				       lib = {"open_log", "", "/lib/liblog.so", 0, 1, false},
				       named = {"start", "a.c", "/srv/a", 7, 1, false},
				       stripped = {"", "", "/srv/a", 0, 1, false},
				       nothing = {"", "", "", 0, 0, false};
	const struct {
		struct view_frame frames[4];
		size_t count, place;
	} cases[] = {
	    {{k, libc, named, named}, 4, 2},
	    {{k, bare, lib, named}, 4, 3},
	    {{k, libc, lib, stripped}, 4, 2},
	    {{k, libc, stripped, libc}, 4, 2},
	    {{k, bare, libc}, 3, 2},
	    {{k, nothing, bare}, 3, 1},
	    {{k, k}, 2, 0},
	    {{named}, 1, 0},
	};
	struct view_finding none = {.frame_count = 0};

	assert_null(place_of(&none));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct view_frame frames[4];
		struct view_finding f = {.frames = frames, .frame_count = cases[i].count};

		memcpy(frames, cases[i].frames, sizeof(frames));
		if (place_of(&f) != &frames[cases[i].place])
			fail_msg("case %zu: frame %zd", i, place_of(&f) - frames);
	}
}

static char *fingerprint_of(const struct view_frame *frame, const char *comm)
{
	struct view_finding f = sample_findings[1];
	struct view v = sample_leak;
	json_t *root;
	char *print;

	f.frames = (struct view_frame *)frame;
	f.frame_count = 1;
	f.holder_comm = comm;
	v.findings = &f;
	v.finding_count = 1;
	root = sarif_of(&v);
	print =
	    strdup(string_at(root, "runs/0/results/0/partialFingerprints/primaryLocationLineHash"));
	json_decref(root);
	return print;
}

static void a_fingerprint_survives_a_new_line_but_not_a_new_function(void **state)
{
	struct view_frame frame = {"f", "a.c", "m", 7, 0x10, false};
	char *first = fingerprint_of(&frame, "a"), *moved, *other, *holder;

	frame.line = 9;
	frame.offset = 0x20;
	moved = fingerprint_of(&frame, "a");
	holder = fingerprint_of(&frame, "b");
	frame.function = "g";
	other = fingerprint_of(&frame, "a");
	assert_string_equal(first, moved);
	assert_string_not_equal(first, other);
	assert_string_not_equal(first, holder);
	free(first);
	free(moved);
	free(other);
	free(holder);
}

static void xml_holds_any_text(void **state)
{
	static const struct {
		const char *text, *content, *attribute;
	} cases[] = {
	    {"a<b>&\"c'", "a&lt;b&gt;&amp;\"c'", "a&lt;b&gt;&amp;&quot;c'"},
	    {"]]>", "]]&gt;", "]]&gt;"},
	    {"a\n\tb\r", "a\n\tb\\x0d", "a&#10;&#9;b\\x0d"},
	    {"\x01\x1f\x7f", "\\x01\\x1f\x7f", "\\x01\\x1f\x7f"},
	    {"\xff\xc3\xa9\xc3", "\\xff\xc3\xa9\\xc3", "\\xff\xc3\xa9\\xc3"},
	    {"\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\\xef\\xbf\\xbe\\xef\\xbf\\xbf",
	     "\xef\xbf\xbd\\xef\\xbf\\xbe\\xef\\xbf\\xbf"},
	    {"\xf0\x9f\x90\xa7\xed\xa0\x80", "\xf0\x9f\x90\xa7\\xed\\xa0\\x80",
	     "\xf0\x9f\x90\xa7\\xed\\xa0\\x80"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = NULL, wanted[100];
		size_t len;
		FILE *f = open_memstream(&text, &len);

		xml_text(f, cases[i].text);
		xml_attribute(f, "k", cases[i].text);
		fclose(f);
		snprintf(wanted, sizeof(wanted), "%s k=\"%s\"", cases[i].content,
			 cases[i].attribute);
		assert_string_equal(text, wanted);
		free(text);
	}
}

static size_t times(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

static void junit_counts_its_tests(void **state)
{
	char *text = made(junit_write, &sample_hostile);

	assert_non_null(strstr(text, "tests=\"4\" failures=\"2\" errors=\"1\" skipped=\"1\""));
	assert_int_equal(times(text, "<testcase "), 4);
	assert_int_equal(times(text, "<failure "), 2);
	assert_int_equal(times(text, "<error "), 1);
	assert_int_equal(times(text, "<skipped "), 1);
	free(text);
	text = made(junit_write, &sample_clean);
	assert_non_null(strstr(text, "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""));
	free(text);
}

static void junit_names_are_told_apart(void **state)
{
	struct view_finding twice[3] = {sample_findings[0], sample_findings[0], sample_findings[0]};
	struct view v = sample_leak;
	char *text;

	v.findings = twice;
	v.finding_count = 3;
	text = made(junit_write, &v);
	assert_int_equal(times(text, "taken in open_session\""), 1);
	assert_int_equal(times(text, "taken in open_session (2)\""), 1);
	assert_int_equal(times(text, "taken in open_session (3)\""), 1);
	free(text);
}

/* A line is frames with one ';' between them, a blank and digits: nothing else may look so. */
static void folded_lines_have_their_frames_and_a_number(void **state)
{
	struct view_frame frames[] = {
	    {"k;1 2\n", "", "kernel", 0, 0, true},
	    {"", "", "", 0, 0, false},
	    {"", "", "/lib/a b.so", 0, 0x1f, false},
	    {"main;", "", "m", 0, 0, false},
	};
	struct view_stack stacks[] = {
	    {"", frames, 4, EXACT(448000)}, {"", NULL, 0, AT_LEAST(7)}, {"", NULL, 0, UNKNOWN}};
	struct view_finding f = sample_findings[0];
	struct view v = sample_leak;
	char *text;

	f.stacks = stacks;
	f.stack_count = 3;
	f.cause = "a;b";
	v.findings = &f;
	v.finding_count = 1;
	text = made(folded_write, &v);
	assert_string_equal(text, "server;main:;a b.so+0x1f;[unknown];k:1 2\\n_[k] 448000\n"
				  "server;[a:b] 7\n");
	free(text);
	f.stack_count = 0;
	text = made(folded_write, &v);
	assert_string_equal(text, "");
	free(text);
}

static size_t allocations_left;

static void *scarce_malloc(size_t size)
{
	return allocations_left && allocations_left-- ? malloc(size) : NULL;
}

/* Under SAN=1 this shows that nothing leaks on the way out. */
static void sarif_survives_any_allocation_that_fails(void **state)
{
	int err = -ENOMEM;
	size_t n;

	json_set_alloc_funcs(scarce_malloc, free);
	for (n = 0; err && n < 100000; n++) {
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		allocations_left = n;
		err = sarif(f, &sample_hostile);
		fclose(f);
		assert_true(err == 0 || (err == -ENOMEM && len == 0));
		free(text);
	}
	json_set_alloc_funcs(malloc, free);
	assert_int_equal(err, 0);
	assert_true(n > 100);
}

static void a_full_disk_is_noticed(void **state)
{
	static const face_fn writers[] = {junit_write, sarif, folded_write};

	for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++) {
		FILE *f = fopen("/dev/full", "we");

		if (!f)
			skip(); /* not on this machine */
		assert_int_equal(writers[i](f, &sample_leak), -ENOSPC);
		fclose(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_are_as_their_golden_files),
	    cmocka_unit_test(a_session_gives_its_golden_reports),
	    cmocka_unit_test(sarif_has_what_github_asks_for),
	    cmocka_unit_test(every_cause_is_one_rule_in_sarif),
	    cmocka_unit_test(an_inconclusive_run_is_no_success_in_sarif),
	    cmocka_unit_test(files_are_named_from_the_root),
	    cmocka_unit_test(the_place_is_in_the_program),
	    cmocka_unit_test(a_fingerprint_survives_a_new_line_but_not_a_new_function),
	    cmocka_unit_test(xml_holds_any_text),
	    cmocka_unit_test(junit_counts_its_tests),
	    cmocka_unit_test(junit_names_are_told_apart),
	    cmocka_unit_test(folded_lines_have_their_frames_and_a_number),
	    cmocka_unit_test(sarif_survives_any_allocation_that_fails),
	    cmocka_unit_test(a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
