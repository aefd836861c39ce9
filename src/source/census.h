/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census.h - who takes a census. One struct of operations per source: "bpf" walks the kernel's own
 * structures, "proc" reads /proc where that is not permitted.
 *
 *	struct census_source *s;
 *	const char *why = "";
 *	int err = census_source_open(&census_bpf, &s, &why);
 *	...
 *	err = census_take(s, CENSUS_SUMMARY, &census, &why);	again and again, each a new snapshot
 *	census_free(census);
 *	census_source_close(s);
 *
 * Opening loads the kernel programs (some 100 ms); taking reuses them. A snapshot does not refer to
 * its source and may outlive it. All calls of one source come from one thread; two sources may be
 * open at the same time. It sees the processes of the pid namespace that it was opened in.
 */
#ifndef FORKTALLY_SOURCE_CENSUS_H
#define FORKTALLY_SOURCE_CENSUS_H

#include "census/census.h"
#include "census/charges.h"
#include "census/check.h"

struct census_source;

struct census_source_ops {
	const char *name; /* "bpf", "proc" */
	enum census_depth depth_max;
	/* On error *ret_why says in one sentence what is missing (static). */
	int (*open)(struct census_source **ret_source, const char **ret_why);
	int (*take)(struct census_source *source, enum census_depth depth,
		    struct census **ret_census, const char **ret_why);
	void (*close)(struct census_source *source);
	/*
	 * What the kernel charges to a group and those below it (payer: census_process.payer),
	 * object by object, whoever holds it. NULL: this source cannot tell.
	 */
	int (*charges)(struct census_source *source, uint64_t payer,
		       struct census_charges *ret_charges);
};

/* Each source's struct starts with this. */
struct census_source {
	const struct census_source_ops *ops;
};

extern const struct census_source_ops census_bpf, census_proc;

/* Of the processes of others, by the mount option hidepid= of /proc and what we may. */
enum proc_hides {
	PROC_HIDES_NOTHING,
	PROC_HIDES_INSIDE, /* their numbers are listed, and nothing else is told */
	PROC_HIDES_ALL,	   /* they are not listed: how many there are cannot be told */
};
enum proc_hides census_proc_hides(void);

/* Are we in a pid namespace that is not the first, or cannot tell? */
bool census_has_outside(void);

static inline int census_source_open(const struct census_source_ops *ops,
				     struct census_source **ret_source, const char **ret_why)
{
	return ops->open(ret_source, ret_why);
}

/**
 * census_take() - look at every process now.
 * @depth: more than the source can is an error.
 *
 * Errors: -ENOTSUP the depth is not for this source; -ENOMEM; -errno of bpf(2). *ret_why: one
 *         sentence (static). A process that begins or ends meanwhile is in it or not, never twice.
 */
static inline int census_take(struct census_source *source, enum census_depth depth,
			      struct census **ret_census, const char **ret_why)
{
	return source->ops->take(source, depth, ret_census, ret_why);
}

static inline void census_source_close(struct census_source *source)
{
	if (source)
		source->ops->close(source);
}

/**
 * census_check() - compare what a cgroup's processes hold with what the kernel charges the group.
 * @cgroup: directory of a memory cgroup, v1 or v2, with those below it; NULL: the machine as a
 *          whole.
 * @split: look at all that the group is charged for, so that what is unattributed is told by name:
 *         some 50 ms for each GiB of the machine's memory.
 *
 * Takes a census of depth CENSUS_PAYERS at least. Errors: as census_take(); -ENOENT no such group;
 * -ESRCH no process is in it.
 */
int census_check(struct census_source *source, const char *cgroup, bool split,
		 struct census_check *ret_check, const char **ret_why);

/**
 * census_cgroup_path() - where the control group with this inode number is mounted.
 * @ret: "/a/b" below the mount point, "/" the root.
 *
 * Walks the hierarchy: some ms where there are thousands; keep what it said. Errors: -ENOENT.
 */
int census_cgroup_path(uint64_t cgroup, char *ret, size_t size);

#endif
