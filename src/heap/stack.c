/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call stack, by the unwinder of gcc: it reads .eh_frame, and needs no frame pointers. */
#include <unwind.h>
#include "heap/hook.h"

struct walk {
	struct stack *stack;
	uintptr_t caller;
};

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	struct stack *s = walk->stack;
	uintptr_t ip = _Unwind_GetIP(context);
	uintptr_t place = _Unwind_GetCFA(context) - sizeof(ip);

	if (!ip)
		return _URC_NORMAL_STOP;
	if (!s->depth && ip != walk->caller)
		return _URC_NO_REASON; /* our own */
	if (s->depth == HEAP_FRAMES)
		return _URC_NORMAL_STOP;
#ifdef __x86_64__
	/* Not so where a signal broke in: that frame was not called. */
	if (*(const uintptr_t *)place != ip)
		s->can_repeat = false;
#else
	s->can_repeat = false;
#endif
	s->place[s->depth] = place;
	s->frame[s->depth++] = ip;
	return _URC_NO_REASON;
}

void stack_take(uintptr_t caller, struct stack *ret)
{
	struct walk walk = {.stack = ret, .caller = caller};

	ret->depth = 0;
	ret->can_repeat = true;
	(void)_Unwind_Backtrace(frame, &walk);
	if (!ret->depth) {
		ret->frame[ret->depth++] = caller;
		ret->can_repeat = false;
	}
}
