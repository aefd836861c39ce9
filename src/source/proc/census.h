/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census.h - the census from /proc: one process. Private to src/source.
 */
#ifndef FORKTALLY_PROC_CENSUS_H
#define FORKTALLY_PROC_CENSUS_H

#include "census/build.h"
#include "source/proc/cost.h"
#include "source/proc/procfs.h"
#include "source/proc/sysvipc.h"

/* What one take needs for each process. */
struct proc_census {
	int proc_fd;
	enum census_depth depth;
	struct build *build;
	struct cost_table cost;
	struct sysvipc_list sysvipc; /* empty where it cannot be read */
	struct procfs_text text;
	/* The last group that was looked up. */
	char group_path[4096];
	uint64_t group;
	char group_root[256];
};

/*
 * What it holds open and maps, by kind, into the record and the build. What may not be read
 * leaves *r with CENSUS_CUT and counts unknown. 0 or -ENOMEM.
 */
int proc_census_kinds(struct proc_census *c, int dir_fd, struct census_record *r);

/* /proc/meminfo and more of the machine; what is not there is unknown. */
void proc_census_machine(int proc_fd, struct procfs_text *text, struct census_machine *ret_machine);

/* A kind of the table of costs, COST_FD_FIRST to COST_FD_LAST, as the census calls it. */
enum census_kind proc_census_kind_of_fd(enum cost kind);

#endif
