/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DURATION_MAX_NS ((uint64_t)INT64_MAX)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits at *text and moves behind them. -EINVAL none, -ERANGE too many. */
static int take_digits(const char **text, uint64_t *ret_number)
{
	const char *p = *text;
	uint64_t number = 0;
	bool fits = true;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			fits = false;
	}
	*text = p;
	if (!fits)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	static const char suffixes[] = "KMG";
	const char *p = text;
	uint64_t number = 0;
	int err = take_digits(&p, &number);

	if (err == -EINVAL)
		return err;
	if (*p) {
		const char *suffix = strchr(suffixes, *p);

		if (!suffix || p[1])
			return -EINVAL;
		if (!err &&
		    __builtin_mul_overflow(number, 1024ULL << 10 * (suffix - suffixes), &number))
			err = -ERANGE;
	}
	if (err)
		return err;
	if (number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

int number_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
	    {"", 1000000000},  {"ns", 1},	   {"us", 1000},	 {"ms", 1000000},
	    {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
	};
	const char *p = text, *fraction = NULL, *fraction_end = NULL;
	uint64_t whole = 0, ns;
	int err = 0;

	if (*p != '.') {
		err = take_digits(&p, &whole);
		if (err == -EINVAL)
			return err;
	}
	if (*p == '.') {
		fraction = ++p;
		while (is_digit(*p))
			p++;
		fraction_end = p;
		if (fraction == fraction_end)
			return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t digit_ns = units[i].ns;

		if (strcmp(p, units[i].name))
			continue;
		if (err || __builtin_mul_overflow(whole, units[i].ns, &ns))
			return -ERANGE;
		for (const char *d = fraction; d != fraction_end && digit_ns >= 10; d++) {
			/* Minutes and longer are no powers of ten, but whole seconds: exact to the
			 * ns. */
			digit_ns /= 10;
			if (__builtin_add_overflow(ns, (uint64_t)(*d - '0') * digit_ns, &ns))
				return -ERANGE;
		}
		if (ns > DURATION_MAX_NS)
			return -ERANGE;
		*ret_ns = ns;
		return 0;
	}
	return -EINVAL;
}
