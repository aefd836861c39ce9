/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/suppress_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "base/lines.h"
#include "cmd/cmd.h"
#include "verdict/suppress.h"

/* -EINVAL: the text is wrong, and error says how. */
static int read_lines(struct suppressions *list, const char *path, struct lines *lines,
		      char error[SUPPRESS_ERROR_BYTES])
{
	const char *line;
	size_t size;
	int err;

	while ((err = lines_next(lines, &line, &size)) == 1 ||
	       (!err && lines_rest(lines, &line, &size))) {
		err = suppressions_line(list, path, lines_count(lines), line, size, error);
		if (err)
			return err;
	}
	return err ? err : suppressions_end(list, error);
}

static int read_file(struct suppressions *list, const char *path)
{
	char error[SUPPRESS_ERROR_BYTES] = "";
	struct lines *lines = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err = fd < 0 ? -errno : lines_new(fd, &lines);

	if (!err)
		err = read_lines(list, path, lines, error);
	if (err == -EINVAL && *error)
		cmd_error("%s:%llu: %s", path, (unsigned long long)lines_count(lines), error);
	else if (err)
		cmd_error("cannot read the suppressions '%s': %s", path, strerror(-err));
	lines_free(lines);
	return err ? STATUS_FAILED : 0;
}

int suppress_files_read(const struct option_texts *paths, struct suppressions **ret_list)
{
	struct suppressions *list = NULL;
	int status = 0;

	if (paths->count && suppressions_new(&list)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	for (size_t i = 0; !status && i < paths->count; i++)
		status = read_file(list, paths->at[i]);
	if (status) {
		suppressions_free(list);
		return status;
	}
	*ret_list = list;
	return 0;
}
