/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger.h"
#include "verdict/growth.h"

/*
 * The first and the last eighth of the forks are not judged: that is where warming up and
 * what is still in use stand.
 */
#define EDGE		8
#define BIRTHS_MIN	6 /* in the middle; 5 where there are few forks */
#define BIRTHS_MIN_FEW	5
#define FORKS_FEW	32
#define DISTANCE_MAX	0.20  /* from a straight course, where many births make chance small */
#define DISTANCE_CHANCE 1.8   /* times sqrt((1 - p) / n): what chance alone does, 1 in 300 */
#define DISTANCE_WHOLE	0.40  /* of the whole run with its edges, where the middle is in doubt */
#define GAP_MAX		0.15  /* of the middle, at one of its ends, without a birth ... */
#define GAP_CHANCE	0.004 /* ... when that is less likely than this */
#define STEP		4 /* times the median bin: what is more may be one step, and is cut off */
#define STEP_SUM	8 /* the same for the sum: large ones belong to it, a jump does not */

static void profile_begin(struct profile *p, uint32_t stride, uint64_t forks)
{
	memset(p, 0, sizeof(*p));
	p->stride = stride ? stride : 1;
	p->forks = forks;
}

static void profile_put(struct profile *p, uint64_t clock, double weight)
{
	uint64_t bin = clock / p->stride;

	if (bin >= SERIES_BINS)
		bin = SERIES_BINS - 1;
	p->weight[bin] += weight;
	if (p->bins <= bin)
		p->bins = bin + 1;
}

/* The stride a series of this many forks has, so that profiles of one clock can be added. */
static uint32_t stride_of(uint64_t forks)
{
	uint32_t stride = 1;

	while (forks / stride >= SERIES_BINS && stride < UINT32_C(1) << 31)
		stride *= 2;
	return stride;
}

/* A wide bin's births are spread over it. */
static void put_spread(struct profile *p, const struct births *b, const struct marks *own)
{
	uint32_t i, j, parts = b->stride < 64 ? b->stride : 64;

	for (i = 0; i < b->bins; i++) {
		for (j = 0; b->count[i] && j < parts; j++) {
			uint64_t clock = (uint64_t)i * b->stride + (uint64_t)j * b->stride / parts;

			if (own)
				clock = marks_own(own, clock < UINT32_MAX ? (uint32_t)clock
									  : UINT32_MAX);
			if (clock > p->forks)
				clock = p->forks;
			profile_put(p, clock, (double)b->count[i] / parts);
		}
	}
}

void profile_births(struct profile *p, const struct births *b, uint64_t forks)
{
	uint32_t stride = stride_of(forks), i;

	profile_begin(p, stride > b->stride ? stride : b->stride, forks);
	for (i = 0; i < b->bins; i++)
		profile_put(p, (uint64_t)i * b->stride, (double)b->count[i]);
}

void profile_tree_births(struct profile *p, const struct births *b, const struct marks *own)
{
	profile_begin(p, stride_of(own->forks), own->forks);
	put_spread(p, b, own);
}

/*
 * @low[i] is the lowest level from bin i on that was read in it; what a level never went below
 * afterwards is what stayed.
 */
static void profile_levels(struct profile *p, const double *low, const bool *read, size_t bins,
			   double end, bool zero_before)
{
	double stays = INFINITY, kept[SERIES_BINS], before, step;
	size_t i, first = 0;

	while (first < bins && !read[first])
		first++;
	for (i = bins; i-- > 0;) {
		if (read[i] && low[i] < stays)
			stays = low[i];
		if (i < first && zero_before)
			stays = 0;
		kept[i] = stays;
	}
	if (!bins || first == bins)
		return;
	kept[bins - 1] = end; /* the last reading, nothing came after */
	before = p->base = kept[0];
	/* First read at the first fork, which took as much as the second: the rest was there. */
	if (first == 1 && zero_before && bins > 2 && read[2]) {
		step = kept[2] - kept[1];
		before = kept[1] - (step < kept[1] ? step : kept[1]);
		p->base = step > 0 ? 0 : before;
		kept[0] = before;
	}
	for (i = 0; i < bins; i++) {
		p->weight[i] = kept[i] - before;
		before = kept[i];
	}
	p->bins = bins;
}

