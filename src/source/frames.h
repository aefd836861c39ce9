/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * frames.h - a call stack of addresses becomes FRAME events.
 */
#ifndef FORKTALLY_FRAMES_H
#define FORKTALLY_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "event/event.h"

struct symbolizer;
struct symbol_maps;

/**
 * frames_emit() - name addresses and emit one FRAME for each, and one for each inlined function.
 * @maps:   of the process (user addresses); NULL: only addresses can be said. Unused for kernel
 * ones.
 * @addrs:  @n of them, innermost first. The first is where the CPU was, the others are return
 *          addresses; so is the first if *@index is not 0 (the frames go on). A 0 ends the stack.
 * @kernel: they are kernel addresses.
 * @index:  of the first frame; left at the number after the last, so that the user part of a
 *          stack can follow the kernel part. The first user address after kernel frames is the
 *          one behind the system call instruction, so that it too may be taken for a return.
 * Errors:  0, -ENOMEM or what @emit returned.
 */
int frames_emit(struct symbolizer *sym, const struct symbol_maps *maps, uint32_t take,
		const uint64_t *addrs, size_t n, bool kernel, uint32_t *index, event_fn emit,
		void *ctx);

#endif
