/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dwarf.h>
#include <string.h>

#include "base/dwarf_value.h"

#define DEPTH_MAX 32

struct values {
	uint64_t at[DEPTH_MAX];
	size_t count;
};

bool dwarf_word(const struct unwind_stack *stack, uint64_t address, uint64_t *ret)
{
	uint64_t offset = address - stack->address;

	if (address < stack->address || stack->bytes < sizeof(*ret) ||
	    offset > stack->bytes - sizeof(*ret))
		return false;
	memcpy(ret, stack->data + offset, sizeof(*ret));
	return true;
}

static bool get_register(const struct dwarf_frame *frame, uint64_t number, uint64_t *ret)
{
	if (frame->pc_column >= 0 && number == (uint64_t)frame->pc_column) {
		*ret = frame->regs->pc;
		return true;
	}
	if (number >= UNWIND_REGISTERS || !(frame->regs->known >> number & 1))
		return false;
	*ret = frame->regs->value[number];
	return true;
}

static bool push(struct values *v, uint64_t value)
{
	if (v->count == DEPTH_MAX)
		return false;
	v->at[v->count++] = value;
	return true;
}

/* The one below the top and the top become one. */
static bool binary(struct values *v, unsigned atom)
{
	uint64_t a, b;

	if (v->count < 2)
		return false;
	b = v->at[--v->count];
	a = v->at[--v->count];
	switch (atom) {
	case DW_OP_plus:
		return push(v, a + b);
	case DW_OP_minus:
		return push(v, a - b);
	case DW_OP_mul:
		return push(v, a * b);
	case DW_OP_and:
		return push(v, a & b);
	case DW_OP_or:
		return push(v, a | b);
	case DW_OP_xor:
		return push(v, a ^ b);
	case DW_OP_shl:
		return push(v, b < 64 ? a << b : 0);
	case DW_OP_shr:
		return push(v, b < 64 ? a >> b : 0);
	case DW_OP_shra:
		return push(v, (uint64_t)((int64_t)a >> (b < 64 ? b : 63)));
	case DW_OP_eq:
		return push(v, a == b);
	case DW_OP_ne:
		return push(v, a != b);
	case DW_OP_lt:
		return push(v, (int64_t)a < (int64_t)b);
	case DW_OP_le:
		return push(v, (int64_t)a <= (int64_t)b);
	case DW_OP_gt:
		return push(v, (int64_t)a > (int64_t)b);
	case DW_OP_ge:
		return push(v, (int64_t)a >= (int64_t)b);
	default:
		return false;
	}
}

/* Works on what is on top. */
static bool unary(struct values *v, const struct dwarf_frame *frame, const Dwarf_Op *op)
{
	uint64_t *top, below;

	if (!v->count)
		return false;
	top = &v->at[v->count - 1];
	switch (op->atom) {
	case DW_OP_deref:
		return dwarf_word(frame->stack, *top, top);
	case DW_OP_plus_uconst:
		*top += op->number;
		return true;
	case DW_OP_neg:
		*top = -*top;
		return true;
	case DW_OP_not:
		*top = ~*top;
		return true;
	case DW_OP_abs:
		*top = (int64_t)*top < 0 ? -*top : *top;
		return true;
	case DW_OP_dup:
		return push(v, *top);
	case DW_OP_drop:
		v->count--;
		return true;
	case DW_OP_over:
		return v->count >= 2 && push(v, top[-1]);
	case DW_OP_swap:
		if (v->count < 2)
			return false;
		below = top[-1];
		top[-1] = *top;
		*top = below;
		return true;
	default:
		return binary(v, op->atom);
	}
}

static bool apply(struct values *v, const struct dwarf_frame *frame, const Dwarf_Op *op)
{
	uint64_t value;

	switch (op->atom) {
	case DW_OP_nop:
		return true;
	case DW_OP_lit0 ... DW_OP_lit31:
		return push(v, op->atom - DW_OP_lit0);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(v, op->number); /* extended by libdw */
	case DW_OP_breg0 ... DW_OP_breg31:
		return get_register(frame, op->atom - DW_OP_breg0, &value) &&
		       push(v, value + op->number);
	case DW_OP_bregx:
		return get_register(frame, op->number, &value) && push(v, value + op->number2);
	case DW_OP_call_frame_cfa:
		return frame->cfa && push(v, frame->cfa);
	default:
		return unary(v, frame, op);
	}
}

bool dwarf_value(const struct dwarf_frame *frame, const Dwarf_Op *ops, size_t count,
		 bool is_address, uint64_t *ret)
{
	struct values v = {.count = 0};

	if (count == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31)
		return get_register(frame, ops->atom - DW_OP_reg0, ret);
	if (count == 1 && ops->atom == DW_OP_regx)
		return get_register(frame, ops->number, ret);
	for (size_t i = 0; i < count; i++) {
		if (ops[i].atom == DW_OP_stack_value)
			is_address = false;
		else if (!apply(&v, frame, &ops[i]))
			return false;
	}
	if (!v.count)
		return false;
	if (is_address)
		return dwarf_word(frame->stack, v.at[v.count - 1], ret);
	*ret = v.at[v.count - 1];
	return true;
}
