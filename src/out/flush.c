/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include "out/flush.h"

int flush_report(FILE *f, const char *report, size_t len)
{
	errno = 0;
	if (fwrite(report, 1, len, f) != len || fflush(f) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

int flush_end(FILE *f)
{
	errno = 0;
	if (fflush(f) != 0 || ferror(f))
		return errno ? -errno : -EIO;
	return 0;
}
