/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The region, which forktally made before the program began, and chunks: of this process alone
 * until it has its record, then of the region. And the lines of its maps that sites need: when
 * forktally looks, the process may be gone.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "heap/hook.h"

#define KNOWN_MAPS     512
#define MAPS_READS_MAX 64 /* addresses that are in no file would have us read again and again */

struct known_map {
	uint64_t start, end;
};

/* Children have it mapped as well. */
static struct heap_region *region;
static bool refused;
static char path[64];

/* At once: a program may clear its environment. */
__attribute__((constructor)) static void find_region(void)
{
	const char *given = getenv(HEAP_ENVIRONMENT);

	if (given && strlen(given) < sizeof(path))
		strcpy(path, given);
}

bool share_is_on(void)
{
	return *path;
}

bool share_attach(void)
{
	void *at;
	int fd;

	if (region || refused)
		return region;
	refused = true;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	if (lseek(fd, 0, SEEK_END) == HEAP_REGION_BYTES) {
		at = mmap(NULL, HEAP_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at != MAP_FAILED && *(uint64_t *)at == HEAP_MAGIC)
			region = at;
		else if (at != MAP_FAILED)
			munmap(at, HEAP_REGION_BYTES);
	}
	close(fd);
	return region;
}

static struct heap_chunk *claim_chunk(uint32_t owner)
{
	for (uint32_t i = 1; i < HEAP_CHUNKS; i++) {
		struct heap_chunk *c = heap_chunk(region, i);
		uint32_t nobody = 0;

		if (!__atomic_load_n(&c->owner, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&c->owner, &nobody, owner, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return c;
	}
	return NULL;
}

/* Gives everything back: the process is as one without the hook. */
static void give_up(struct heap_record *record, uint32_t owner)
{
	for (uint32_t i = 1; i < HEAP_CHUNKS; i++) {
		struct heap_chunk *c = heap_chunk(region, i);

		if (c->owner == owner) {
			memset(&c->kind, 0, sizeof(*c) - sizeof(c->owner));
			__atomic_store_n(&c->owner, 0, __ATOMIC_RELEASE);
		}
	}
	__atomic_store_n(&record->state, HEAP_FREE, __ATOMIC_RELEASE);
}

static struct heap_record *claim_record(uint32_t *ret_number)
{
	for (uint32_t i = 0; i < HEAP_RECORDS; i++) {
		uint32_t unused = HEAP_FREE;

		if (__atomic_compare_exchange_n(&region->record[i].state, &unused, HEAP_CLAIMED,
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			*ret_number = i;
			return &region->record[i];
		}
	}
	return NULL;
}

void share_publish(void)
{
	struct heap_state *s = heap_state;
	struct heap_record *r = claim_record(&s->number);
	uint32_t i;

	for (i = 0; r && i < s->chunk_count; i++) {
		struct heap_chunk *c = claim_chunk(s->number + 1);

		if (!c)
			break;
		c->kind = s->chunk[i]->kind;
		c->used = s->chunk[i]->used;
		memcpy(&c->u, &s->chunk[i]->u, sizeof(c->u));
		heap_unmap(s->chunk[i], HEAP_CHUNK_BYTES);
		s->chunk[i] = c;
	}
	if (!r || i < s->chunk_count) {
		__atomic_add_fetch(&region->records_missed, 1, __ATOMIC_RELAXED);
		if (r)
			give_up(r, s->number + 1);
		s->ended = true;
		s->noting = 0;
		return;
	}
	r->pid = (uint32_t)s->pid;
	r->begun_ns = s->begun_ns;
	r->forks = s->forks;
	r->flags = s->flags;
	r->missed = s->missed;
	s->record = r;
	__atomic_store_n(&r->state, HEAP_READY, __ATOMIC_RELEASE);
}

/* 1 + where it is in s->chunk; 0: no room. */
static uint32_t chunk_new(enum heap_kind kind)
{
	struct heap_state *s = heap_state;
	struct heap_chunk *c;

	if (!s->chunk)
		s->chunk = heap_map(HEAP_CHUNKS_MAX * (sizeof(*s->chunk) + sizeof(uint32_t)));
	if (!s->chunk || s->chunk_count == HEAP_CHUNKS_MAX)
		return 0;
	s->sites_in = (uint32_t *)(s->chunk + HEAP_CHUNKS_MAX);
	c = s->record ? claim_chunk(s->number + 1) : heap_map(HEAP_CHUNK_BYTES);
	if (!c)
		return 0;
	__atomic_store_n(&c->kind, kind, __ATOMIC_RELEASE);
	s->chunk[s->chunk_count++] = c;
	return s->chunk_count;
}

struct heap_site *share_site(uint32_t site)
{
	struct heap_state *s = heap_state;
	uint32_t i = site - 1;

	return &s->chunk[s->sites_in[i / HEAP_SITES_IN_CHUNK]]->u.site[i % HEAP_SITES_IN_CHUNK];
}

uint32_t share_site_new(void)
{
	struct heap_state *s = heap_state;
	struct heap_chunk *c;

	if (!s->sites_at || s->chunk[s->sites_at - 1]->used == HEAP_SITES_IN_CHUNK) {
		uint32_t at = chunk_new(HEAP_SITES);

		if (!at)
			return 0;
		s->sites_at = at;
		s->sites_in[s->sites_chunks++] = at - 1;
	}
	c = s->chunk[s->sites_at - 1];
	c->used++;
	return (uint32_t)((s->sites_chunks - 1) * HEAP_SITES_IN_CHUNK + c->used);
}

static bool is_known(uint64_t address)
{
	struct heap_state *s = heap_state;

	for (uint32_t i = 0; i < s->known_count; i++)
		if (address >= s->known[i].start && address < s->known[i].end)
			return true;
	return false;
}

static void add_line(const char *line, uint32_t length)
{
	struct heap_state *s = heap_state;
	struct heap_chunk *c = s->maps_at ? s->chunk[s->maps_at - 1] : NULL;

	if (length > sizeof(c->u.text))
		return;
	if (!c || c->used + length > sizeof(c->u.text)) {
		uint32_t at = chunk_new(HEAP_MAPS);

		if (!at)
			return;
		s->maps_at = at;
		c = s->chunk[at - 1];
	}
	memcpy(c->u.text + c->used, line, length);
	__atomic_store_n(&c->used, c->used + length, __ATOMIC_RELEASE);
}

static const char *read_hex(const char *p, uint64_t *ret)
{
	for (*ret = 0;; p++) {
		if (*p >= '0' && *p <= '9')
			*ret = *ret << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*ret = *ret << 4 | (uint64_t)(*p - 'a' + 10);
		else
			return p;
	}
}

/* start-end perms ...; what is not executable is in no call stack. */
static void take_line(const char *line, uint32_t length)
{
	struct heap_state *s = heap_state;
	struct known_map m;
	const char *p = read_hex(line, &m.start);

	if (*p != '-' || s->known_count == KNOWN_MAPS)
		return;
	p = read_hex(p + 1, &m.end);
	if (p[0] != ' ' || p[3] != 'x' || is_known(m.start))
		return;
	s->known[s->known_count++] = m;
	add_line(line, length);
}

static void read_maps(void)
{
	char text[4096 + 256]; /* a path may have 4096 bytes: longer lines are left out */
	size_t have = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool skip = false;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + have, sizeof(text) - have)) > 0) {
		char *line = text, *newline;

		have += (size_t)n;
		while ((newline = memchr(line, '\n', have - (size_t)(line - text)))) {
			if (!skip)
				take_line(line, (uint32_t)(newline + 1 - line));
			skip = false;
			line = newline + 1;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
		if (have == sizeof(text)) {
			skip = true;
			have = 0;
		}
	}
	if (fd >= 0)
		close(fd);
}

void share_maps(const uint64_t *frame, uint32_t depth)
{
	struct heap_state *s = heap_state;

	if (!s->known)
		s->known = heap_map(KNOWN_MAPS * sizeof(*s->known));
	for (uint32_t i = 0; s->known && i < depth && s->maps_read < MAPS_READS_MAX; i++) {
		if (is_known(frame[i] - 1))
			continue;
		s->maps_read++;
		read_maps();
	}
}
