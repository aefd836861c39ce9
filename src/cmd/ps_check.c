/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/ps_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "out/census.h"

#define GROUPS_MAX 256

struct checks {
	struct census_checked at[GROUPS_MAX + 1];
	struct census_check check[GROUPS_MAX + 1];
	size_t count;
};

/* One group, or the machine with NULL. 0, or an exit status after it has said what is wrong. */
static int check_one(struct census_session *s, const char *cgroup, bool asked_for,
		     struct checks *all)
{
	struct census_check *k = &all->check[all->count];
	_cleanup_free_ char *directory = NULL;
	const char *why = "";
	int err;

	if (cgroup && asprintf(&directory, "%s%s", names_cgroup_mount(s->names), cgroup) < 0) {
		directory = NULL;
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	err = census_check(s->source, directory, cgroup && asked_for, k, &why);
	if ((err == -ESRCH || err == -ENOENT) && !asked_for)
		return 0; /* its processes have ended since */
	if (err) {
		cmd_error("cannot check %s: %s (%s)", directory ? directory : "the machine", why,
			  strerror(-err));
		return STATUS_FAILED;
	}
	all->at[all->count++] = (struct census_checked){cgroup, k};
	return 0;
}

/* Each group that a process is in, once; the machine first. */
static int check_all(struct census_session *s, struct checks *all)
{
	const char *seen[GROUPS_MAX];
	struct census *c;
	size_t count = 0;
	int status = check_one(s, NULL, true, all);

	if (!status)
		status = census_session_take(s, CENSUS_SUMMARY, &c);
	if (status)
		return status;
	for (uint32_t i = 0; i < c->count && !status; i++) {
		const char *cgroup = names_cgroup(s->names, &c->process[i]);
		size_t k = 0;

		while (k < count && strcmp(seen[k], cgroup) != 0)
			k++;
		/* The root group is the machine: the kernel has no book of it. */
		if (k < count || !*cgroup || !strcmp(cgroup, "/"))
			continue;
		if (count == GROUPS_MAX) {
			cmd_error(
			    "only the first %d control groups are checked; --cgroup names one",
			    GROUPS_MAX);
			break;
		}
		seen[count++] = cgroup;
		status = check_one(s, cgroup, false, all);
	}
	census_free(c);
	return status;
}

int ps_check(struct census_session *s, const char *cgroup, const struct census_print *look,
	     bool json)
{
	struct checks *all = calloc(1, sizeof(*all));
	int status, err;

	if (!all) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	if (s->source->ops->depth_max < CENSUS_PAYERS) {
		cmd_error(
		    "--check compares with source bpf only%s%s; run it as root, or with CAP_BPF "
		    "and CAP_PERFMON",
		    s->refused ? ": " : "", s->refused ? s->refused : "");
		free(all);
		return STATUS_FAILED;
	}
	status = cgroup ? check_one(s, cgroup, true, all) : check_all(s, all);
	if (!status) {
		err = json ? census_check_json_write(stdout, all->at, all->count)
			   : census_check_text_write(stdout, all->at, all->count, look);
		if (err)
			status = cmd_stdout_failed(err);
	}
	free(all);
	return status;
}
