/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever text a file of /proc holds, its parser refuses it or returns numbers
 * that are known or said to be unknown. The first byte chooses the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "source/names.h"
#include "source/proc/procfs.h"
#include "source/proc/sysvipc.h"
#include "source/socket_look.h"

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

static void sysvipc(enum sysvipc_kind kind, const char *text)
{
	struct sysvipc_list list = {.count = 0};
	int err = sysvipc_parse(kind, text, &list);

	require(!err || err == -EINVAL);
	for (size_t i = 0; i < list.count; i++)
		require(list.object[i].kind == kind);
	sysvipc_done(&list);
}

static void cgroup(const char *text)
{
	char path[64];

	names_cgroup_parse(text, path, sizeof(path));
	require(memchr(path, '\0', sizeof(path)) && !strchr(path, '\n'));
}

static void inet(const char *line)
{
	struct socket_fact fact;
	int err = socket_parse_inet(line, "TCP", &fact);

	require(!err || err == -EINVAL);
	require(err || (*fact.words && memchr(fact.words, '\0', sizeof(fact.words))));
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
	switch (data[0] % 8) {
	case 1:
		stat(text);
		break;
	case 2:
	case 3:
	case 4:
		sysvipc((enum sysvipc_kind)(data[0] % 8 - 2), text);
		break;
	case 5:
		cgroup(text);
		break;
	case 6:
		inet(text);
		break;
	default:
		status(text);
	}
	free(text);
	return 0;
}