void profile_counts(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before)
{
	double low[SERIES_BINS];
	bool read[SERIES_BINS];
	size_t i;

	profile_begin(p, l->stride, forks);
	for (i = 0; i < l->bins; i++) {
		read[i] = l->at[i].samples && l->at[i].count >= 0;
		low[i] = l->at[i].count_min;
	}
	profile_levels(p, low, read, l->bins, l->bins ? l->at[l->bins - 1].count : 0, zero_before);
}

void profile_bytes(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before,
		   double unit)
{
	double low[SERIES_BINS];
	bool read[SERIES_BINS];
	size_t i;

	profile_begin(p, l->stride, forks);
	for (i = 0; i < l->bins; i++) {
		read[i] = l->at[i].samples;
		low[i] = (double)l->at[i].bytes_min / unit;
		p->large[i] = (double)l->at[i].large / unit;
	}
	profile_levels(p, low, read, l->bins, l->bins ? (double)l->at[l->bins - 1].bytes / unit : 0,
		       zero_before);
}

void profile_looks(struct profile *p, const struct levels *l, uint64_t forks, bool zero_before,
		   double unit)
{
	double kept[SERIES_BINS], stays = INFINITY, before = 0;
	size_t i, k, from = 0;

	profile_begin(p, l->stride, forks);
	if (!l->bins)
		return;
	for (i = l->bins; i-- > 0;) {
		const struct level *at = &l->at[i];
		double low = unit > 0 ? (double)at->bytes_min / unit : at->count_min;

		if (at->samples && low < stays)
			stays = low;
		kept[i] = stays;
	}
	if (!zero_before)
		before = kept[0];
	p->base = before;
	kept[l->bins - 1] =
	    unit > 0 ? (double)l->at[l->bins - 1].bytes / unit : l->at[l->bins - 1].count;
	for (i = 0; i < l->bins; i++) {
		if (!l->at[i].samples)
			continue;
		for (k = from; k <= i; k++) {
			p->weight[k] = (kept[i] - before) / (double)(i + 1 - from);
			if (unit > 0)
				p->large[k] =
				    (double)l->at[i].large / unit / (double)(i + 1 - from);
			p->joined[k] = k > from;
		}
		before = kept[i];
		from = i + 1;
	}
	p->bins = l->bins;
}

void profile_add(struct profile *into, const struct profile *from)
{
	size_t i;

	if (!into->bins) {
		*into = *from;
		return;
	}
	for (i = 0; i < from->bins; i++)
		profile_put(into, (uint64_t)i * from->stride, from->weight[i]);
	into->base += from->base;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of those that are not 0; 0: all are. */
static double usual_of(const double *w, size_t n)
{
	double some[SERIES_BINS];
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		if (w[i] > 0)
			some[used++] = w[i];
	}
	if (!used)
		return 0;
	qsort(some, used, sizeof(*some), by_value);
	return some[used / 2];
}

static double cut_sum(const double *w, size_t n, double top)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += w[i] < top ? w[i] : top;
	return sum;
}

/* How far the course of births over @n bins is from a straight one, at most. */
static double distance_of(const double *w, size_t n)
{
	double sum = 0, course = 0, most = 0, gap;
	size_t i;

	for (i = 0; i < n; i++)
		sum += w[i];
	for (i = 0; i < n && sum > 0; i++) {
		gap = fabs(course + w[i] / sum / 2 - ((double)i + 0.5) / (double)n);
		course += w[i] / sum;
		if (gap > most)
			most = gap;
	}
	return most;
}

/* Bins that one look told of are one: what they have together. Returns how many are left. */
static size_t join(double *w, const bool *joined, size_t n)
{
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		if (i && joined[i])
			w[used - 1] += w[i];
		else
			w[used++] = w[i];
	}
	return used;
}

