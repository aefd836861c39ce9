/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/symbol.h"

/* Files kept open for one snapshot: only such as no path leads to any more. */
#define FDS_MAX	       64
#define TEXT_BYTES_MAX (64u << 20)

struct text {
	const char *at, *end;
};

/* strtoull() wants a terminated string, takes signs and wraps; the kernel writes none of that. */
static bool take_number(struct text *t, unsigned base, uint64_t *ret)
{
	const char *first = t->at;
	uint64_t value = 0;

	for (; t->at < t->end; t->at++) {
		unsigned char c = *t->at;
		unsigned digit = c >= '0' && c <= '9'	? c - '0'
				 : c >= 'a' && c <= 'f' ? c - 'a' + 10
							: 16;

		if (digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return t->at > first;
}

static bool take_char(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* Of all characters the kernel escapes only the newline, as \012. */
static char *copy_path(const char *from, size_t bytes)
{
	char *path = malloc(bytes + 1), *to = path;

	if (!path)
		return NULL;
	for (size_t i = 0; i < bytes; i++) {
		if (bytes - i >= 4 && !memcmp(from + i, "\\012", 4)) {
			*to++ = '\n';
			i += 3;
		} else {
			*to++ = from[i];
		}
	}
	*to = 0;
	return path;
}

/* start-end perms offset major:minor inode [spaces path] */
static int parse_line(struct text t, struct symbol_mapping *ret, bool *ret_executable)
{
	struct symbol_mapping m = {.fd = -1};
	uint64_t major, minor;
	const char *perms;

	if (!take_number(&t, 16, &m.start) || !take_char(&t, '-') || !take_number(&t, 16, &m.end) ||
	    !take_char(&t, ' '))
		return -EBADMSG;
	perms = t.at;
	if (t.end - t.at < 4)
		return -EBADMSG;
	t.at += 4;
	if (!take_char(&t, ' ') || !take_number(&t, 16, &m.offset) || !take_char(&t, ' ') ||
	    !take_number(&t, 16, &major) || !take_char(&t, ':') || !take_number(&t, 16, &minor) ||
	    !take_char(&t, ' ') || !take_number(&t, 10, &m.inode))
		return -EBADMSG;
	if (t.at < t.end && *t.at != ' ')
		return -EBADMSG;
	if (m.start >= m.end || m.offset > UINT64_MAX - (m.end - m.start))
		return -EBADMSG;

	*ret_executable = perms[2] == 'x';
	if (!*ret_executable)
		return 0;
	while (t.at < t.end && *t.at == ' ')
		t.at++;
	m.path = copy_path(t.at, t.end - t.at);
	if (!m.path)
		return -ENOMEM;
	*ret = m;
	return 0;
}

static int add(struct symbol_maps *maps, size_t *room, const struct symbol_mapping *m)
{
	if (maps->count == *room) {
		size_t more = *room ? *room * 2 : 32;
		void *bigger = realloc(maps->mappings, more * sizeof(*maps->mappings));

		if (!bigger)
			return -ENOMEM;
		maps->mappings = bigger;
		*room = more;
	}
	maps->mappings[maps->count++] = *m;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct symbol_mapping *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

int symbol_maps_parse(const char *text, size_t bytes, struct symbol_maps **ret_maps)
{
	struct symbol_maps *maps = calloc(1, sizeof(*maps));
	const char *at = text, *end = text + bytes;
	size_t room = 0;
	int err;

	if (!maps)
		return -ENOMEM;
	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);
		struct text line = {at, newline ? newline : end};
		struct symbol_mapping m;
		bool executable = false;

		err = parse_line(line, &m, &executable);
		if (err)
			goto fail;
		if (executable && maps->count >= SYMBOL_MAPS_MAX) {
			maps->dropped++;
			free(m.path);
		} else if (executable) {
			err = add(maps, &room, &m);
			if (err) {
				free(m.path);
				goto fail;
			}
		}
		at = line.end + 1;
	}
	/* Sorted by the kernel, but the process may have changed between two of our reads. */
	if (maps->count)
		qsort(maps->mappings, maps->count, sizeof(*maps->mappings), by_start);
	*ret_maps = maps;
	return 0;
fail:
	symbol_maps_free(maps);
	return err;
}

/* Errors: -EFBIG past TEXT_BYTES_MAX. *ret_text is the caller's. */
static int read_all(int fd, char **ret_text, size_t *ret_bytes)
{
	size_t room = 0, bytes = 0;
	char *text = NULL;
	ssize_t got;

	for (;;) {
		if (bytes == room) {
			char *bigger;

			room = room ? room * 2 : 32768;
			bigger = room <= TEXT_BYTES_MAX ? realloc(text, room) : NULL;
			if (!bigger) {
				free(text);
				return room <= TEXT_BYTES_MAX ? -ENOMEM : -EFBIG;
			}
			text = bigger;
		}
		got = read(fd, text + bytes, room - bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		bytes += got;
	}
	if (got < 0) {
		int err = -errno;

		free(text);
		return err;
	}
	*ret_text = text;
	*ret_bytes = bytes;
	return 0;
}

/*
 * The number of the device is not compared: stat() and maps disagree about it on overlayfs and
 * btrfs. A failure leaves -1: then the mapping has no names.
 */
static void keep_file(int pid_dirfd, struct symbol_mapping *m)
{
	char name[64];
	struct stat st;
	int fd;

	if (m->path[0] == '/' && !stat(m->path, &st) && S_ISREG(st.st_mode) &&
	    st.st_ino == m->inode)
		return;
	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)m->start,
		 (unsigned long long)m->end);
	/* Asked before it is opened: opening a device may do something. */
	if (fstatat(pid_dirfd, name, &st, 0) || !S_ISREG(st.st_mode) || st.st_ino != m->inode)
		return;
	fd = openat(pid_dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	m->fd = fd;
}

int symbol_maps_read(int pid_dirfd, struct symbol_maps **ret_maps)
{
	struct symbol_maps *maps;
	size_t bytes = 0, fds = 0;
	char *text = NULL;
	int fd, err;

	fd = openat(pid_dirfd, "maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = read_all(fd, &text, &bytes);
	close(fd);
	if (err)
		return err;
	/* What an exiting process and a kernel thread show. */
	err = bytes ? symbol_maps_parse(text, bytes, &maps) : -ESRCH;
	free(text);
	if (err)
		return err;
	for (size_t i = 0; i < maps->count && fds < FDS_MAX; i++) {
		if (maps->mappings[i].inode)
			keep_file(pid_dirfd, &maps->mappings[i]);
		fds += maps->mappings[i].fd >= 0;
	}
	*ret_maps = maps;
	return 0;
}

int symbol_maps_read_pid(pid_t pid, struct symbol_maps **ret_maps)
{
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = symbol_maps_read(fd, ret_maps);
	close(fd);
	return err;
}

const struct symbol_mapping *symbol_maps_find(const struct symbol_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->mappings[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= maps->mappings[low - 1].end)
		return NULL;
	return &maps->mappings[low - 1];
}

void symbol_maps_free(struct symbol_maps *maps)
{
	if (!maps)
		return;
	for (size_t i = 0; i < maps->count; i++) {
		if (maps->mappings[i].fd >= 0)
			close(maps->mappings[i].fd);
		free(maps->mappings[i].path);
	}
	free(maps->mappings);
	free(maps);
}
