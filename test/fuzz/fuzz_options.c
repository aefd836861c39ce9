/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever words are given, the option parsers accept them or say in one
 * printable line why not. The input is split into words at each NUL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/run_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 32

static void check_error(const char *error)
{
	if (!*error || !memchr(error, '\0', OPTIONS_ERROR_BYTES))
		abort();
	for (; *error; error++) {
		if (*error < ' ' || *error > '~')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *words[WORDS_MAX + 1], *p = text;
	char error[OPTIONS_ERROR_BYTES] = "";
	struct replay_options replay;
	struct run_options run;
	int count = 0, err;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	while (p < text + size && count < WORDS_MAX) {
		words[count++] = p;
		p += strlen(p) + 1;
	}
	words[count] = NULL;

	err = run_options_parse(count, words, &run, error);
	if (err == -EINVAL)
		check_error(error);
	else if (err || (!run.help && (run.command < words || run.command >= words + count)))
		abort();
	else if (run.report.error_exitcode > 255)
		abort();
	memset(error, 0, sizeof(error));
	err = replay_options_parse(count, words, &replay, error);
	if (err == -EINVAL)
		check_error(error);
	else if (err || (!replay.help && !replay.path))
		abort();
	free(text);
	return 0;
}
