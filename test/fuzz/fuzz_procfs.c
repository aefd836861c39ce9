/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever text a file of /proc/PID holds, its parser refuses it or returns
 * numbers that are known or said to be unknown. The first byte chooses the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/proc/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void known_or_not(int64_t bytes)
{
	require(bytes >= 0 || bytes == EVENT_UNKNOWN_BYTES);
}

static void stat(const char *text)
{
	struct procfs_stat st;
	int err = procfs_stat_parse(text, 100, &st);

	require(!err || err == -EINVAL);
	require(err || memchr(st.comm, '\0', sizeof(st.comm)));
}

static void status(const char *text)
{
	struct procfs_status st;
	int err = procfs_status_parse(text, &st);

	require(!err || err == -EINVAL);
	if (err)
		return;
	require(memchr(st.comm, '\0', sizeof(st.comm)));
	known_or_not(st.private_bytes);
	known_or_not(st.commit_bytes);
	known_or_not(st.page_table_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = calloc(size, 1); /* what follows the first byte, and a NUL */
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (data[0] & 1)
		stat(text);
	else
		status(text);
	free(text);
	return 0;
}
