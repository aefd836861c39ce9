/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * names.h - what the processes of a census are called: their command lines, users and control
 * groups, asked from the system now, moments after the census.
 *
 * A process that ended since, or whose pid another has by now, keeps the name from the census.
 * Strings live until names_free(), and may hold any bytes but NUL.
 */
#ifndef FORKTALLY_NAMES_H
#define FORKTALLY_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "census/census.h"

struct names;

/* 0; -errno: there is no /proc; -ENOMEM. */
int names_open(struct names **ret_names);
void names_free(struct names *names);

/* The user's name, or its number. */
const char *names_user(struct names *names, uint32_t uid);

/* "postgres: writer", at most 4 KiB of it; "[kworker/0:1]" of what has no command line. */
const char *names_command(struct names *names, const struct census_process *p);

/*
 * "/a/b" below the mount point: with cgroup v1 of the memory controller, else of v2; "" where it
 * cannot be read.
 */
const char *names_cgroup(struct names *names, const struct census_process *p);

/* The same from the text of a /proc/PID/cgroup file; "" it names none. Pure. */
void names_cgroup_parse(const char *text, char *ret, size_t size);

/* Where those paths begin: "/sys/fs/cgroup/memory"; "" no control groups are mounted. */
const char *names_cgroup_mount(struct names *names);

/* The same for who has no names. */
void names_find_cgroup_mount(char *ret, size_t size);

/**
 * names_cgroup_directory() - a directory of a cgroup file system as a path below its mount point.
 * @path: "/sys/fs/cgroup/memory/a/b"; anything else is taken to be such a path already.
 */
void names_cgroup_directory(const char *path, char *ret, size_t size);

#endif
