/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "view/quantity.h"

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

char *quantity_count(char buf[QUANTITY_BYTES], uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *at = buf;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return buf;
}

char *quantity_bytes(char buf[QUANTITY_BYTES], int64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	const char *sign = bytes < 0 ? "-" : "";
	uint64_t n = magnitude(bytes), tenths;
	unsigned unit = 0, shift = 10;
	char count[QUANTITY_BYTES];

	if (n < 1024) {
		snprintf(buf, QUANTITY_BYTES, "%s%.8s B", sign, quantity_count(count, n));
		return buf;
	}
	/* The next unit as soon as this one would be printed as 1024.0 */
	for (;;) {
		unsigned __int128 scaled = (unsigned __int128)n * 10;

		tenths = (uint64_t)((scaled + ((uint64_t)1 << (shift - 1))) >> shift);
		if (tenths < 10240 || unit == 5)
			break;
		unit++;
		shift += 10;
	}
	snprintf(buf, QUANTITY_BYTES, "%s%llu.%u %s", sign, (unsigned long long)(tenths / 10),
		 (unsigned)(tenths % 10), units[unit]);
	return buf;
}

static const char *mark(enum known known)
{
	switch (known) {
	case KNOWN_AT_LEAST:
		return ">=";
	case KNOWN_ESTIMATE:
		return "~";
	case KNOWN_EXACT:
	case KNOWN_NOT:
		break;
	}
	return "";
}

char *quantity_amount(char buf[QUANTITY_BYTES], struct amount a)
{
	char bare[QUANTITY_BYTES];

	if (a.known == KNOWN_NOT)
		return strcpy(buf, "?");
	snprintf(buf, QUANTITY_BYTES, "%s%.36s", mark(a.known), quantity_bytes(bare, a.bytes));
	return buf;
}

char *quantity_short(char buf[QUANTITY_BYTES], struct amount a)
{
	static const char units[] = "KMGTPE";
	const char *sign = a.bytes < 0 ? "-" : "";
	uint64_t n = magnitude(a.bytes), tenths = 0;
	unsigned unit = 0, shift = 10;

	if (a.known == KNOWN_NOT)
		return strcpy(buf, "?");
	if (n < 1024) {
		snprintf(buf, QUANTITY_BYTES, "%s%s%u", mark(a.known), sign, (unsigned)n);
		return buf;
	}
	for (;;) {
		unsigned __int128 scaled = (unsigned __int128)n * 10;

		tenths = (uint64_t)((scaled + ((uint64_t)1 << (shift - 1))) >> shift);
		if (tenths < 10235 || unit == 5) /* 1023.5 would be printed as 1024 */
			break;
		unit++;
		shift += 10;
	}
	if (tenths < 1000)
		snprintf(buf, QUANTITY_BYTES, "%s%s%llu.%u%c", mark(a.known), sign,
			 (unsigned long long)(tenths / 10), (unsigned)(tenths % 10), units[unit]);
	else
		snprintf(buf, QUANTITY_BYTES, "%s%s%llu%c", mark(a.known), sign,
			 (unsigned long long)((tenths + 5) / 10), units[unit]);
	return buf;
}

char *quantity_digits(char buf[QUANTITY_BYTES], struct amount a)
{
	char bare[QUANTITY_BYTES];

	if (a.known == KNOWN_NOT)
		return strcpy(buf, "?");
	snprintf(buf, QUANTITY_BYTES, "%s%s%.30s", mark(a.known), a.bytes < 0 ? "-" : "",
		 quantity_count(bare, magnitude(a.bytes)));
	return buf;
}

char *quantity_exact(char buf[QUANTITY_BYTES], struct amount a)
{
	char bare[QUANTITY_BYTES];

	if (a.known == KNOWN_NOT)
		return strcpy(buf, "?");
	snprintf(buf, QUANTITY_BYTES, "%.36s B", quantity_digits(bare, a));
	return buf;
}

/* n / 10^decimals without the zeros at the end. */
static char *decimal(char buf[QUANTITY_BYTES], uint64_t n, unsigned decimals)
{
	uint64_t scale = 1;
	size_t len;

	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	quantity_count(buf, n / scale);
	if (n % scale == 0)
		return buf;
	len = strlen(buf);
	snprintf(buf + len, QUANTITY_BYTES - len, ".%0*llu", (int)decimals,
		 (unsigned long long)(n % scale));
	for (len = strlen(buf); buf[len - 1] == '0'; len--)
		buf[len - 1] = '\0';
	return buf;
}

char *quantity_rate(char buf[QUANTITY_BYTES], double rate)
{
	unsigned decimals;
	uint64_t scale = 1;

	if (!isfinite(rate) || rate < 0 || rate > 1e15)
		return strcpy(buf, "?");
	decimals = rate >= 100 ? 0 : rate >= 10 ? 1 : rate >= 0.1 ? 2 : rate >= 0.01 ? 3 : 6;
	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	return decimal(buf, (uint64_t)(rate * (double)scale + 0.5), decimals);
}

char *quantity_percent(char buf[QUANTITY_BYTES], int64_t part, int64_t whole)
{
	uint64_t p = magnitude(part), w = magnitude(whole), tenths;

	if (!w)
		return strcpy(buf, p ? "?" : "0 %");
	if (p && (unsigned __int128)p * 1000 < w)
		return strcpy(buf, "<0.1 %");
	if (p / 10 > w || (p / 10 == w && p % 10))
		return strcpy(buf, ">1,000 %");
	tenths = (uint64_t)(((unsigned __int128)p * 1000 + w / 2) / w);
	if (tenths >= 100)
		tenths = (tenths + 5) / 10 * 10;
	decimal(buf, tenths, 1);
	strcat(buf, " %");
	return buf;
}

uint64_t quantity_one_in(double rate)
{
	uint64_t n;
	double off;

	/* libm is not linked: no floor(), no fabs() */
	if (!isfinite(rate) || rate < 1e-9 || rate > 0.5 * 1.05)
		return 0;
	n = (uint64_t)(1 / rate + 0.5);
	off = (double)n * rate - 1;
	return off > 0.05 || off < -0.05 ? 0 : n;
}

char *quantity_seconds(char buf[QUANTITY_BYTES], double seconds)
{
	static const struct {
		unsigned long long seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	unsigned long long whole;
	size_t i = 0;

	if (!isfinite(seconds) || seconds < 0 || seconds > 1e12)
		return strcpy(buf, "?");
	if (seconds < 59.95) {
		whole = (unsigned long long)(seconds * 10 + 0.5);
		snprintf(buf, QUANTITY_BYTES, "%llu.%llu s", whole / 10, whole % 10);
		return buf;
	}
	whole = (unsigned long long)(seconds + 0.5);
	while (whole < units[i].seconds)
		i++;
	snprintf(buf, QUANTITY_BYTES, "%llu %s", whole / units[i].seconds, units[i].name);
	whole = whole % units[i].seconds / units[i + 1].seconds;
	if (whole)
		snprintf(buf + strlen(buf), QUANTITY_BYTES - strlen(buf), " %llu %s", whole,
			 units[i + 1].name);
	return buf;
}
