/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "out/census.h"
#include "out/escape.h"
#include "out/flush.h"

/* What a spreadsheet takes for a formula; the last four are the wide forms of the first. */
static bool is_formula(const char *text)
{
	static const char *const starts[] = {"=",      "+",	 "-",	   "@",
					     "\uff1d", "\uff0b", "\uff0d", "\uff20"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		if (!strncmp(text, starts[i], strlen(starts[i])))
			return true;
	}
	return false;
}

static int put_text(FILE *f, const char *text)
{
	/* Control characters and broken UTF-8 are escaped, so a row is always one line. */
	char *safe = escape_text(text, true);

	if (!safe)
		return -ENOMEM;
	if (!safe[strcspn(safe, ",\"")] && *safe != ' ' && !is_formula(safe)) {
		fputs(safe, f);
	} else {
		fputs(is_formula(safe) ? "\"'" : "\"", f);
		for (const char *s = safe; *s; s++)
			fputs(*s == '"' ? "\"\"" : (char[]){*s, '\0'}, f);
		fputc('"', f);
	}
	free(safe);
	return 0;
}

static int put_value(FILE *f, const struct census_value *v)
{
	if (!v->known)
		return 0;
	switch (v->type) {
	case CENSUS_TEXT:
		return put_text(f, v->text);
	case CENSUS_COUNT:
		fprintf(f, "%" PRIu64, v->count);
		break;
	case CENSUS_BYTES:
		fprintf(f, "%" PRId64, v->bytes.bytes);
		break;
	case CENSUS_TIME:
		fprintf(f, "%" PRId64 ".%02" PRId64, v->ns / 1000000000,
			v->ns % 1000000000 / 10000000);
		break;
	}
	return 0;
}

/* Names of the fields that are known just so well, with blanks between them. */
static void put_marked(FILE *f, const struct census_print *print, const struct census_row *row,
		       enum known known)
{
	bool first = true;

	for (unsigned c = 0; c < print->columns->count; c++) {
		struct census_value v = census_field_value(print->columns->at[c], row);

		if (v.type != CENSUS_BYTES || v.bytes.known != known)
			continue;
		fprintf(f, "%s%s", first ? "" : " ", census_field_get(print->columns->at[c])->name);
		first = false;
	}
}

int census_csv_write(FILE *f, const struct census_print *print)
{
	const struct census_columns *columns = print->columns;
	int err = 0;

	for (unsigned c = 0; c < columns->count; c++)
		fprintf(f, "%s,", census_field_get(columns->at[c])->name);
	fprintf(f, "at_least,estimated\n");
	for (uint32_t r = 0; r < print->view->count && !err; r++) {
		const struct census_row *row = &print->view->row[r];

		for (unsigned c = 0; c < columns->count && !err; c++) {
			struct census_value v = census_field_value(columns->at[c], row);

			err = put_value(f, &v);
			fputc(',', f);
		}
		put_marked(f, print, row, KNOWN_AT_LEAST);
		fputc(',', f);
		put_marked(f, print, row, KNOWN_ESTIMATE);
		fputc('\n', f);
	}
	return err ? err : flush_end(f);
}
