/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/dwarf_value.h"
#include "base/symbol.h"
#include "base/symbol_module.h"
#include "base/unwind.h"

#if defined(__x86_64__)
#define MACHINE	    EM_X86_64
#define FP_REGISTER 6
#define SP_REGISTER 7
#define PC_REGISTER 16
#define REGISTERS   16
#elif defined(__aarch64__)
#define MACHINE	    EM_AARCH64
#define FP_REGISTER 29
#define SP_REGISTER 31
#define PC_REGISTER -1 /* it has no number; x30 is the return address */
#define REGISTERS   32
#else
#error "unwind.c: say which DWARF numbers this architecture gives its registers"
#endif

/* Modules that one walk holds on to: the set must not replace them meanwhile. */
static_assert(UNWIND_FRAMES_MAX < SYMBOL_MODULES_MAX, "a walk's modules outlive it");

struct walk {
	struct symbol_modules *modules;
	const struct symbol_maps *maps;
	const struct unwind_stack *stack;
	struct unwind_registers regs;
	bool guessed;	  /* a step was made by frame pointer */
	bool pc_is_exact; /* no return address: the instruction itself was about to run */
	struct {
		const struct symbol_mapping *mapping;
		struct symbol_module *module;
	} seen[UNWIND_FRAMES_MAX];
	size_t seen_count;
};

enum step { STEP_OUT, STEP_OUTERMOST, STEP_LOST };

/* arm64 may sign a return address in the bits that addresses do not use. */
static uint64_t code_address(const struct symbol_maps *maps, uint64_t word)
{
#ifdef __aarch64__
	if (!symbol_maps_find(maps, word))
		return word & ((1ull << 48) - 1);
#endif
	return word;
}

static int get_module(struct walk *w, const struct symbol_mapping *mapping,
		      struct symbol_module **ret)
{
	size_t i;
	int err;

	for (i = 0; i < w->seen_count; i++) {
		if (w->seen[i].mapping == mapping) {
			*ret = w->seen[i].module;
			return 0;
		}
	}
	err = symbol_modules_get(w->modules, mapping, ret);
	if (err)
		return err;
	if (i < UNWIND_FRAMES_MAX) {
		w->seen[i].mapping = mapping;
		w->seen[i].module = *ret;
		w->seen_count++;
	}
	return 0;
}

/* The rules at the pc; *ret_frame is for free(). NULL: no file has any. */
static int find_rules(struct walk *w, Dwarf_Frame **ret_frame)
{
	const uint64_t meant = w->regs.pc - !w->pc_is_exact;
	const struct symbol_mapping *mapping = symbol_maps_find(w->maps, meant);
	GElf_Addr address, elf_bias;
	Dwarf_Addr cfi_bias;
	struct symbol_module *m;
	Dwarf_CFI *cfi;
	GElf_Ehdr ehdr;
	Elf *elf;
	int err;

	*ret_frame = NULL;
	if (!mapping)
		return 0;
	err = get_module(w, mapping, &m);
	if (err || !m || !m->mod)
		return err;
	elf = dwfl_module_getelf(m->mod, &elf_bias);
	if (!elf || !gelf_getehdr(elf, &ehdr) || ehdr.e_machine != MACHINE ||
	    ehdr.e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (!symbol_module_address(m, meant - mapping->start + mapping->offset, &address,
				   &elf_bias))
		return 0;
	cfi = dwfl_module_eh_cfi(m->mod, &cfi_bias);
	if (cfi && dwarf_cfi_addrframe(cfi, address + elf_bias - cfi_bias, ret_frame))
		*ret_frame = NULL;
	return 0;
}

/*
 * A frame pointer points at the caller's, the return address lies above. Code that keeps none has
 * anything in that register, even an outer frame's pointer: what is found is not surely all.
 */
static enum step step_by_frame_pointer(struct walk *w)
{
	struct unwind_registers *r = &w->regs;
	uint64_t fp = r->value[FP_REGISTER], sp = r->value[SP_REGISTER], pc, next;

	if (!(r->known >> FP_REGISTER & 1) || fp < sp || fp % 8 ||
	    !dwarf_word(w->stack, fp, &next) || !dwarf_word(w->stack, fp + 8, &pc))
		return STEP_LOST;
	pc = code_address(w->maps, pc);
	if (!symbol_maps_find(w->maps, pc - 1))
		return STEP_LOST;
	r->pc = pc;
	r->known = 1ull << FP_REGISTER | 1ull << SP_REGISTER;
	r->value[FP_REGISTER] = next;
	r->value[SP_REGISTER] = fp + 16;
	w->pc_is_exact = false;
	w->guessed = true;
	return STEP_OUT;
}

/* The value that the caller's register had. Returns false where it is not kept. */
static bool get_caller_register(Dwarf_Frame *rules, const struct dwarf_frame *frame, int number,
				uint64_t *ret, bool *ret_undefined)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	*ret_undefined = false;
	if (dwarf_frame_register(rules, number, memory, &ops, &count))
		return false;
	if (!count && ops) {
		*ret_undefined = true;
		return false;
	}
	if (!count) {
		if (number == frame->pc_column)
			return false;
		*ret = frame->regs->value[number];
		return frame->regs->known >> number & 1;
	}
	return dwarf_value(frame, ops, count, true, ret);
}

