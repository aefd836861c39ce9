// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * census.c - takes a census with census.bpf.c.
 */
#include "source/census.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bpf/census.skel.h"
#include "census/build.h"
#include "source/bpf/charged.h"
#include "source/bpf/machine.h"
#include "source/proc/census.h"

#define HOLDS	      65536u /* room at first: 3 MiB */
#define HOLDS_MAX     (16u << 20)
#define RECORDS_BYTES (256u << 10)

struct bpf_census {
	struct census_source base;
	struct census_bpf *skel;
	struct bpf_link *link;
	struct machine machine;
	const struct census_hold *hold;
	uint32_t hold_room;
	char *buffer;
	int proc_fd;
	struct procfs_text text; /* of /proc, for the machine's own figures */
};

static void unload(struct bpf_census *s)
{
	if (s->hold)
		munmap((void *)s->hold, s->hold_room * sizeof(*s->hold));
	s->hold = NULL;
	bpf_link__destroy(s->link);
	s->link = NULL;
	census_bpf__destroy(s->skel);
	s->skel = NULL;
}

static void census_bpf_close(struct census_source *source)
{
	struct bpf_census *s = (struct bpf_census *)source;

	unload(s);
	if (s->proc_fd >= 0)
		close(s->proc_fd);
	procfs_text_done(&s->text);
	free(s->buffer);
	free(s);
}

static int load(struct bpf_census *s, const char **ret_why)
{
	const struct machine *m = &s->machine;
	/* Named, it is the only one that is asked: those of modules need CAP_SYS_ADMIN. */
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = "/sys/kernel/btf/vmlinux");
	size_t bytes = s->hold_room * sizeof(*s->hold);
	void *hold;
	int err;

	s->skel = census_bpf__open_opts(&opts);
	if (!s->skel) {
		*ret_why = "the kernel programs of the census cannot be opened";
		return -errno;
	}
	s->skel->rodata->page_base = m->page_base;
	s->skel->rodata->page_shift = m->page_shift;
	s->skel->rodata->page_bytes = m->page_bytes;
	s->skel->rodata->page_struct_bytes = m->page_struct_bytes;
	s->skel->rodata->stack_bytes = m->stack_bytes;
	s->skel->rodata->pgd_bytes = m->pgd_bytes;
	s->skel->rodata->payer_bytes = m->payer_bytes;
	s->skel->rodata->cpus = m->cpus;
	s->skel->rodata->hold_room = s->hold_room;
	memcpy((void *)s->skel->rodata->percpu_offset, m->percpu_offset, sizeof(m->percpu_offset));
	bpf_map__set_max_entries(s->skel->maps.holds, s->hold_room);
	err = census_bpf__load(s->skel);
	if (err) {
		*ret_why =
		    err == -EPERM || err == -EACCES
			? "loading kernel programs is not permitted (root, or CAP_BPF and "
			  "CAP_PERFMON)"
			: "the kernel refuses the programs of the census (it is for 5.17 and "
			  "later)";
		return err;
	}
	hold = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(s->skel->maps.holds), 0);
	if (hold == MAP_FAILED) {
		*ret_why = "the table of shared objects cannot be mapped";
		return -errno;
	}
	s->hold = hold;
	s->link = bpf_program__attach_iter(s->skel->progs.census, NULL);
	if (!s->link) {
		*ret_why = "the kernel has no iterator over tasks";
		return -errno;
	}
	return 0;
}

static int census_bpf_open(struct census_source **ret_source, const char **ret_why)
{
	struct bpf_census *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	libbpf_set_print(NULL); /* we say it ourselves */
	s->base.ops = &census_bpf;
	s->hold_room = HOLDS;
	s->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->buffer = malloc(RECORDS_BYTES);
	err = s->buffer ? machine_learn(&s->machine, ret_why) : -ENOMEM;
	if (!err && !s->machine.page_base) {
		*ret_why = "this kernel does not tell where it keeps its pages";
		err = -ENOTSUP;
	}
	if (!err)
		err = load(s, ret_why);
	if (err) {
		census_bpf_close(&s->base);
		return err;
	}
	*ret_source = &s->base;
	return 0;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What was written since the last read. */
static int take_holds(struct bpf_census *s, struct build *b)
{
	uint32_t n = s->skel->bss->hold_count;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = build_hold(b, &s->hold[i]);
	s->skel->bss->hold_count = 0;
	return err;
}

/* Some kernels keep process 1 out of the iterator: whoever misses it may miss others. */
static int walk(struct bpf_census *s, enum census_depth depth, struct build *b)
{
	/* A summary's record ends where the kinds begin. */
	size_t size = depth == CENSUS_SUMMARY ? offsetof(struct census_record, cell)
					      : sizeof(struct census_record);
	size_t have = 0, at;
	bool first_came = false;
	int fd, err = 0;
	ssize_t n;

	s->skel->bss->depth = depth > CENSUS_PAYERS ? CENSUS_PAYERS : depth;
	s->skel->bss->each = depth == CENSUS_OBJECTS;
	s->skel->bss->take++;
	s->skel->bss->hold_count = 0;
	s->skel->bss->lost = 0;
	fd = bpf_iter_create(bpf_link__fd(s->link));
	if (fd < 0)
		return -errno;
	while (!err) {
		n = read(fd, s->buffer + have, RECORDS_BYTES - have);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
		if (!n)
			break;
		have += n > 0 ? (size_t)n : 0;
		for (at = 0; have - at >= size && !err; at += size) {
			const struct census_record *r = (const void *)(s->buffer + at);

			first_came |= r->tgid == 1;
			err = build_process(b, r);
		}
		have -= at;
		memmove(s->buffer, s->buffer + at, have);
		if (!err)
			err = take_holds(s, b);
	}
	close(fd);
	if (!first_came || s->skel->bss->lost)
		build_missing(b);
	if (census_has_outside())
		build_outside(b);
	return err;
}

/* One process alone may hold more than there is room for: then with more room from the start. */
static int census_bpf_take(struct census_source *source, enum census_depth depth,
			   struct census **ret_census, const char **ret_why)
{
	struct bpf_census *s = (struct bpf_census *)source;
	uint64_t began = clock_ns(CLOCK_MONOTONIC), time = clock_ns(CLOCK_BOOTTIME);
	struct census_machine machine;
	struct build *b = NULL;
	int err;

	*ret_why = "";
	for (;;) {
		err = build_open(depth, SOURCE_BPF, &b);
		if (!err)
			err = walk(s, depth, b);
		if (err || !s->skel->bss->lost || s->hold_room >= HOLDS_MAX)
			break;
		build_close(b);
		b = NULL;
		unload(s);
		s->hold_room *= 4;
		err = load(s, ret_why);
		if (err)
			return err;
	}
	if (!err) {
		proc_census_machine(s->proc_fd, &s->text, &machine);
		err = build_finish(b, &machine, ret_census);
	}
	build_close(b);
	if (err)
		return err;
	(*ret_census)->time_ns = time;
	(*ret_census)->took_ns = clock_ns(CLOCK_MONOTONIC) - began;
	return 0;
}

static int census_bpf_charges(struct census_source *source, uint64_t payer,
			      struct census_charges *ret_charges)
{
	return charged_scan(&((struct bpf_census *)source)->machine, payer, ret_charges);
}

const struct census_source_ops census_bpf = {
    .name = "bpf",
    .depth_max = CENSUS_OBJECTS,
    .open = census_bpf_open,
    .take = census_bpf_take,
    .close = census_bpf_close,
    .charges = census_bpf_charges,
};
