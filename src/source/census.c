// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * census.c - what all sources of a census have in common: the kernel's book of a cgroup beside
 * ours, and where a cgroup is mounted.
 */
#include "source/census.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_text(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX + 64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = 0;
	return n >= 0;
}

static struct amount number(const char *dir, const char *name)
{
	char text[64];

	if (!read_text(dir, name, text, sizeof(text)))
		return (struct amount){.known = KNOWN_NOT};
	return amount_exact(strtoll(text, NULL, 10));
}

static struct amount stat_field(const char *stat, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = stat; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : p) {
		if (!strncmp(p, name, n) && p[n] == ' ')
			return amount_exact(strtoll(p + n, NULL, 10));
	}
	return (struct amount){.known = KNOWN_NOT};
}

/* v1 tells one sum; v2 too since 5.18, and its parts before that leave out whole pages. */
static int read_book(const char *dir, struct census_check *k, const char **ret_why)
{
	char stat[16384];

	k->kernel = number(dir, "memory.kmem.usage_in_bytes");
	if (k->kernel.known != KNOWN_NOT)
		return 0;
	k->v2 = true;
	if (!read_text(dir, "memory.stat", stat, sizeof(stat))) {
		*ret_why = "no memory cgroup is there, or it cannot be read";
		return -ENOENT;
	}
	k->kernel = stat_field(stat, "kernel");
	if (k->kernel.known == KNOWN_NOT) {
		*ret_why = "this kernel does not tell the sum of a cgroup's kernel memory";
		return -ENOTSUP;
	}
	return 0;
}

static void add_rest(struct census_check *k, const char *what, struct amount bytes)
{
	if (bytes.known != KNOWN_NOT && k->rest_count < CENSUS_RESTS)
		k->rest[k->rest_count++] = (struct census_rest){.what = what, .bytes = bytes};
}

/* Anonymous pages and swap of a process, as /proc counts them page by page. */
static struct amount smaps_private(uint32_t pid)
{
	struct amount sum = {.known = KNOWN_NOT};
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (!read_text(path, "smaps_rollup", text, sizeof(text)) || !*text)
		return sum;
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : p) {
		if (strncmp(p, "Anonymous:", 10) && strncmp(p, "Swap:", 5))
			continue;
		p = strchr(p, ':') + 1;
		sum = amount_add(sum.known == KNOWN_NOT ? amount_exact(0) : sum,
				 amount_exact(strtoll(p, NULL, 10) * 1024));
	}
	return sum;
}

/* Whose processes these are: the group's own inode number is what each process tells. */
static uint64_t payer_of_group(const struct census *c, const char *dir)
{
	struct stat st;

	if (stat(dir, &st))
		return 0;
	for (uint32_t i = 0; i < c->count; i++) {
		if (c->process[i].cgroup == st.st_ino && c->process[i].payer)
			return c->process[i].payer;
	}
	return 0;
}

/* Memory of slabs that no object is in. */
static struct amount slab_unused(void)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	struct amount unused = {.known = KNOWN_NOT};
	unsigned long active, all, size, per_slab, pages, slabs;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		const char *data = strstr(line, "slabdata");

		if (sscanf(line, "%*s %lu %lu %lu %lu %lu", &active, &all, &size, &per_slab,
			   &pages) != 5 ||
		    !data || sscanf(data, "slabdata %*u %lu", &slabs) != 1)
			continue;
		if (unused.known == KNOWN_NOT)
			unused = amount_exact(0);
		unused.bytes +=
		    (int64_t)(slabs * pages) * sysconf(_SC_PAGESIZE) - (int64_t)(active * size);
	}
	if (f)
		fclose(f);
	return unused;
}

static void check_machine(const struct census *c, struct census_check *k)
{
	const struct census_machine *m = &c->machine;

	census_check_sum(c, 0, k);
	k->machine = true;
	/* What no figure of the machine counts (pages of pipes, of messages) is left out here. */
	for (int kind = 0; kind < CENSUS_KINDS; kind++) {
		enum census_home home = kind_get(kind)->home;

		k->kind_bytes[kind] =
		    home == HOME_PAGES || home == HOME_SHMEM ? 0 : c->kind[kind].divided;
	}
	k->reached.bytes = 0;
	for (int kind = 0; kind < CENSUS_KINDS; kind++)
		k->reached.bytes += k->kind_bytes[kind];
	k->uncharged = k->overhead = amount_exact(0);
	k->kernel = amount_add(amount_add(m->slab_reclaimable, m->slab_unreclaimable),
			       amount_add(amount_add(m->kernel_stack, m->page_table), m->percpu));
	add_rest(k, "slab memory that can be reclaimed: caches of names and inodes",
		 m->slab_reclaimable);
	add_rest(k, "slab memory that no object is in", slab_unused());
	add_rest(k, "per-CPU memory of all users", m->percpu);
}

