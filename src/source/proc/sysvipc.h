/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sysvipc.h - System V shared memory, semaphores and message queues: objects that outlive
 * processes, as /proc/sysvipc/{shm,sem,msg} lists them.
 *
 * Units: bytes. A column that this kernel does not have gives EVENT_UNKNOWN_BYTES.
 */
#ifndef FORKTALLY_PROC_SYSVIPC_H
#define FORKTALLY_PROC_SYSVIPC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "source/proc/procfs.h"

enum sysvipc_kind { SYSVIPC_SHM, SYSVIPC_SEM, SYSVIPC_MSG, SYSVIPC_KINDS };

struct sysvipc_object {
	enum sysvipc_kind kind;
	uint32_t id;
	uint32_t key;
	pid_t creator;	    /* shm only, else 0 */
	pid_t last_user;    /* shm: last attach or detach; msg: last send; 0 none or unknown */
	uint32_t cuid;	    /* who created it */
	int64_t used_bytes; /* shm: resident and swapped; msg: of the waiting messages; sem: 0 */
	uint64_t parts;	    /* sem: semaphores in the set; msg: messages waiting; shm: attached */
};

struct sysvipc_list {
	struct sysvipc_object *object; /* sorted by kind and id */
	size_t count, room;
	struct procfs_text scratch;
};

const char *sysvipc_name(enum sysvipc_kind kind); /* "shm", "sem", "msg": the file's name */

/**
 * sysvipc_parse() - add what one of the three files lists.
 * Errors: -EINVAL a column that we need is not there; -ENOMEM.
 */
int sysvipc_parse(enum sysvipc_kind kind, const char *text, struct sysvipc_list *list);

/**
 * sysvipc_read() - replace the list by what exists now.
 * Errors: -errno; -ENOENT the kernel has no System V IPC.
 */
int sysvipc_read(int proc_fd, struct sysvipc_list *list);

/* NULL: not in the list. */
const struct sysvipc_object *sysvipc_find(const struct sysvipc_list *list, enum sysvipc_kind kind,
					  uint32_t id);
void sysvipc_done(struct sysvipc_list *list);

#endif
