/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whom /proc does not show: by its mount option hidepid= and what we are permitted, by pid
 * namespace. */
#include <linux/capability.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "source/census.h"

/* The kernel's PROC_USER_INIT_INO and PROC_PID_INIT_INO. */
#define FIRST_USER_NAMESPACE "user:[4026531837]"
#define FIRST_PID_NAMESPACE  "pid:[4026531836]"

static bool is_link(const char *path, const char *to)
{
	char link[64];
	ssize_t n = readlink(path, link, sizeof(link));

	return n == (ssize_t)strlen(to) && !memcmp(link, to, (size_t)n);
}

/* In a user namespace the same right holds for its own processes only. */
static bool may_look_at_all(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long caps = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "CapEff: %llx", &caps) != 1)
		;
	if (f)
		(void)fclose(f);
	return caps >> CAP_SYS_PTRACE & 1 && is_link("/proc/self/ns/user", FIRST_USER_NAMESPACE);
}

static bool in_group(gid_t gid)
{
	int n = getgroups(0, NULL);
	gid_t *groups = n > 0 ? calloc((size_t)n, sizeof(*groups)) : NULL;
	bool found = getegid() == gid;

	n = groups ? getgroups(n, groups) : 0;
	while (n-- > 0)
		found = found || groups[n] == gid;
	free(groups);
	return found;
}

/* "hidepid=2" or, since 5.8, "hidepid=invisible". */
static bool is(const char *option, const char *number, const char *word)
{
	const char *value = option + strlen("hidepid=");
	size_t length = strcspn(value, ",");

	return (length == strlen(number) && !strncmp(value, number, length)) ||
	       (length == strlen(word) && !strncmp(value, word, length));
}

static enum proc_hides hides(const struct mntent *m)
{
	const char *option = hasmntopt(m, "hidepid"), *gid = hasmntopt(m, "gid");

	if (!option || is(option, "0", "off"))
		return PROC_HIDES_NOTHING;
	if (!is(option, "4", "ptraceable") &&
	    in_group(gid ? (gid_t)strtoul(gid + strlen("gid="), NULL, 10) : 0))
		return PROC_HIDES_NOTHING;
	if (may_look_at_all())
		return PROC_HIDES_NOTHING;
	return is(option, "1", "noaccess") ? PROC_HIDES_INSIDE : PROC_HIDES_ALL;
}

enum proc_hides census_proc_hides(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	enum proc_hides found = PROC_HIDES_NOTHING;
	struct mntent *m;

	/* The last one covers those before. */
	while (mounts && (m = getmntent(mounts))) {
		if (!strcmp(m->mnt_dir, "/proc") && !strcmp(m->mnt_type, "proc"))
			found = hides(m);
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

bool census_has_outside(void)
{
	return !is_link("/proc/self/ns/pid", FIRST_PID_NAMESPACE);
}
