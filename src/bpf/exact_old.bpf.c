// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * exact_old.bpf.c - exact.bpf.c for kernels whose BPF cannot do all that it needs: compare-and-swap
 * (5.12), typed pointers to the running task (5.11) and its registers (5.15).
 *
 * Compiled apart, since a kernel refuses an unknown atomic operation even where no program gets to.
 */
#define OLD_KERNEL
#include "exact.bpf.c"
