/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/watch_filter.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/number.h"
#include "cmd/cmd.h"
#include "source/census.h"
#include "source/names.h"
#include "view/census_view.h"

static int read_user(struct watch_filter *f)
{
	struct passwd *entry = getpwnam(f->user);
	uint64_t n;

	if (!entry && number_parse(f->user, 0, UINT32_MAX - 1, &n)) {
		cmd_error("--user: there is no user '%s'", f->user);
		return STATUS_FAILED;
	}
	f->uid = entry ? entry->pw_uid : (uint32_t)n;
	return 0;
}

static int read_cgroup(struct watch_filter *f)
{
	char mount[2048], whole[sizeof(mount) + sizeof(f->path) + 1];

	names_cgroup_directory(f->cgroup, f->path, sizeof(f->path));
	names_find_cgroup_mount(mount, sizeof(mount));
	(void)snprintf(whole, sizeof(whole), "%s/%s", mount, f->path);
	if (*mount && !access(whole, F_OK))
		return 0;
	cmd_error("--cgroup: there is no control group '%s'", f->cgroup);
	return STATUS_FAILED;
}

int watch_filter_open(const char *user, const char *cgroup, struct watch_filter *ret_filter)
{
	int status = 0;

	*ret_filter = (struct watch_filter){.user = user, .cgroup = cgroup};
	if (user)
		status = read_user(ret_filter);
	if (!status && cgroup)
		status = read_cgroup(ret_filter);
	return status;
}

void watch_filter_done(struct watch_filter *f)
{
	free(f->group);
	f->group = NULL;
	f->group_count = f->group_room = 0;
}

/* A group is asked for once: that walks the whole hierarchy. */
static bool is_below(struct watch_filter *f, uint64_t id)
{
	size_t room = f->group_room ? f->group_room * 2 : 64;
	char path[sizeof(f->path)];
	struct watch_group *more;
	bool below;

	for (size_t i = 0; i < f->group_count; i++) {
		if (f->group[i].id == id)
			return f->group[i].below;
	}
	below =
	    id && !census_cgroup_path(id, path, sizeof(path)) && census_cgroup_below(path, f->path);
	if (f->group_count == f->group_room) {
		more = realloc(f->group, room * sizeof(*more));
		if (!more)
			return below; /* to be asked again */
		f->group = more;
		f->group_room = room;
	}
	f->group[f->group_count++] = (struct watch_group){.id = id, .below = below};
	return below;
}

bool watch_filter_wants(void *ctx, const struct census_process *p)
{
	struct watch_filter *f = ctx;

	return (!f->user || p->uid == f->uid) && (!f->cgroup || is_below(f, p->cgroup));
}
