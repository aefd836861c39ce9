/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What there is, and what each costs. The sizes are this model's own, in the order of magnitude of
 * a small kernel; they are no statement about any real one.
 */
#include "source/model/kernel.h"

#define COST(nonpaged, paged, page_file)                                                           \
	{                                                                                          \
		[FT_KERNEL] = (nonpaged), [FT_SHARED] = (paged), [FT_PRIVATE] = (page_file)        \
	}

const struct kind_info kind_info[KIND_COUNT] = {
    [KIND_PROCESS] = {"process", COST(640, 0, 0), THING_PROCESS, NULL},
    [KIND_THREAD] = {"thread", COST(1024, 0, 0), THING_PROCESS, NULL},
    /* Page tables; what is cloned of the parent's memory comes to it. */
    [KIND_SPACE] = {"address space", COST(8192, 2048, 0), THING_PROCESS, NULL},
    [KIND_HANDLES] = {"handle table", COST(0, 4096, 0), THING_PROCESS, NULL},
    [KIND_MEMORY] = {"private", COST(0, 0, 0), THING_NONE, NULL},
    [KIND_PIPE] = {"pipe", COST(1536, 0, 0), THING_FD_PIPE, NULL},
    [KIND_FILE] = {"file", COST(320, 512, 0), THING_FD_FILE, NULL},
    [KIND_SOCKET] = {"socket", COST(2048, 0, 0), THING_FD_SOCKET_UNIX, NULL},
    /* The segment's own bytes come to it. */
    [KIND_SHM] = {"shm", COST(256, 0, 0), THING_IPC_SHM, "ipc.shm"},
    [KIND_SESSION] = {"session", COST(192, 0, 0), THING_NONE, NULL},
    [KIND_SIGNAL] = {"signal", COST(96, 0, 0), THING_SIGNAL_PENDING, NULL},
    [KIND_BLOCK] = {"quota block", COST(128, 0, 0), THING_NONE, NULL},
};
