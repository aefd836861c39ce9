/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

int cmd_stdout_failed(int err)
{
	static bool said;

	if (!said)
		cmd_error("cannot write to stdout: %s", strerror(-err));
	said = true;
	return STATUS_FAILED;
}
