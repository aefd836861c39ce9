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
	struct census_rest *r = &k->rest[k->rest_count];

	if (bytes.known == KNOWN_NOT || k->rest_count == CENSUS_RESTS)
		return;
	r->bytes = bytes;
	snprintf(r->what, sizeof(r->what), "%s", what);
	k->rest_count++;
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

/* A group and those below it: who pays for the processes in them. */
struct payers {
	uint64_t *inode, *at;
	size_t inodes, room, count;
	bool has_first; /* process 1 is in it */
};

static _Thread_local struct payers *below; /* nftw() has no argument for its caller */

static bool has_first(const char *dir)
{
	char path[PATH_MAX + 64], line[32];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strcmp(line, "1\n");
	if (f)
		fclose(f);
	return found;
}

static int see_group(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct payers *p = below;

	if (type != FTW_D)
		return 0;
	if (p->inodes == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		uint64_t *inode = realloc(p->inode, room * sizeof(*inode));

		if (!inode)
			return -ENOMEM;
		p->inode = inode;
		p->room = room;
	}
	p->inode[p->inodes++] = st->st_ino;
	p->has_first = p->has_first || has_first(path);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Each once; the group's own comes first, where a process is in it. */
static int find_payers(const struct census *c, const char *dir, struct payers *p)
{
	uint64_t own;
	int err;

	below = p;
	err = nftw(dir, see_group, 16, FTW_PHYS | FTW_MOUNT);
	if (err)
		return err < 0 && err != -ENOMEM ? -ENOENT : err;
	own = p->inode[0];
	qsort(p->inode, p->inodes, sizeof(*p->inode), by_number);
	p->at = malloc((c->count + 1) * sizeof(*p->at));
	if (!p->at)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *q = &c->process[i];
		size_t k = 0;

		if (!q->payer ||
		    !bsearch(&q->cgroup, p->inode, p->inodes, sizeof(*p->inode), by_number))
			continue;
		while (k < p->count && p->at[k] != q->payer)
			k++;
		p->at[k] = q->payer;
		p->count += k == p->count;
		if (q->cgroup == own && k) {
			p->at[k] = p->at[0];
			p->at[0] = q->payer;
		}
	}
	return p->count ? 0 : -ESRCH;
}

static void payers_done(struct payers *p)
{
	free(p->inode);
	free(p->at);
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

/* Some who hold what is compared are not in the census. */
static void set_lower_bound(struct census_check *k)
{
	struct amount *of[] = {&k->held, &k->reached, &k->private};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		*of[i] = amount_add(*of[i], (struct amount){.known = KNOWN_AT_LEAST});
}

static void check_machine(const struct census *c, struct census_check *k)
{
	const struct census_machine *m = &c->machine;

	census_check_sum(c, NULL, 0, k);
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
	if (c->missing || c->outside)
		set_lower_bound(k);
	k->uncharged = k->overhead = amount_exact(0);
	k->kernel = amount_add(amount_add(m->slab_reclaimable, m->slab_unreclaimable),
			       amount_add(amount_add(m->kernel_stack, m->page_table), m->percpu));
	add_rest(k, "slab memory that can be reclaimed: caches of names and inodes",
		 m->slab_reclaimable);
	add_rest(k, "slab memory that no object is in", slab_unused());
	add_rest(k, "per-CPU memory of all users", m->percpu);
}

static void add_smaps(const struct census *c, struct census_check *k)
{
	k->smaps_private = amount_exact(0);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->process[i];

		if (census_check_pays(k, p->payer) &&
		    !(p->flags & (CENSUS_ZOMBIE | CENSUS_KERNEL_THREAD)))
			k->smaps_private = amount_add(k->smaps_private, smaps_private(p->tgid));
	}
}

static int check_group(struct census_source *source, const struct census *c, const char *cgroup,
		       const struct payers *p, struct census_check *k, const char **ret_why)
{
	struct amount before = k->kernel;
	struct census_charges charges = {};
	char stat[16384];
	bool split = c->depth == CENSUS_OBJECTS;
	int err;

	census_check_sum(c, p->at, p->count, k);
	if (c->outside || (c->missing && (p->has_first || census_find(c, 1, 0) != CENSUS_NONE)))
		set_lower_bound(k);
	err = read_book(cgroup, k, ret_why);
	if (err)
		return err;
	/* It moves while we look: the middle of both readings is nearest to what was there. */
	if (before.known == KNOWN_EXACT)
		k->kernel.bytes = (before.bytes + k->kernel.bytes) / 2;
	if (split && !source->ops->charges(source, p->at[0], &charges))
		err = census_charges_split(c, &charges, sizeof(void *), k);
	census_charges_done(&charges);
	add_smaps(c, k);
	if (read_text(cgroup, "memory.stat", stat, sizeof(stat)))
		add_rest(k, "per-CPU memory charged to the group, its own too",
			 stat_field(stat, "percpu"));
	return err;
}

int census_check(struct census_source *source, const char *cgroup, bool split,
		 struct census_check *ret_check, const char **ret_why)
{
	struct census_check k = {};
	struct payers payers = {};
	struct census *c;
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
	split = split && source->ops->charges && source->ops->depth_max >= CENSUS_OBJECTS;
	err = census_take(source, split ? CENSUS_OBJECTS : CENSUS_PAYERS, &c, ret_why);
	if (err)
		return err;
	if (!cgroup) {
		check_machine(c, &k);
	} else {
		err = find_payers(c, cgroup, &payers);
		if (err == -ESRCH)
			*ret_why = "no process is in this cgroup";
		if (!err)
			err = check_group(source, c, cgroup, &payers, &k, ret_why);
	}
	k.payer = NULL;
	payers_done(&payers);
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
