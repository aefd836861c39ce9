// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_bpf_pin.c - the parent makes a BPF map for each child, gives it a name in a bpffs (a mount
 * of its own) and closes it; nobody removes the name.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>
#include "workload.h"

static void take_pinned(const char *path)
{
	union bpf_attr create = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8};
	union bpf_attr pin = {.pathname = (uintptr_t)path};
	int fd;

	create.max_entries = 1;
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &create, sizeof(create));
	pin.bpf_fd = (uint32_t)fd;
	if (fd < 0 || syscall(SYS_bpf, BPF_OBJ_PIN, &pin, sizeof(pin)))
		workload_fail("bpf");
	close(fd);
}

static void start_job(bool leak)
{
	static long job;
	char path[64];

	snprintf(path, sizeof(path), "/mnt/job_%ld", job++);
	take_pinned(path);
	workload_fork_and_wait();
	if (!leak)
		unlink(path);
}

int main(int argc, char **argv)
{
	workload_mount("bpf");
	return workload_loop(argc, argv, start_job);
}
