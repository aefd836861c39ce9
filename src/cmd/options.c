/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include "base/number.h"

#define HELP_COLUMN 26
#define NAME_BYTES  48 /* of a user's word that is shown in a message */

struct parse {
	const struct option_spec *specs;
	char *values;
	char *error;
};

/* A user's word for a message: printable and short. */
static const char *shown(const char *word, char buf[static NAME_BYTES])
{
	size_t i;

	for (i = 0; word[i] && i < NAME_BYTES - 4; i++)
		buf[i] = word[i] >= ' ' && word[i] <= '~' ? word[i] : '?';
	memcpy(buf + i, word[i] ? "..." : "", word[i] ? 4 : 1);
	return buf;
}

static int __attribute__((format(printf, 2, 3)))
refuse(struct parse *parse, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parse->error, OPTIONS_ERROR_BYTES, format, args);
	va_end(args);
	return -EINVAL;
}

/* How many letters must change to make b of a; more than 8 letters never match. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[33];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > 32 || b_len > 32)
		return 99;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = corner + (a[i - 1] != b[j - 1]);
			unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			corner = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[b_len];
}

static int refuse_unknown(struct parse *parse, const char *word, const char *name)
{
	const struct option_spec *best = NULL;
	unsigned best_distance = 3;
	char buf[NAME_BYTES];

	for (const struct option_spec *spec = parse->specs; spec->name; spec++) {
		unsigned d = distance(name, spec->name);

		if (d < best_distance) {
			best = spec;
			best_distance = d;
		}
	}
	if (best)
		return refuse(parse, "unknown option '%s'; did you mean '--%s'?", shown(word, buf),
			      best->name);
	return refuse(parse, "unknown option '%s'; --help lists all of them", shown(word, buf));
}

static int set_choice(struct parse *parse, const struct option_spec *spec, const char *value)
{
	char buf[NAME_BYTES], list[96] = "";

	for (int i = 0; spec->choices[i]; i++) {
		size_t used = strlen(list);

		if (!strcmp(value, spec->choices[i])) {
			memcpy(parse->values + spec->offset, &i, sizeof(i));
			return 0;
		}
		snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", spec->choices[i]);
	}
	return refuse(parse, "--%s: '%s' is none of %s", spec->name, shown(value, buf), list);
}

static int add_text(struct parse *parse, const struct option_spec *spec, const char *value)
{
	struct option_texts *texts = (void *)(parse->values + spec->offset);

	if (texts->count == OPTION_TEXTS_MAX)
		return refuse(parse, "--%s may be given %d times at most", spec->name,
			      OPTION_TEXTS_MAX);
	texts->at[texts->count++] = value;
	return 0;
}

static void format_duration(uint64_t ns, char buf[static NAME_BYTES])
{
	if (ns % 86400000000000 == 0)
		snprintf(buf, NAME_BYTES, "%llud", (unsigned long long)(ns / 86400000000000));
	else if (ns % 1000000000 == 0)
		snprintf(buf, NAME_BYTES, "%llus", (unsigned long long)(ns / 1000000000));
	else
		snprintf(buf, NAME_BYTES, "%llums", (unsigned long long)(ns / 1000000));
}

static int set_value(struct parse *parse, const struct option_spec *spec, const char *value)
{
	char buf[NAME_BYTES], min[NAME_BYTES], max[NAME_BYTES];
	uint64_t number = 0;
	int err;

	if (!*value)
		return refuse(parse, "--%s needs a value that is not empty (%s)", spec->name,
			      spec->value);
	switch (spec->kind) {
	case OPTION_FLAG:
		break;
	case OPTION_TEXT:
		memcpy(parse->values + spec->offset, &value, sizeof(value));
		return 0;
	case OPTION_TEXTS:
		return add_text(parse, spec, value);
	case OPTION_CHOICE:
		return set_choice(parse, spec, value);
	case OPTION_NUMBER:
		err = number_parse(value, spec->min, spec->max, &number);
		if (err == -EINVAL)
			return refuse(parse, "--%s: '%s' is not a whole number", spec->name,
				      shown(value, buf));
		if (err)
			return refuse(parse, "--%s: '%s' is not between %llu and %llu", spec->name,
				      shown(value, buf), (unsigned long long)spec->min,
				      (unsigned long long)spec->max);
		break;
	case OPTION_DURATION:
		err = number_parse_duration(value, &number);
		if (err == -EINVAL)
			return refuse(parse,
				      "--%s: '%s' is not a time span; write a number and one of "
				      "ns us ms s m h d, like 90s or 1.5m",
				      spec->name, shown(value, buf));
		if (err || number < spec->min || number > spec->max) {
			format_duration(spec->min, min);
			format_duration(spec->max, max);
			return refuse(parse, "--%s: '%s' is not between %s and %s", spec->name,
				      shown(value, buf), min, max);
		}
		break;
	}
	memcpy(parse->values + spec->offset, &number, sizeof(number));
	return 0;
}

static int set_flag(struct parse *parse, const struct option_spec *spec)
{
	bool on = true;

	memcpy(parse->values + spec->offset, &on, sizeof(on));
	return 0;
}

/* --name, --name=VALUE, --name VALUE. Returns how many words were used, or -EINVAL. */
static int parse_long(struct parse *parse, const char *word, const char *next)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	char shown_name[NAME_BYTES];
	int err;

	for (const struct option_spec *spec = parse->specs; spec->name; spec++) {
		if (strlen(spec->name) != length || memcmp(spec->name, name, length))
			continue;
		if (spec->kind == OPTION_FLAG) {
			if (equals)
				return refuse(parse, "--%s takes no value", spec->name);
			set_flag(parse, spec);
			return 1;
		}
		if (!equals && !next)
			return refuse(parse, "--%s needs a value: --%s=%s", spec->name, spec->name,
				      spec->value);
		err = set_value(parse, spec, equals ? equals + 1 : next);
		return err ? err : equals ? 1 : 2;
	}
	snprintf(shown_name, sizeof(shown_name), "%.*s", (int)(length > 40 ? 40 : length), name);
	return refuse_unknown(parse, word, shown_name);
}

