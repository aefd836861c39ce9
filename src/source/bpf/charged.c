// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/charged.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bpf/charged.skel.h"

#define ROOM (128u << 10) /* charges between two looks: 3 MiB */

struct scan {
	const struct machine *m;
	struct charged_bpf *skel;
	const struct census_charged *list;
	struct census_charges *to;
};

static int run(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(program), &opts) ? -errno : 0;
}

/* Which frame of physical memory a page of ours is in, as /proc tells root. */
static uint64_t frame_of(const void *address, uint32_t page_bytes)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)address / page_bytes * sizeof(entry))) != sizeof(entry) ||
	    !(entry >> 63))
		entry = 0;
	close(fd);
	return entry & ((1ull << 55) - 1);
}

/* One page of ours, put into a pipe as it is: its frame is told by /proc, its struct page by the
 * pipe. */
static int find_first_page(struct scan *s)
{
	uint32_t bytes = s->m->page_bytes;
	void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec part = {.iov_base = page, .iov_len = bytes};
	uint64_t frame = 0;
	int fd[2], err = -ENOTSUP;

	if (page == MAP_FAILED)
		return -errno;
	*(char *)page = 1;
	if (pipe2(fd, O_CLOEXEC)) {
		munmap(page, bytes);
		return -errno;
	}
	if (vmsplice(fd[1], &part, 1, 0) == (ssize_t)bytes) {
		frame = frame_of(page, bytes);
		s->skel->bss->pipe_fd = (uint32_t)fd[1];
		err = run(s->skel->progs.find_page);
	}
	close(fd[0]);
	close(fd[1]);
	munmap(page, bytes);
	if (err)
		return err;
	if (!frame || !s->skel->bss->page_in_pipe)
		return -ENOTSUP;
	s->skel->bss->first_page =
	    s->skel->bss->page_in_pipe - frame * (uint64_t)s->m->page_struct_bytes;
	return 0;
}

static int take_list(struct scan *s)
{
	struct census_charges *to = s->to;
	uint32_t n = s->skel->bss->count;

	if (to->count + n > to->room) {
		size_t room = (to->count + n) * 2;
		struct census_charged *at = realloc(to->at, room * sizeof(*at));

		if (!at)
			return -ENOMEM;
		to->at = at;
		to->room = room;
	}
	memcpy(to->at + to->count, s->list, n * sizeof(*s->list));
	to->count += n;
	s->skel->bss->count = 0;
	return 0;
}

static int scan_range(struct scan *s, uint64_t from, uint64_t to)
{
	int err = 0;

	s->skel->bss->next_frame = from;
	s->skel->bss->end_frame = to;
	while (!err && s->skel->bss->next_frame < to) {
		err = run(s->skel->progs.scan);
		if (!err && s->skel->bss->count > ROOM / 2)
			err = take_list(s);
	}
	return err ? err : take_list(s);
}

static int scan_memory(struct scan *s)
{
	FILE *f = fopen("/proc/iomem", "re");
	uint64_t from, to;
	char line[256];
	int err = f ? 0 : -errno, ranges = 0;

	while (!err && fgets(line, sizeof(line), f)) {
		/* What lies inside is indented. To whom addresses are hidden, they are 0. */
		if (*line == ' ' || !strstr(line, ": System RAM") ||
		    sscanf(line, "%lx-%lx", &from, &to) != 2 || !to)
			continue;
		ranges++;
		err = scan_range(s, from >> s->m->page_shift, (to + 1) >> s->m->page_shift);
	}
	if (f)
		fclose(f);
	return err ? err : ranges ? 0 : -ENOTSUP;
}

static int name_cache(struct scan *s, uint64_t cache)
{
	struct census_charges *to = s->to;
	struct census_cache *at;
	int err;

	at = realloc(to->cache, (to->cache_count + 1) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	to->cache = at;
	s->skel->bss->named_cache = cache;
	err = run(s->skel->progs.name);
	if (err)
		return err;
	at += to->cache_count++;
	at->address = cache;
	at->reclaimable = s->skel->bss->cache_flags & s->m->slab_reclaim;
	at->merged = s->skel->bss->cache_merged;
	snprintf(at->name, sizeof(at->name), "%s", s->skel->bss->cache_name);
	return 0;
}

static int name_caches(struct scan *s)
{
	uint64_t last = 0;
	int err = 0;

	for (size_t i = 0; i < s->to->count && !err; i++) {
		uint64_t cache = s->to->at[i].cache;

		if (!cache || cache == last)
			continue;
		last = cache;
		if (!census_cache_find(s->to, cache))
			err = name_cache(s, cache);
	}
	return err;
}

int charged_scan(const struct machine *m, uint64_t payer, struct census_charges *ret_charges)
{
	struct scan s = {.m = m, .skel = charged_bpf__open(), .to = ret_charges};
	size_t bytes = ROOM * sizeof(*s.list);
	void *list = MAP_FAILED;
	int err;

	*ret_charges = (struct census_charges){};
	if (!s.skel)
		return -errno;
	s.skel->rodata->page_base = m->page_base;
	s.skel->rodata->page_shift = m->page_shift;
	s.skel->rodata->page_bytes = m->page_bytes;
	s.skel->rodata->page_struct_bytes = m->page_struct_bytes;
	s.skel->rodata->room = ROOM;
	bpf_map__set_max_entries(s.skel->maps.list, ROOM);
	err = charged_bpf__load(s.skel);
	if (!err) {
		list = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(s.skel->maps.list), 0);
		err = list == MAP_FAILED ? -errno : 0;
	}
	if (!err) {
		s.list = list;
		s.skel->bss->payer = payer;
		err = find_first_page(&s);
	}
	if (!err)
		err = scan_memory(&s);
	if (!err)
		err = name_caches(&s);
	if (list != MAP_FAILED)
		munmap(list, bytes);
	charged_bpf__destroy(s.skel);
	if (err)
		census_charges_done(ret_charges);
	return err;
}