int census_check(struct census_source *source, const char *cgroup, struct census_check *ret_check,
		 const char **ret_why)
{
	struct census_check k = {};
	struct amount before, percpu;
	struct census *c;
	uint64_t payer;
	char stat[16384];
	int err;

	if (source->ops->depth_max < CENSUS_PAYERS) {
		*ret_why = "only a census by the kernel's own structures can be compared";
		return -ENOTSUP;
	}
	if (cgroup) {
		err = read_book(cgroup, &k, ret_why);
		if (err)
			return err;
	}
	before = k.kernel;
	err = census_take(source, CENSUS_PAYERS, &c, ret_why);
	if (err)
		return err;
	if (!cgroup) {
		check_machine(c, &k);
		goto done;
	}
	payer = payer_of_group(c, cgroup);
	if (!payer) {
		census_free(c);
		*ret_why = "no process is in this cgroup";
		return -ESRCH;
	}
	census_check_sum(c, payer, &k);
	err = read_book(cgroup, &k, ret_why);
	/* It moves while we look: the middle of both readings is nearest to what was there. */
	if (!err && before.known == KNOWN_EXACT)
		k.kernel.bytes = (before.bytes + k.kernel.bytes) / 2;
	k.smaps_private = amount_exact(0);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->process[i];

		if (p->payer == payer && !(p->flags & (CENSUS_ZOMBIE | CENSUS_KERNEL_THREAD)))
			k.smaps_private = amount_add(k.smaps_private, smaps_private(p->tgid));
	}
	if (read_text(cgroup, "memory.stat", stat, sizeof(stat))) {
		percpu = stat_field(stat, "percpu");
		add_rest(&k, "per-CPU memory charged to the group, its own too", percpu);
		add_rest(&k, "kernel memory in vmalloc", stat_field(stat, "vmalloc"));
	}
	add_rest(&k, "pages that processors keep in stock for a group, at most",
		 amount_exact(sysconf(_SC_NPROCESSORS_CONF) * 64 * sysconf(_SC_PAGESIZE)));
done:
	census_free(c);
	if (err)
		return err;
	k.unattributed = amount_sub(k.kernel, k.reached);
	*ret_check = k;
	return 0;
}

/* Where cgroups are mounted: that of the memory controller, and the one hierarchy of v2. */
static int find_mounts(char points[][PATH_MAX], int max)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[2 * PATH_MAX + 512];
	int n = 0;

	while (f && n < max && fgets(line, sizeof(line), f)) {
		char point[PATH_MAX], type[64], options[1024];
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*d %*d %*s %*s %4095s", point) != 1 ||
		    sscanf(dash, " - %63s %*s %1023s", type, options) != 2)
			continue;
		if (!strcmp(type, "cgroup2") ||
		    (!strcmp(type, "cgroup") && strstr(options, "memory")))
			strcpy(points[n++], point);
	}
	if (f)
		fclose(f);
	return n;
}

/* nftw() has no argument for its caller. */
static _Thread_local struct {
	uint64_t inode;
	size_t skip;
	char *ret;
	size_t size;
	bool found;
} wanted;

static int see_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type != FTW_D || st->st_ino != wanted.inode)
		return 0;
	snprintf(wanted.ret, wanted.size, "%s", path[wanted.skip] ? path + wanted.skip : "/");
	wanted.found = true;
	return 1;
}

int census_cgroup_path(uint64_t cgroup, char *ret, size_t size)
{
	char points[8][PATH_MAX];
	int n = find_mounts(points, 8);

	for (int i = 0; i < n; i++) {
		wanted.inode = cgroup;
		wanted.skip = strlen(points[i]);
		wanted.ret = ret;
		wanted.size = size;
		wanted.found = false;
		if (nftw(points[i], see_directory, 16, FTW_PHYS | FTW_MOUNT) >= 0 && wanted.found)
			return 0;
	}
	return -ENOENT;
}
