/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unwind.h - the call stack of a process from its registers and a copy of its stack.
 *
 * The files behind the maps tell how each function keeps its stack (.eh_frame, which stripped
 * files have too), so the code needs no frame pointers and the process need not live any more.
 * Code of which no file tells (made at run time, some assembler) is walked over by frame pointer
 * where it keeps one; where it does not, the stack ends there.
 */
#ifndef FORKTALLY_UNWIND_H
#define FORKTALLY_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbolizer;
struct symbol_maps;

#define UNWIND_REGISTERS  32
#define UNWIND_FRAMES_MAX 32 /* of one stack; what lies further out is left out */

struct unwind_registers {
	uint64_t pc;
	uint64_t known;			  /* bit n: value[n] is known */
	uint64_t value[UNWIND_REGISTERS]; /* by the number that DWARF gives them here */
};

struct unwind_stack {
	uint64_t address;	   /* of data[0] in the process */
	const unsigned char *data; /* borrowed; need not be aligned */
	size_t bytes;
};

/**
 * unwind_user() - walk from the innermost frame outwards.
 * @sym:   its open files are shared, no names are looked up.
 * @maps:  of the process at that moment.
 * @regs:  pc, stack pointer and what else is known of the registers that calls preserve.
 * @stack: as much as there is from the stack pointer on; the walk ends where the copy does.
 * @max:   room in @ret_addrs, at least 1.
 *
 * *ret_addrs: regs->pc, then return addresses; where a signal broke in, the address behind the
 *             first byte of the broken instruction, so that all but the first may be taken for
 * returns. *ret_complete: the outermost frame is among them, nothing is missing. Returns how many,
 * at least 1; -ENOMEM.
 */
int unwind_user(struct symbolizer *sym, const struct symbol_maps *maps,
		const struct unwind_registers *regs, const struct unwind_stack *stack, size_t max,
		uint64_t *ret_addrs, bool *ret_complete);

#endif
