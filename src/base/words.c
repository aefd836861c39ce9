/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_quoted(const char *word, FILE *f)
{
	fputc('\'', f);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", f);
		else
			fputc(*word, f);
	}
	fputc('\'', f);
}

char *words_join(char *const words[])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-+=./:,@%^";
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return NULL;
	for (int i = 0; words[i]; i++) {
		if (i)
			fputc(' ', f);
		if (words[i][0] && !words[i][strspn(words[i], plain)])
			fputs(words[i], f);
		else
			put_quoted(words[i], f);
	}
	if (fclose(f)) {
		free(line);
		return NULL;
	}
	return line;
}
