/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/sysvipc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 24

enum column {
	COLUMN_ID,
	COLUMN_KEY,
	COLUMN_CREATOR,
	COLUMN_LAST_USER,
	COLUMN_CUID,
	COLUMN_USED,
	COLUMN_USED_MORE,
	COLUMN_PARTS,
	COLUMNS
};

/* Columns are found by name: kernels have added some over time. NULL: this kind has none. */
static const struct {
	const char *file;
	const char *name[COLUMNS];
} layouts[SYSVIPC_KINDS] = {
    [SYSVIPC_SHM] = {"shm", {"shmid", "key", "cpid", "lpid", "cuid", "rss", "swap", "nattch"}},
    [SYSVIPC_SEM] = {"sem", {"semid", "key", NULL, NULL, "cuid", NULL, NULL, "nsems"}},
    [SYSVIPC_MSG] = {"msg", {"msqid", "key", NULL, "lspid", "cuid", "cbytes", NULL, "qnum"}},
};

const char *sysvipc_name(enum sysvipc_kind kind)
{
	return layouts[kind].file;
}

/* Where each of our columns stands in a line; -1: not there. */
static int find_columns(enum sysvipc_kind kind, const char *header, int place[COLUMNS])
{
	const char *p = header, *line_end = strchrnul(header, '\n');
	int index = 0;

	for (int c = 0; c < COLUMNS; c++)
		place[c] = -1;
	while (p < line_end) {
		size_t length;

		p += strspn(p, " \t");
		length = strcspn(p, " \t\n");
		for (int c = 0; length && c < COLUMNS; c++) {
			const char *name = layouts[kind].name[c];

			if (name && strlen(name) == length && !strncmp(name, p, length))
				place[c] = index;
		}
		p += length;
		index++;
	}
	return place[COLUMN_ID] < 0 || place[COLUMN_CUID] < 0 ? -EINVAL : 0;
}

static int list_add(struct sysvipc_list *list, const struct sysvipc_object *object)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 32;
		struct sysvipc_object *grown = reallocarray(list->object, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->object = grown;
		list->room = room;
	}
	list->object[list->count++] = *object;
	return 0;
}

int sysvipc_parse(enum sysvipc_kind kind, const char *text, struct sysvipc_list *list)
{
	int place[COLUMNS], err = find_columns(kind, text, place);

	if (err)
		return err;
	for (const char *line = strchr(text, '\n'); line && line[1]; line = strchr(line, '\n')) {
		int64_t value[COLUMNS_MAX];
		int count = 0;
		struct sysvipc_object object = {.kind = kind};
		int64_t more;

		line++;
		for (const char *p = line; count < COLUMNS_MAX; count++) {
			char *end;

			p += strspn(p, " ");
			if (!*p || *p == '\n')
				break;
			value[count] = strtoll(p, &end, 10);
			if (end == p)
				return -EINVAL;
			p = end;
		}
#define VALUE(c, otherwise)                                                                        \
	(place[c] >= 0 && place[c] < count ? value[place[c]] : (int64_t)(otherwise))
		if (place[COLUMN_ID] >= count || place[COLUMN_CUID] >= count)
			return -EINVAL;
		object.id = (uint32_t)VALUE(COLUMN_ID, 0);
		object.key = (uint32_t)VALUE(COLUMN_KEY, 0);
		object.creator = (pid_t)VALUE(COLUMN_CREATOR, 0);
		object.last_user = (pid_t)VALUE(COLUMN_LAST_USER, 0);
		object.cuid = (uint32_t)VALUE(COLUMN_CUID, 0);
		object.parts = (uint64_t)VALUE(COLUMN_PARTS, 0);
		object.used_bytes =
		    kind == SYSVIPC_SEM ? 0 : VALUE(COLUMN_USED, EVENT_UNKNOWN_BYTES);
		more = VALUE(COLUMN_USED_MORE, 0);
#undef VALUE
		if (object.used_bytes != EVENT_UNKNOWN_BYTES &&
		    __builtin_add_overflow(object.used_bytes, more, &object.used_bytes))
			return -EINVAL;
		err = list_add(list, &object);
		if (err)
			return err;
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct sysvipc_object *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

int sysvipc_read(int proc_fd, struct sysvipc_list *list)
{
	list->count = 0;
	for (int kind = 0; kind < SYSVIPC_KINDS; kind++) {
		char path[32];
		int err;

		(void)snprintf(path, sizeof(path), "sysvipc/%s", layouts[kind].file);
		err = procfs_read(proc_fd, path, &list->scratch);
		if (!err)
			err = sysvipc_parse(kind, list->scratch.data, list);
		if (err)
			return err;
	}
	if (list->count)
		qsort(list->object, list->count, sizeof(*list->object), compare);
	return 0;
}

const struct sysvipc_object *sysvipc_find(const struct sysvipc_list *list, enum sysvipc_kind kind,
					  uint32_t id)
{
	struct sysvipc_object key = {.kind = kind, .id = id};

	if (!list->count)
		return NULL;
	return bsearch(&key, list->object, list->count, sizeof(key), compare);
}

void sysvipc_done(struct sysvipc_list *list)
{
	free(list->object);
	procfs_text_done(&list->scratch);
	*list = (struct sysvipc_list){0};
}
