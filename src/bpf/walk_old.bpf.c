// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * walk_old.bpf.c - walk.bpf.c for kernels without bpf_loop() (5.17), as exact_old.bpf.c: before 5.13 the
 * address of a function stops a kernel even where no program gets to.
 */
#define OLD_KERNEL
#include "walk.bpf.c"
