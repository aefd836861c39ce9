/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/top_history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TREND_LEAST 4096 /* smaller changes are no trend */
#define MINUTE_NS   60000000000ULL

struct top_history {
	struct top_past **slot; /* open addressing */
	size_t slots;		/* a power of two, at least twice the count */
	size_t count;
	uint64_t look;
	uint64_t samples;	       /* ever taken */
	uint64_t time_ns[TOP_SAMPLES]; /* of the last: the newest at (samples - 1) % TOP_SAMPLES */
};

static void past_free(struct top_past *p)
{
	if (!p)
		return;
	free(p->command);
	free(p->cgroup);
	free(p);
}

struct top_history *top_history_new(void)
{
	return calloc(1, sizeof(struct top_history));
}

void top_history_free(struct top_history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->slots; i++)
		past_free(h->slot[i]);
	free(h->slot);
	free(h);
}

static size_t place_of(size_t slots, uint32_t tgid, uint64_t start_ns)
{
	uint64_t hash = (start_ns ^ (uint64_t)tgid << 32) * 0x9e3779b97f4a7c15ULL;

	return (size_t)(hash >> 32) & (slots - 1);
}

/* Where it is, or the free slot where it would be. */
static struct top_past **look_up(struct top_past **slot, size_t slots, uint32_t tgid,
				 uint64_t start_ns)
{
	size_t i = place_of(slots, tgid, start_ns);

	while (slot[i] && (slot[i]->tgid != tgid || slot[i]->start_ns != start_ns))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

struct top_past *top_history_find(const struct top_history *h, uint32_t tgid, uint64_t start_ns)
{
	return h->slots ? *look_up(h->slot, h->slots, tgid, start_ns) : NULL;
}

/* The table anew, with those of this look and room for as many as the census has. */
static int renew(struct top_history *h, size_t count)
{
	size_t slots = 64;
	struct top_past **slot;

	while (slots < 2 * count + 2)
		slots *= 2;
	slot = calloc(slots, sizeof(struct top_past *));
	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < h->slots; i++) {
		struct top_past *p = h->slot[i];

		if (p)
			*look_up(slot, slots, p->tgid, p->start_ns) = p;
	}
	free(h->slot);
	h->slot = slot;
	h->slots = slots;
	return 0;
}

static int forget(struct top_history *h)
{
	bool holes = false;

	for (size_t i = 0; i < h->slots; i++) {
		if (!h->slot[i] || h->slot[i]->look == h->look)
			continue;
		past_free(h->slot[i]);
		h->slot[i] = NULL;
		h->count--;
		holes = true;
	}
	/* Holes would end the search for what stands behind them. */
	return holes ? renew(h, h->count) : 0;
}

int top_history_see(struct top_history *h, const struct census *c)
{
	int err = h->slots < 2 * (h->count + c->count) + 2 ? renew(h, h->count + c->count) : 0;

	if (err)
		return err;
	h->look++;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *process = &c->process[i];
		struct top_past **slot =
		    look_up(h->slot, h->slots, process->tgid, process->start_ns);
		struct top_past *p = *slot;

		if (!p) {
			p = calloc(1, sizeof(*p));
			if (!p)
				return -ENOMEM;
			p->tgid = process->tgid;
			p->start_ns = process->start_ns;
			*slot = p;
			h->count++;
		}
		p->look = h->look;
	}
	return forget(h);
}

/* At least nothing is no more than that. */
static bool is_unknown(struct amount a)
{
	return a.known == KNOWN_NOT || (a.known == KNOWN_AT_LEAST && !a.bytes);
}

void top_history_sample(struct top_history *h, const struct census *c)
{
	size_t at = h->samples++ % TOP_SAMPLES;

	h->time_ns[at] = c->time_ns;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *process = &c->process[i];
		struct top_past *p = top_history_find(h, process->tgid, process->start_ns);
		struct amount held = amount_add(process->private, process->kernel_undivided);

		if (!p)
			continue;
		/* Half of it is no measure of growth: it begins anew. */
		if (is_unknown(process->private) || is_unknown(process->kernel_undivided)) {
			p->samples = 0;
			continue;
		}
		if (!p->samples++)
			p->first = held.bytes;
		p->held[at] = held.bytes;
		p->doubt |= held.known != KNOWN_EXACT;
	}
}

static struct amount change(const struct top_past *p, int64_t bytes)
{
	return (struct amount){.bytes = bytes, .known = p->doubt ? KNOWN_ESTIMATE : KNOWN_EXACT};
}

/* Where the sample stands that is n before the newest. */
static size_t back(const struct top_history *h, uint64_t n)
{
	return (size_t)((h->samples - 1 - n) % TOP_SAMPLES);
}

struct amount top_history_growth(const struct top_history *h, const struct top_past *p)
{
	if (!p || p->samples < 2)
		return (struct amount){.known = KNOWN_NOT};
	return change(p, p->held[back(h, 0)] - p->first);
}

struct amount top_history_rate(const struct top_history *h, const struct top_past *p)
{
	struct amount unknown = {.known = KNOWN_NOT};
	size_t last, then;
	uint64_t kept;
	int64_t ns;

	if (!p || p->samples < 2)
		return unknown;
	kept = p->samples < TOP_SAMPLES ? p->samples : TOP_SAMPLES;
	last = back(h, 0);
	then = back(h, 1); /* also where looks are more than a minute apart */
	for (uint64_t i = 2; i < kept && h->time_ns[last] - h->time_ns[back(h, i)] <= MINUTE_NS;
	     i++)
		then = back(h, i);
	ns = (int64_t)(h->time_ns[last] - h->time_ns[then]);
	if (ns <= 0)
		return unknown;
	return change(
	    p, (int64_t)((__int128)(p->held[last] - p->held[then]) * (int64_t)MINUTE_NS / ns));
}

unsigned top_history_trend(const struct top_history *h, const struct top_past *p, unsigned n,
			   unsigned char *ret_height)
{
	int64_t least = INT64_MAX, most = INT64_MIN, scale;

	if (!p)
		return 0;
	if (n > p->samples)
		n = (unsigned)p->samples;
	if (n > TOP_SAMPLES)
		n = TOP_SAMPLES;
	for (unsigned i = 0; i < n; i++) {
		int64_t bytes = p->held[back(h, i)];

		least = bytes < least ? bytes : least;
		most = bytes > most ? bytes : most;
	}
	scale = most - least > TREND_LEAST ? most - least : TREND_LEAST;
	for (unsigned i = 0; i < n; i++) {
		int64_t over = p->held[back(h, n - 1 - i)] - least;

		ret_height[i] = (unsigned char)((__int128)over * 7 / scale);
	}
	return n;
}
