/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * floor.c - what the kernel's own tracing costs: a program that does nothing on each tracepoint
 * that source bpf needs for its sums. No tool that sees these events can cost less.
 *
 * usage: floor FILE
 * FILE appears when all are attached; SIGINT or SIGTERM ends it. A tracepoint that this kernel does
 * not have is left out; status 1 if none could be attached.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const tracepoints[] = {
    "kmem_cache_alloc",
    "kmem_cache_free",
    "kmalloc",
    "kfree",
    "mm_page_alloc",
    "mm_page_free",
    "percpu_alloc_percpu",
    "percpu_free_percpu",
    "task_newtask",
    "sched_process_exec",
    "sched_process_exit",
    "sched_process_free",
};

int main(int argc, char **argv)
{
	static const struct bpf_insn nothing[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	int attached = 0, sig, fd;
	sigset_t ends;

	if (argc != 2) {
		fprintf(stderr, "usage: floor FILE\n");
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	for (size_t i = 0; i < sizeof(tracepoints) / sizeof(*tracepoints); i++) {
		/* One program each, as source bpf has it; the descriptors stay open until the end.
		 */
		fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "floor", "GPL", nothing, 2, NULL);
		if (fd >= 0 && bpf_raw_tracepoint_open(tracepoints[i], fd) >= 0)
			attached++;
		else
			fprintf(stderr, "floor: %s: %s\n", tracepoints[i], strerror(errno));
	}
	if (!attached)
		return 1;
	fd = open(argv[1], O_CREAT | O_WRONLY, 0666);
	if (fd < 0) {
		fprintf(stderr, "floor: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	sigwait(&ends, &sig);
	return 0;
}
