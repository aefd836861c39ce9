// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak_bpf_map.c - the parent makes a BPF map (an array of one) for each child and forgets it.
 */
#include <linux/bpf.h>
#include <sys/syscall.h>
#include "workload.h"

static int take_bpf_map(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8};

	attr.max_entries = 1;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	return workload_descriptors(argc, argv, take_bpf_map);
}
