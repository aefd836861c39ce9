/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: a session written by hand, through the log reader, the ledger, the verdict and the
 * view into both reports, as `forktally replay` does it; the same session cut off in the middle.
 * test/golden/server.ndjson: a server forks 23 times and each time keeps one end of a pipe.
 * Does not cover: options, files and exit status of replay.
 */
#include "golden.h"
#include <fcntl.h>
#include <unistd.h>
#include "event/log_reader.h"
#include "ledger/ledger.h"
#include "out/json.h"
#include "out/text.h"

#define SESSION "test/golden/server.ndjson"

static struct view *replay(int fd)
{
	struct ledger *led = ledger_new();
	struct log_reader *reader = NULL;
	struct verdict *verdict = NULL;
	struct view *v = NULL;
	struct event ev;
	int more;

	assert_non_null(led);
	assert_true(fd >= 0);
	assert_int_equal(log_reader_new(fd, &reader), 0);
	while ((more = log_reader_next(reader, &ev)) == 1)
		assert_int_equal(ledger_apply(led, &ev), 0);
	if (more < 0)
		fail_msg("line %llu: %s", (unsigned long long)log_reader_line(reader),
			 log_reader_error(reader));
	assert_int_equal(verdict_new(led, &verdict), 0);
	assert_int_equal(view_new(led, verdict, &v), 0);
	log_reader_free(reader);
	verdict_free(verdict);
	ledger_free(led);
	return v;
}

typedef int (*face_fn)(FILE *f, const struct view *v);

static int text_face(FILE *f, const struct view *v)
{
	return text_write(f, v, NULL);
}

static void check(face_fn face, const struct view *v, const char *path)
{
	char *made = NULL;
	size_t len;
	FILE *f = open_memstream(&made, &len);

	assert_non_null(f);
	assert_int_equal(face(f, v), 0);
	assert_int_equal(fclose(f), 0);
	golden_check(path, made);
	free(made);
}

static void a_whole_session_gives_its_golden_reports(void **state)
{
	struct view *v = replay(open(SESSION, O_RDONLY | O_CLOEXEC));

	assert_int_equal(v->judgement, JUDGEMENT_LEAK);
	assert_int_equal(v->finding_count, 1);
	assert_string_equal(v->findings[0].cause, "fd.pipe");
	assert_int_equal(v->findings[0].count, 23);
	check(text_face, v, "test/golden/server.txt");
	check(json_write, v, "test/golden/server.json");
	view_free(v);
}

static void a_cut_off_session_is_never_clean(void **state)
{
	char *all = golden_read(SESSION), path[] = "/tmp/forktally-cut.XXXXXX", *half;
	int fd = mkostemp(path, O_CLOEXEC);
	struct view *v;

	assert_non_null(all);
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	half = all + strlen(all) / 2; /* in the middle of a line */
	while (half[-1] == '\n')
		half++;
	assert_int_equal(write(fd, all, (size_t)(half - all)), half - all);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	free(all);
	v = replay(fd);
	assert_int_equal(v->judgement, JUDGEMENT_INCONCLUSIVE);
	assert_true(v->cut_off);
	assert_int_equal(v->pools[POOL_KERNEL].charged.known, KNOWN_AT_LEAST);
	assert_int_equal(v->pools[POOL_KERNEL].live.known, KNOWN_NOT);
	assert_true(v->forks > 0 && v->forks < 23);
	check(text_face, v, "test/golden/server-cut.txt");
	view_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_whole_session_gives_its_golden_reports),
	    cmocka_unit_test(a_cut_off_session_is_never_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
