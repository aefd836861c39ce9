/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * golden.h - compares what was made with a file of the repository. Tests run in the
 * repository's root. GOLDEN_UPDATE=1 in the environment writes the files instead; read the
 * difference before it is committed.
 */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything of a file, NUL behind it; NULL: it cannot be read. */
static inline char *golden_read(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len = 0, got;

	if (!f)
		return NULL;
	do {
		text = realloc(text, len + 4096 + 1);
		assert_non_null(text);
		got = fread(text + len, 1, 4096, f);
		len += got;
	} while (got);
	fclose(f);
	text[len] = '\0';
	return text;
}

static inline void golden_check(const char *path, const char *made)
{
	char *wanted;
	size_t line = 1, from = 0;

	if (getenv("GOLDEN_UPDATE")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		assert_true(fputs(made, f) >= 0);
		assert_int_equal(fclose(f), 0);
		return;
	}
	wanted = golden_read(path);
	if (!wanted)
		fail_msg("%s: cannot be read (run in the repository's root)", path);
	for (size_t i = 0; wanted[i] || made[i]; i++) {
		if (wanted[i] != made[i])
			fail_msg("%s:%zu: wanted \"%.*s\", got \"%.*s\"", path, line,
				 (int)strcspn(wanted + from, "\n"), wanted + from,
				 (int)strcspn(made + from, "\n"), made + from);
		if (made[i] == '\n') {
			line++;
			from = i + 1;
		}
	}
	free(wanted);
}

#endif
