/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dwarf_value.h - computes what call frame information says about a register.
 */
#ifndef FORKTALLY_DWARF_VALUE_H
#define FORKTALLY_DWARF_VALUE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unwind.h"

/* What an expression may read. */
struct dwarf_frame {
	const struct unwind_registers *regs;
	const struct unwind_stack *stack;
	uint64_t cfa;  /* 0: not known (yet) */
	int pc_column; /* a register number that means regs->pc, -1: none */
};

/* One aligned or unaligned word of the copy. Returns false where it does not have it. */
bool dwarf_word(const struct unwind_stack *stack, uint64_t address, uint64_t *ret);

/**
 * dwarf_value() - evaluate @count operations.
 * @is_address: the result is where the value lies, unless the operations themselves say that it
 *              is the value, or name a register.
 * Returns false where something needed is not known, or an operation has no place in call frame
 * information (branches, objects, types).
 */
bool dwarf_value(const struct dwarf_frame *frame, const Dwarf_Op *ops, size_t count,
		 bool is_address, uint64_t *ret);

#endif
