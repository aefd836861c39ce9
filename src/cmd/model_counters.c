/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/model_counters.h"

#include <string.h>

#define ROWS	    10 /* of a table */
#define PLOT_LINES  12
#define PLOT_MARGIN 12 /* for the axis */
#define PLOT_WIDTH  60

void counters_add(void *ctx, const struct model_sample *sample)
{
	struct counters *c = ctx;

	if (!c->stride)
		c->stride = 1;
	/* The last one takes the place behind those that stay. */
	c->at[c->count] = *sample;
	if (c->seen++ % c->stride)
		return;
	if (++c->count < COUNTERS_MAX)
		return;
	for (uint32_t i = 0; i < COUNTERS_MAX / 2; i++)
		c->at[i] = c->at[2 * i];
	c->count = COUNTERS_MAX / 2;
	c->stride *= 2;
	c->at[c->count] = *sample;
}

/* With the one that came last. */
static uint32_t samples(const struct counters *c)
{
	bool one_more = c->seen && (c->seen - 1) % c->stride;

	return c->count + one_more;
}

static const struct model_sample *row(const struct counters *c, uint32_t i, uint32_t rows)
{
	uint32_t n = samples(c);

	return &c->at[rows < 2 ? 0 : (uint64_t)i * (n - 1) / (rows - 1)];
}

static uint32_t rows_of(const struct counters *c)
{
	return samples(c) < ROWS ? samples(c) : ROWS;
}

void counters_print(FILE *f, const struct counters *c)
{
	uint32_t rows = rows_of(c);

	fprintf(f, "%8s  %15s %19s %16s   %15s %19s %16s\n", "", "Process:", "", "",
		"Quota block:", "", "");
	fprintf(f, "%8s  %15s %19s %16s   %15s %19s %16s\n", "forks", "Private Bytes",
		"Pool Nonpaged Bytes", "Pool Paged Bytes", "Private Bytes", "Pool Nonpaged Bytes",
		"Pool Paged Bytes");
	for (uint32_t i = 0; i < rows; i++) {
		const struct model_sample *s = row(c, i, rows);

		fprintf(f, "%8llu  %15llu %19llu %16llu   %15llu %19llu %16llu\n",
			(unsigned long long)s->forks,
			(unsigned long long)s->process[MODEL_PAGEFILE],
			(unsigned long long)s->process[MODEL_NONPAGED],
			(unsigned long long)s->process[MODEL_PAGED],
			(unsigned long long)s->block[MODEL_PAGEFILE],
			(unsigned long long)s->block[MODEL_NONPAGED],
			(unsigned long long)s->block[MODEL_PAGED]);
	}
}

/* What was true after so many forks; NULL: the run did not come so far. */
static const struct model_sample *after(const struct counters *c, uint64_t forks)
{
	const struct model_sample *best = NULL;

	for (uint32_t i = 0; i < samples(c); i++) {
		if (c->at[i].forks <= forks)
			best = &c->at[i];
	}
	return samples(c) && c->at[samples(c) - 1].forks >= forks ? best : NULL;
}

static uint64_t last_forks(const struct counters *c)
{
	return samples(c) ? c->at[samples(c) - 1].forks : 0;
}

static void print_half(FILE *f, const struct model_sample *s)
{
	if (!s) {
		fprintf(f, "   %15s %15s %12s", "-", "-", "-");
		return;
	}
	fprintf(f, "   %15llu %15llu %12llu", (unsigned long long)s->process[MODEL_PAGEFILE],
		(unsigned long long)s->process[MODEL_NONPAGED],
		(unsigned long long)s->process[MODEL_PAGED]);
}