/* @gap bins at one end have nothing, the other ones have @filled of @covered. Is that chance? */
static bool gap_speaks(size_t gap, size_t filled, size_t bins)
{
	double p = ((double)filled + 0.5) / ((double)(bins - gap) + 1);

	return (double)gap > GAP_MAX * (double)bins && pow(1 - p, (double)gap) < GAP_CHANCE;
}

/*
 * What an edge adds to the steady course: what it has, unless that is more than the rate and chance
 * allow. Things that came back a little late stand there, and what was there before the first fork.
 */
static double edge(const struct profile *p, size_t from, size_t to, double rate, double usual,
		   bool *trimmed)
{
	double sum = 0, most = rate * (double)(to - from), unit = usual < 2 ? usual : 2;
	size_t i;

	for (i = from; i < to && i < p->bins; i++)
		sum += p->weight[i];
	if (sum <= most + 3 * sqrt(most * unit) + usual)
		return sum;
	*trimmed = true;
	return most;
}

/* Where the middle alone is in doubt, its edges speak too: a random cache is fullest at the end. */
static bool whole_is_straight(const struct profile *p, double usual)
{
	double w[SERIES_BINS];
	size_t i, n = (size_t)(p->forks / p->stride) + 1;

	for (i = 0; i < SERIES_BINS; i++)
		w[i] = p->weight[i] < usual * STEP ? p->weight[i] : usual * STEP;
	return distance_of(w, n < SERIES_BINS ? n : SERIES_BINS) <= DISTANCE_WHOLE;
}

struct growth growth_judge(const struct profile *p, double least)
{
	struct growth g = {0};
	double w[SERIES_BINS] = {0}, sum = 0, squares = 0, large = 0, p_bin, limit, whole, rate;
	size_t first, last, n, told, i, filled = 0, lead = 0, trail = 0;

	if (p->forks < LEDGER_FORKS_MIN || !p->bins)
		return g;
	first =
	    (size_t)((p->forks + (uint64_t)EDGE * p->stride - 1) / ((uint64_t)EDGE * p->stride));
	last = (size_t)(p->forks * (EDGE - 1) / ((uint64_t)EDGE * p->stride));
	if (last >= SERIES_BINS)
		last = SERIES_BINS - 1; /* levels that were not read to the end */
	if (first > last)
		return g;
	n = last - first + 1;
	for (i = 0; i < n; i++)
		w[i] = first + i < p->bins && p->weight[first + i] > 0 ? p->weight[first + i] : 0;
	g.usual = usual_of(w, n);
	whole = cut_sum(w, n, g.usual * STEP_SUM);
	for (i = 0; i < n; i++) {
		if (w[i] > g.usual * STEP)
			w[i] = g.usual * STEP;
		sum += w[i];
	}
	if (sum <= 0)
		return g;
	g.distance = distance_of(w, n);
	/* What rises in a bin stays from there on, or from the next one. */
	for (i = 0; i < n; i++)
		large += fmin(w[i] + (i + 1 < n ? w[i + 1] : 0), p->large[first + i]);
	g.large = large / sum;
	told = join(w, p->joined + first, n);
	for (i = 0; i < told; i++) {
		squares += w[i] * w[i];
		filled += w[i] > 0;
	}
	while (w[lead] <= 0)
		lead++;
	while (w[told - 1 - trail] <= 0)
		trail++;
	g.effective = sum * sum / squares;
	p_bin = g.effective / (double)told;
	limit = DISTANCE_CHANCE * sqrt((p_bin < 1 ? 1 - p_bin : 0) / g.effective);
	if (limit < DISTANCE_MAX)
		limit = DISTANCE_MAX;
	g.grows =
	    sum >= least && g.effective >= (p->forks < FORKS_FEW ? BIRTHS_MIN_FEW : BIRTHS_MIN) &&
	    g.distance <= limit && (g.distance <= DISTANCE_MAX || whole_is_straight(p, g.usual)) &&
	    !gap_speaks(lead, filled, told) && !gap_speaks(trail, filled, told);
	rate = whole / (double)n;
	g.steady = whole + edge(p, 0, first, rate, g.usual, &g.trimmed) +
		   edge(p, last + 1, (size_t)(p->forks / p->stride) + 1, rate, g.usual, &g.trimmed);
	return g;
}
