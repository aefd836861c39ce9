// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/walk.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/walk.skel.h"
#include "bpf/walk_old.skel.h"
#include "source/bpf/iterate.h"

#define RING_BYTES (8u << 20)

struct walk {
	struct walk_bpf *skel;
	struct ring_buffer *ring;
	walk_fn fn;
	void *ctx;
	bool chosen; /* not everything is wanted */
	bool maps;   /* this kernel shows them */
};

static int on_record(void *ctx, void *data, size_t size)
{
	const struct walk *w = ctx;

	if (size >= sizeof(struct walk_record))
		w->fn(w->ctx, data);
	return 0;
}

/* walk_old has the same maps, programs and variables: one skeleton serves for both. */
static int open_skeleton(bool old, struct walk_bpf **ret_skel)
{
	struct walk_bpf *skel = calloc(1, sizeof(*skel));
	int err;

	static_assert(sizeof(struct walk_bpf__bss) == sizeof(struct walk_old_bpf__bss) &&
			  sizeof(struct walk_bpf__rodata) == sizeof(struct walk_old_bpf__rodata),
		      "the skeletons of both are one");
	if (!skel)
		return -ENOMEM;
	err = walk_bpf__create_skeleton(skel);
	if (!err && old)
		skel->skeleton->data = (void *)walk_old_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (err) {
		walk_bpf__destroy(skel);
		return err;
	}
	*ret_skel = skel;
	return 0;
}

static int load(struct walk *w, const struct machine *m, bool words)
{
	int err;

	walk_bpf__destroy(w->skel);
	w->skel = NULL;
	err = open_skeleton(m->old_bpf, &w->skel);
	if (err)
		return err;
	w->skel->rodata->page_base = m->page_base;
	w->skel->rodata->page_shift = m->page_shift;
	w->skel->rodata->page_struct_bytes = m->page_struct_bytes;
	bpf_map__set_max_entries(w->skel->maps.reached, RING_BYTES);
	bpf_program__set_autoload(w->skel->progs.words, words);
	bpf_program__set_autoload(w->skel->progs.walk_vmas, m->walks_maps);
	w->maps = m->walks_maps;
	return walk_bpf__load(w->skel);
}

int walk_open(const struct machine *m, walk_fn fn, void *ctx, struct walk **ret_walk)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->fn = fn;
	w->ctx = ctx;
	/* A kernel that refuses to read words still walks: then nothing else is called lost. */
	err = load(w, m, true) ? load(w, m, false) : 0;
	if (err)
		goto out;
	w->ring = ring_buffer__new(bpf_map__fd(w->skel->maps.reached), on_record, w, NULL);
	if (!w->ring) {
		err = -errno;
		goto out;
	}
	memset(w->skel->bss->wanted, 0xff, sizeof(w->skel->bss->wanted));
	*ret_walk = w;
	return 0;
out:
	walk_close(w);
	return err;
}

void walk_close(struct walk *w)
{
	if (!w)
		return;
	ring_buffer__free(w->ring);
	walk_bpf__destroy(w->skel);
	free(w);
}

void walk_want_nothing(struct walk *w)
{
	memset(w->skel->bss->wanted, 0, sizeof(w->skel->bss->wanted));
	w->chosen = true;
}

void walk_want(struct walk *w, uint64_t address)
{
	uint64_t bit = (address * 0x9E3779B97F4A7C15ull) >> (64 - WALK_FILTER_BITS);

	if (!w->chosen)
		walk_want_nothing(w);
	w->skel->bss->wanted[bit / 64] |= 1ull << bit % 64;
}

/* The ring is emptied after each page of what the iterator writes: a byte for each object. */
static void empty_ring(void *ctx)
{
	struct walk *w = ctx;

	(void)ring_buffer__consume(w->ring);
}

int walk_processes(struct walk *w, bool *ret_complete)
{
	int err;

	w->skel->bss->lost = 0;
	err = iterate(w->skel->progs.walk_tasks, empty_ring, w);
	if (!err)
		err = iterate(w->skel->progs.walk_files, empty_ring, w);
	if (!err && w->maps)
		err = iterate(w->skel->progs.walk_vmas, empty_ring, w);
	if (!err)
		*ret_complete = w->maps && !w->skel->bss->lost;
	return err;
}

int walk_name(struct walk *w, uint64_t object, enum name_kind kind, struct walk_name *ret_name)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct walk_bpf__bss *bss = w->skel->bss;
	int err;

	bss->object = object;
	bss->object_kind = kind;
	err = bpf_prog_test_run_opts(bpf_program__fd(w->skel->progs.named), &run);
	if (err)
		return err;
	(void)ring_buffer__consume(w->ring);
	*ret_name = (struct walk_name){.thing = bss->thing,
				       .device = bss->device,
				       .id = bss->now.id,
				       .pages = bss->pages,
				       .inode = bss->inode_object};
	memcpy(ret_name->text, bss->text, sizeof(ret_name->text));
	ret_name->text[sizeof(ret_name->text) - 1] = 0;
	return 0;
}

int walk_words(struct walk *w, uint64_t object, uint32_t bytes)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int err;

	if (bpf_program__fd(w->skel->progs.words) < 0)
		return -ENOTSUP;
	w->skel->bss->object = object;
	w->skel->bss->object_bytes_asked = bytes;
	err = bpf_prog_test_run_opts(bpf_program__fd(w->skel->progs.words), &run);
	if (err)
		return err;
	(void)ring_buffer__consume(w->ring);
	return w->skel->bss->lost ? -ENOSPC : 0;
}
