/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_sample.h - a small census made from records: a server of user 33 with four workers, one of
 * which leaks, a zombie, a process with a hostile name, a kernel thread, one that could not be
 * read.
 */
#ifndef TEST_CENSUS_SAMPLE_H
#define TEST_CENSUS_SAMPLE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "census/build.h"
#include "view/census_view.h"

#define HOSTILE "x,\"y\"\n\033[31m=1+1"
#define SECOND	1000000000ULL

static inline struct census_record sample_record(uint32_t pid, uint32_t parent, uint32_t uid,
						 const char *comm)
{
	struct census_record r = {.tgid = pid,
				  .parent = parent,
				  .uid = uid,
				  .start_ns = pid * SECOND,
				  .threads = 1,
				  .fds = 3,
				  .maps = 20,
				  .pid_namespace = 4026531836,
				  .cgroup = uid,
				  .anon_bytes = 100 * 1024 * (int64_t)pid,
				  .file_bytes = 2048 * 1024,
				  .virtual_bytes = 1 << 24,
				  .commit_bytes = 1 << 20,
				  .uncharged_bytes = EVENT_UNKNOWN_BYTES,
				  .cpu_ns = 1500000000};

	memcpy(r.comm, comm, strnlen(comm, sizeof(r.comm) - 1));
	r.cell[KIND_TASK] = (struct census_cell){.count = 1, .bytes = 8192, .charged = 8192};
	r.cell[KIND_PAGE_TABLE] = (struct census_cell){.count = 10, .bytes = 40960};
	r.cell[KIND_FD_FILE] = (struct census_cell){.count = 3, .bytes = 600};
	r.task_bytes = 8192;
	r.mm_bytes = 40960;
	return r;
}

static inline void sample_add(struct build *b, const struct census_record *r)
{
	assert_int_equal(build_process(b, r), 0);
}

static inline void sample_hold(struct build *b, uint32_t pid, uint64_t address, uint32_t kind,
			       uint64_t bytes, uint32_t count)
{
	struct census_hold h = {
	    .address = address, .bytes = bytes, .count = count, .kind = kind, .tgid = pid};

	assert_int_equal(build_hold(b, &h), 0);
}

static inline struct census *sample_census(enum census_depth depth, enum event_source source)
{
	struct census_machine machine = {.total = amount_exact(8LL << 30),
					 .free = amount_exact(1LL << 30),
					 .available = amount_exact(5LL << 30),
					 .anon = amount_exact(2LL << 30),
					 .cached = amount_exact(3LL << 30),
					 .shmem = amount_exact(1 << 20),
					 .swap_used = amount_exact(0),
					 .slab_reclaimable = amount_exact(60 << 20),
					 .slab_unreclaimable = amount_exact(40 << 20),
					 .kernel_stack = amount_exact(4 << 20),
					 .page_table = amount_exact(8 << 20),
					 .percpu = amount_exact(2 << 20),
					 .vmalloc = {.known = KNOWN_NOT},
					 .socket = {.known = KNOWN_NOT},
					 .slab_unused = {.known = KNOWN_NOT},
					 .forks = 4711};
	struct census *c = NULL;
	struct census_record r;
	struct build *b;

	assert_int_equal(build_open(depth, source, &b), 0);
	r = sample_record(1, 0, 0, "init");
	sample_add(b, &r);
	r = sample_record(2, 0, 0, "kthreadd");
	r.flags = CENSUS_KERNEL_THREAD;
	r.anon_bytes = r.file_bytes = 0;
	sample_add(b, &r);
	r = sample_record(10, 1, 33, "server");
	r.threads = 4;
	r.swap_bytes = 4096;
	sample_add(b, &r);
	for (uint32_t pid = 11; pid <= 14; pid++) {
		r = sample_record(pid, 10, 33, "worker");
		r.fds = pid == 13 ? 123 : 5;
		sample_add(b, &r);
		for (uint64_t i = 0; i < (pid == 13 ? 60U : 1U); i++)
			sample_hold(b, pid, 1000 * pid + i, KIND_FD_PIPE, 2462, 1);
		sample_hold(b, pid, 7, KIND_SHM_SYSV, 1 << 20, 1);
	}
	r = sample_record(15, 10, 33, "worker");
	r.flags = CENSUS_ZOMBIE;
	r.threads = r.fds = r.maps = 0;
	r.exit_status = 3 << 8;
	r.anon_bytes = r.file_bytes = r.mm_bytes = 0;
	memset(r.cell, 0, sizeof(r.cell));
	r.cell[KIND_TASK] = (struct census_cell){.count = 1, .bytes = 8192};
	sample_add(b, &r);
	r = sample_record(20, 1, 1000, HOSTILE);
	sample_add(b, &r);
	r = sample_record(21, 1, 1001, "secret");
	r.flags = CENSUS_CUT;
	r.fds = r.maps = CENSUS_NOT_COUNTED;
	r.anon_bytes = EVENT_UNKNOWN_BYTES;
	sample_add(b, &r);
	assert_int_equal(build_finish(b, &machine, &c), 0);
	build_close(b);
	c->time_ns = 3600 * SECOND;
	c->took_ns = 1000000;
	return c;
}

static inline const char *sample_user(void *ctx, uint32_t uid)
{
	return uid == 0	     ? "root"
	       : uid == 33   ? "www-data"
	       : uid == 1000 ? "somebody-with-a-long-name"
			     : "1001";
}

static inline const char *sample_command(void *ctx, const struct census_process *p)
{
	return p->tgid == 20   ? HOSTILE " --with \xff bytes"
	       : p->tgid == 10 ? "/usr/sbin/server -f /etc/server.conf --a-long-option=with-a-value"
			       : p->comm;
}

static inline const char *sample_cgroup(void *ctx, const struct census_process *p)
{
	return p->uid == 33	? "/system/server"
	       : p->uid == 1000 ? "/user"
	       : p->uid		? "/user/more"
				: "/";
}

static const struct census_names sample_names = {
    .user = sample_user, .command = sample_command, .cgroup = sample_cgroup};

#endif
