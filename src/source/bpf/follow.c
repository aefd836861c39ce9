// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * follow.c - runs follow.bpf.c.
 */
#include "source/follow.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/follow.skel.h"
#include "source/bpf/follow.h"
#include "source/bpf/iterate.h"
#include "source/bpf/machine.h"

#define PROCESSES      32768u
#define RING_BYTES     (4u << 20)
#define WANTED_AT_ONCE 1024u
#define AT_ONCE	       512u

struct follow {
	struct follow_bpf *skel;
	struct ring_buffer *ring; /* NULL: no records */
	follow_fn fn;
	void *ctx;
	int stopped; /* what fn returned */
};

static int on_record(void *ctx, void *data, size_t size)
{
	struct follow *f = ctx;

	(void)size; /* the kernel programs write nothing shorter */
	f->stopped = f->fn(f->ctx, data);
	return f->stopped < 0 ? f->stopped : f->stopped ? -ECANCELED : 0;
}

static int load(struct follow *f, const struct follow_options *o, const char **ret_why)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct follow_bpf *k;
	struct machine m;
	int err = machine_learn(&m, ret_why);

	if (err)
		return err;
	if (m.old_bpf) {
		*ret_why = "to follow processes takes Linux 5.17 or later";
		return -ENOTSUP;
	}
	f->skel = k = follow_bpf__open();
	if (!k) {
		*ret_why = "the kernel programs that follow processes cannot be opened";
		return -errno;
	}
	k->rodata->cpu_count = m.cpus;
	k->rodata->page_bytes = m.page_bytes;
	k->rodata->chosen = o->chosen;
	k->rodata->records_wanted = o->records;
	memcpy((void *)k->rodata->percpu_offset, m.percpu_offset, sizeof(m.percpu_offset));
	bpf_map__set_max_entries(k->maps.followed, o->process_max ? o->process_max : PROCESSES);
	if (o->records)
		bpf_map__set_max_entries(k->maps.records,
					 o->ring_bytes ? o->ring_bytes : RING_BYTES);
	bpf_program__set_autoattach(k->progs.learn_reader, false);
	bpf_program__set_autoattach(k->progs.adopt, false);
	err = follow_bpf__load(k);
	if (err) {
		*ret_why = "the kernel refuses the programs that follow processes";
		return err;
	}
	if (bpf_prog_test_run_opts(bpf_program__fd(k->progs.learn_reader), &run)) {
		*ret_why = "the kernel does not run a program that it has loaded";
		return -errno;
	}
	if (!o->records)
		return 0;
	f->ring = ring_buffer__new(bpf_map__fd(k->maps.records), on_record, f, NULL);
	if (f->ring)
		return 0;
	*ret_why = "the ring of records cannot be mapped";
	return -errno;
}

int follow_open(const struct follow_options *options, struct follow **ret_follow,
		const char **ret_why)
{
	struct follow *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	err = load(f, options, ret_why);
	if (!err) {
		err = follow_bpf__attach(f->skel);
		if (err)
			*ret_why = "a tracepoint of the scheduler cannot be attached to";
	}
	if (err) {
		follow_close(f);
		return err;
	}
	*ret_follow = f;
	return 0;
}

void follow_close(struct follow *f)
{
	if (!f)
		return;
	ring_buffer__free(f->ring);
	follow_bpf__destroy(f->skel);
	free(f);
}

/* As many as there is room for at once. */
static int add_some(struct follow *f, const struct account_id *ids, size_t count)
{
	int fd = bpf_map__fd(f->skel->maps.wanted), err = 0;

	f->skel->bss->adopted = 0;
	for (size_t i = 0; i < count && !err; i++) {
		__u64 start_ns = ids[i].start_ns;

		if (bpf_map_update_elem(fd, &ids[i].tgid, &start_ns, 0))
			err = -errno;
	}
	if (!err)
		err = iterate(f->skel->progs.adopt, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		(void)bpf_map_delete_elem(fd, &ids[i].tgid); /* one listed twice is gone */
	return err ? err : (int)f->skel->bss->adopted;
}

int follow_add(struct follow *f, const struct account_id *ids, size_t count)
{
	int sum = 0;

	for (size_t i = 0; i < count; i += WANTED_AT_ONCE) {
		int n =
		    add_some(f, ids + i, count - i < WANTED_AT_ONCE ? count - i : WANTED_AT_ONCE);

		if (n < 0)
			return n;
		sum += n;
	}
	return sum;
}

int follow_fd(const struct follow *f)
{
	return f->ring ? ring_buffer__epoll_fd(f->ring) : -1;
}

int follow_drain(struct follow *f, follow_fn fn, void *ctx)
{
	int err;

	if (!f->ring)
		return 0;
	f->fn = fn;
	f->ctx = ctx;
	f->stopped = 0;
	err = ring_buffer__consume(f->ring);
	if (f->stopped)
		return f->stopped;
	return err < 0 ? err : 0;
}

/* What a program missed because it ran already, beneath itself: a preempted one. */
static uint64_t missed(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size)
		   ? 0
		   : info.recursion_misses;
}

void follow_totals(const struct follow *f, struct follow_totals *ret_totals)
{
	*ret_totals = f->skel->bss->totals;
	ret_totals->lost_processes += missed(f->skel->progs.on_fork);
	ret_totals->lost_records += missed(f->skel->progs.on_exec) + missed(f->skel->progs.on_exit);
}

/* By whole buckets of the kernel's table: nobody is met twice where others come and go. */
int follow_each(struct follow *f, int (*fn)(void *ctx, const struct follow_process *process),
		void *ctx)
{
	int fd = bpf_map__fd(f->skel->maps.followed), err = 0, end = 0;
	struct follow_process *some = calloc(AT_ONCE, sizeof(*some));
	__u64 *keys = calloc(AT_ONCE, sizeof(*keys));
	__u32 at, count;

	if (!some || !keys)
		err = -ENOMEM;
	for (bool first = true; !err && !end; first = false) {
		LIBBPF_OPTS(bpf_map_batch_opts, opts);

		count = AT_ONCE;
		end = bpf_map_lookup_batch(fd, first ? NULL : &at, &at, keys, some, &count, &opts);
		if (end && end != -ENOENT)
			err = end;
		for (__u32 i = 0; i < count && !err; i++)
			err = fn(ctx, &some[i]);
	}
	free(keys);
	free(some);
	return err;
}

int follow_processes_fd(const struct follow *f)
{
	return bpf_map__fd(f->skel->maps.followed);
}

int follow_records_fd(const struct follow *f)
{
	return bpf_map__fd(f->skel->maps.records);
}