/* -q, -qj, -o VALUE, -oVALUE. Returns how many words were used, or -EINVAL. */
static int parse_short(struct parse *parse, const char *word, const char *next)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option_spec *spec = parse->specs;
		int err;

		while (spec->name && spec->letter != *p)
			spec++;
		if (!spec->name)
			return refuse_unknown(parse, word, word);
		if (spec->kind == OPTION_FLAG) {
			set_flag(parse, spec);
			continue;
		}
		if (!p[1] && !next)
			return refuse(parse, "-%c needs a value: -%c %s", *p, *p, spec->value);
		err = set_value(parse, spec, p[1] ? p + 1 : next);
		return err ? err : p[1] ? 1 : 2;
	}
	return 1;
}

int options_parse(const struct option_spec *specs, int argc, char *const argv[], void *values,
		  int *ret_rest, char ret_error[static OPTIONS_ERROR_BYTES])
{
	struct parse parse = {.specs = specs, .values = values, .error = ret_error};
	int i = 0;

	while (i < argc) {
		const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used;

		if (word[0] != '-' || !word[1])
			break;
		if (!strcmp(word, "--")) {
			i++;
			break;
		}
		used = word[1] == '-' ? parse_long(&parse, word, next)
				      : parse_short(&parse, word, next);
		if (used < 0)
			return used;
		i += used;
	}
	*ret_rest = i;
	return 0;
}

int options_parse_around(const struct option_spec *specs, int argc, char *const argv[],
			 void *values, const char **ret_word, const char *only_one,
			 char ret_error[static OPTIONS_ERROR_BYTES])
{
	int rest = 0, used, err;

	while (rest < argc) {
		err = options_parse(specs, argc - rest, argv + rest, values, &used, ret_error);
		if (err)
			return err;
		rest += used;
		if (rest == argc)
			break;
		if (*ret_word) {
			snprintf(ret_error, OPTIONS_ERROR_BYTES, "%s", only_one);
			return -EINVAL;
		}
		*ret_word = argv[rest++];
	}
	return 0;
}

void options_help(const struct option_spec *specs, FILE *f)
{
	for (const struct option_spec *spec = specs; spec->name; spec++) {
		int column = 0;

		if (spec->letter)
			column += fprintf(f, "  -%c, ", spec->letter);
		else
			column += fprintf(f, "      ");
		column += fprintf(f, "--%s", spec->name);
		if (spec->value)
			column += fprintf(f, "=%s", spec->value);
		if (column > HELP_COLUMN - 2) {
			fputc('\n', f);
			column = 0;
		}
		fprintf(f, "%*s", HELP_COLUMN - column, "");
		for (const char *p = spec->help; *p; p++) {
			fputc(*p, f);
			if (*p == '\n')
				fprintf(f, "%*s", HELP_COLUMN, "");
		}
		fputc('\n', f);
	}
}