void counters_print_both(FILE *f, const struct counters *bad, const struct counters *good)
{
	const struct counters *most = last_forks(bad) > last_forks(good) ? bad : good;
	uint64_t all = last_forks(most), least = last_forks(most == bad ? good : bad), last = 0;

	fprintf(f, "%8s   %-44s   %-44s\n", "", "with the defect", "fixed");
	fprintf(f, "%8s   %15s %15s %12s   %15s %15s %12s\n", "forks", "Private Bytes",
		"Pool Nonpaged", "Pool Paged", "Private Bytes", "Pool Nonpaged", "Pool Paged");
	for (uint32_t i = 0; i <= ROWS; i++) {
		uint64_t forks = all * i / ROWS;

		/* Where the shorter run ended is a row too. */
		if (last < least && least < forks) {
			fprintf(f, "%8llu", (unsigned long long)least);
			print_half(f, after(bad, least));
			print_half(f, after(good, least));
			fputc('\n', f);
		}
		if ((i && forks == last) || !after(most, forks))
			continue;
		fprintf(f, "%8llu", (unsigned long long)forks);
		print_half(f, after(bad, forks));
		print_half(f, after(good, forks));
		fputc('\n', f);
		last = forks;
	}
}

static const char *mark(const struct counters_look *look, bool bad)
{
	if (look->utf8)
		return bad ? "●" : "○";
	return bad ? "*" : "o";
}

void counters_plot(FILE *f, const struct counters *bad, const struct counters *good,
		   const struct counters_look *look)
{
	uint64_t forks = last_forks(bad) > last_forks(good) ? last_forks(bad) : last_forks(good);
	uint64_t top = 1;
	unsigned width =
	    look->width > PLOT_MARGIN + 22 ? look->width - PLOT_MARGIN - 2 : PLOT_WIDTH;
	const struct counters *both[] = {bad, good};
	char cell[PLOT_LINES][256];

	if (width > sizeof(cell[0]))
		width = sizeof(cell[0]);
	if (width > 2 * PLOT_WIDTH)
		width = 2 * PLOT_WIDTH;
	memset(cell, ' ', sizeof(cell));
	for (int r = 0; r < 2; r++) {
		for (uint32_t i = 0; i < samples(both[r]); i++) {
			if (both[r]->at[i].process[MODEL_NONPAGED] > top)
				top = both[r]->at[i].process[MODEL_NONPAGED];
		}
	}
	for (int r = 1; r >= 0; r--) { /* the defect is drawn over the fixed one */
		for (unsigned x = 0; x < width && forks; x++) {
			uint64_t at = forks * x / (width - 1), next = forks * (x + 1) / (width - 1);
			uint64_t end = last_forks(both[r]);
			const struct model_sample *s =
			    after(both[r], at <= end && end < next ? end : at);

			if (s)
				cell[(PLOT_LINES - 1) * s->process[MODEL_NONPAGED] / top][x] =
				    r ? 'o' : '*';
		}
	}
	fprintf(f, "\nPool Nonpaged Bytes of the process   %s%s%s with the defect   %s%s%s fixed\n",
		look->colour ? "\033[31m" : "", mark(look, true), look->colour ? "\033[0m" : "",
		look->colour ? "\033[32m" : "", mark(look, false), look->colour ? "\033[0m" : "");
	for (int y = PLOT_LINES - 1; y >= 0; y--) {
		if (y == PLOT_LINES - 1 || !y)
			fprintf(f, "%*llu %s", PLOT_MARGIN - 2, y ? (unsigned long long)top : 0ULL,
				look->utf8 ? "┤" : "+");
		else
			fprintf(f, "%*s %s", PLOT_MARGIN - 2, "", look->utf8 ? "│" : "|");
		for (unsigned x = 0, end = width; x < end; x++) {
			char c = cell[y][x];

			if (c == ' ') {
				fputc(' ', f);
				continue;
			}
			fprintf(f, "%s%s%s", look->colour ? c == '*' ? "\033[31m" : "\033[32m" : "",
				mark(look, c == '*'), look->colour ? "\033[0m" : "");
		}
		fputc('\n', f);
	}
	fprintf(f, "%*s%s", PLOT_MARGIN - 1, "", look->utf8 ? "└" : "+");
	for (unsigned x = 0; x < width; x++)
		fputs(look->utf8 ? "─" : "-", f);
	fprintf(f, "\n%*s0%*llu forks\n", PLOT_MARGIN, "", (int)width - 1,
		(unsigned long long)forks);
}