static enum step step_by_rules(struct walk *w, Dwarf_Frame *rules)
{
	struct dwarf_frame frame = {.regs = &w->regs, .stack = w->stack, .pc_column = PC_REGISTER};
	struct unwind_registers caller = {.known = 0};
	bool is_signal = false, undefined;
	size_t count;
	Dwarf_Op *ops;
	int ra;

	ra = dwarf_frame_info(rules, NULL, NULL, &is_signal);
	if (ra < 0 || (ra >= UNWIND_REGISTERS && ra != PC_REGISTER))
		return STEP_LOST;
	if (dwarf_frame_cfa(rules, &ops, &count) || !count ||
	    !dwarf_value(&frame, ops, count, false, &frame.cfa) ||
	    frame.cfa < w->regs.value[SP_REGISTER])
		return STEP_LOST;
	if (!get_caller_register(rules, &frame, ra, &caller.pc, &undefined))
		return undefined ? STEP_OUTERMOST : STEP_LOST;
	if (!caller.pc)
		return STEP_OUTERMOST;
	for (int n = 0; n < REGISTERS; n++) {
		if (get_caller_register(rules, &frame, n, &caller.value[n], &undefined))
			caller.known |= 1ull << n;
	}
	if (!(caller.known >> SP_REGISTER & 1)) {
		caller.known |= 1ull << SP_REGISTER;
		caller.value[SP_REGISTER] = frame.cfa;
	}
	caller.pc = code_address(w->maps, caller.pc);
	if (caller.pc == w->regs.pc && frame.cfa == w->regs.value[SP_REGISTER])
		return STEP_LOST; /* would go round for ever */
	/* Data that is no code address: the rules did not fit what had happened to the stack. */
	if (!symbol_maps_find(w->maps, caller.pc - !is_signal))
		return STEP_LOST;
	w->regs = caller;
	w->pc_is_exact = is_signal;
	return STEP_OUT;
}

int unwind_user(struct symbolizer *sym, const struct symbol_maps *maps,
		const struct unwind_registers *regs, const struct unwind_stack *stack, size_t max,
		uint64_t *ret_addrs, bool *ret_complete)
{
	struct walk w = {.modules = symbolizer_modules(sym),
			 .maps = maps,
			 .stack = stack,
			 .regs = *regs,
			 .pc_is_exact = true};
	enum step step = STEP_OUT;
	int n = 0, err;

	ret_addrs[n++] = regs->pc;
	if (max > UNWIND_FRAMES_MAX)
		max = UNWIND_FRAMES_MAX;
	if (!(regs->known >> SP_REGISTER & 1))
		step = STEP_LOST;
	while (step == STEP_OUT) {
		Dwarf_Frame *rules;

		err = find_rules(&w, &rules);
		if (err)
			return err;
		step = rules ? step_by_rules(&w, rules) : step_by_frame_pointer(&w);
		free(rules);
		if (step == STEP_OUT && (size_t)n == max)
			step = STEP_LOST;
		if (step == STEP_OUT)
			ret_addrs[n++] = w.regs.pc + w.pc_is_exact;
	}
	*ret_complete = step == STEP_OUTERMOST && !w.guessed;
	return n;
}
