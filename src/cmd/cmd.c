/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>

void cmd_error(const char *format, ...)
{
	va_list args;

	/* Nothing can be done about a stderr that is closed or full. */
	fputs("forktally: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
