/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/series.h"

/* Grows *at to hold @want items of @size, zeroed. */
static int make_room(void *at, uint32_t *room, uint32_t want, size_t size)
{
	uint32_t n = *room ? *room : 8;
	char *more;

	if (want <= *room)
		return 0;
	while (n < want)
		n *= 2;
	memcpy(&more, at, sizeof(more));
	more = realloc(more, n * size);
	if (!more)
		return -ENOMEM;
	memset(more + *room * size, 0, (n - *room) * size);
	memcpy(at, &more, sizeof(more));
	*room = n;
	return 0;
}

/* The stride at which @clock has a bin. */
static uint32_t stride_for(uint32_t stride, uint64_t clock)
{
	if (!stride)
		stride = 1;
	while (clock / stride >= SERIES_BINS && stride < UINT32_C(1) << 31)
		stride *= 2;
	return stride;
}

static uint32_t bin_of(uint32_t stride, uint64_t clock)
{
	uint64_t bin = clock / stride;

	return bin < SERIES_BINS ? (uint32_t)bin : SERIES_BINS - 1;
}

int births_add(struct births *b, uint64_t clock, uint64_t count)
{
	uint32_t stride = stride_for(b->stride, clock);
	uint32_t bin = bin_of(stride, clock), i;
	int err = make_room(&b->count, &b->room, bin + 1, sizeof(*b->count));

	if (err)
		return err;
	if (!b->stride)
		b->stride = stride;
	while (b->stride < stride) {
		for (i = 0; i < b->bins; i++) {
			uint64_t n = b->count[i];

			b->count[i] = 0;
			b->count[i / 2] += n;
		}
		b->bins = (b->bins + 1) / 2;
		b->stride *= 2;
	}
	b->count[bin] += count;
	if (b->bins <= bin)
		b->bins = bin + 1;
	return 0;
}

void births_release(struct births *b)
{
	free(b->count);
	*b = (struct births){0};
}

static void level_join(struct level *into, const struct level *later)
{
	if (!later->samples)
		return;
	if (!into->samples) {
		*into = *later;
		return;
	}
	into->bytes = later->bytes;
	into->count = later->count;
	if (later->bytes_min < into->bytes_min)
		into->bytes_min = later->bytes_min;
	if (later->count_min < into->count_min)
		into->count_min = later->count_min;
	into->samples += later->samples;
	into->large += later->large;
}

static int64_t large_rise(const struct levels *l, uint64_t clock, int64_t bytes, int64_t page)
{
	int64_t gap = (int64_t)(clock - l->last_clock), rise = bytes - l->last_bytes;

	return l->bins && rise / page >= (gap > 2 ? gap : 2) ? rise : 0;
}

int levels_add(struct levels *l, uint64_t clock, int64_t bytes, int64_t count, int64_t page)
{
	uint32_t stride = stride_for(l->stride, clock);
	uint32_t bin = bin_of(stride, clock), i;
	int32_t n = count < 0 ? -1 : count > INT32_MAX ? INT32_MAX : (int32_t)count;
	struct level now = {.bytes = bytes,
			    .bytes_min = bytes,
			    .large = large_rise(l, clock, bytes, page),
			    .count = n,
			    .count_min = n,
			    .samples = 1};
	int err = make_room(&l->at, &l->room, bin + 1, sizeof(*l->at));

	if (err)
		return err;
	if (!l->stride)
		l->stride = stride;
	while (l->stride < stride) {
		for (i = 0; i < l->bins; i++) {
			struct level moved = l->at[i];

			l->at[i] = (struct level){0};
			level_join(&l->at[i / 2], &moved);
		}
		l->bins = (l->bins + 1) / 2;
		l->stride *= 2;
	}
	level_join(&l->at[bin], &now);
	if (l->bins <= bin)
		l->bins = bin + 1;
	l->last_clock = clock;
	l->last_bytes = bytes;
	return 0;
}

void levels_release(struct levels *l)
{
	free(l->at);
	*l = (struct levels){0};
}

int marks_add(struct marks *m, uint32_t ordinal)
{
	uint32_t stride = m->stride ? m->stride : 1, i;
	int err;

	if (m->forks % stride == 0 && m->forks / stride < SERIES_BINS) {
		err = make_room(&m->at, &m->room, m->forks / stride + 1, sizeof(*m->at));
		if (err)
			return err;
	}
	if (m->forks == UINT32_MAX)
		return 0;
	m->stride = stride;
	if (ordinal < m->last)
		ordinal = m->last; /* the tree's clock does not run backwards */
	if (m->used == SERIES_BINS && m->forks % m->stride == 0) {
		for (i = 0; i < SERIES_BINS / 2; i++)
			m->at[i] = m->at[2 * i];
		m->used = SERIES_BINS / 2;
		m->stride *= 2;
	}
	if (m->forks % m->stride == 0)
		m->at[m->used++] = ordinal;
	m->forks++;
	m->last = ordinal;
	return 0;
}

int marks_add_all(struct marks *m, uint32_t last, uint32_t count)
{
	while (count) {
		uint32_t stride = m->stride ? m->stride : 1, skip = stride - 1 - m->forks % stride;
		int err;

		/* Those that leave no mark, all at once. */
		if (m->forks % stride && skip < count - 1) {
			m->forks += skip;
			count -= skip;
		}
		err = marks_add(m, last - --count);
		if (err)
			return err;
	}
	return 0;
}

uint32_t marks_own(const struct marks *m, uint32_t ordinal)
{
	uint32_t low = 0, high = m->used, own, next_own, next;

	if (!m->used || ordinal < m->at[0])
		return 0;
	if (ordinal >= m->last)
		return m->forks;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (m->at[mid] <= ordinal)
			low = mid;
		else
			high = mid;
	}
	own = 1 + low * m->stride;
	next_own = low + 1 < m->used ? own + m->stride : m->forks;
	next = low + 1 < m->used ? m->at[low + 1] : m->last;
	if (next <= m->at[low] || next_own <= own)
		return own;
	return own + (uint32_t)((uint64_t)(ordinal - m->at[low]) * (next_own - own) /
				(next - m->at[low]));
}

void marks_release(struct marks *m)
{
	free(m->at);
	*m = (struct marks){0};
}
