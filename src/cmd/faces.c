/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/faces.h"

#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "out/folded.h"
#include "out/junit.h"
#include "out/sarif.h"

struct face {
	const char *what; /* as messages call it */
	size_t path;	  /* offset in the options */
	int (*write)(FILE *f, const struct view *view);
};

/* Where it runs is where a checkout is: names of sources are told from there. */
static int write_sarif(FILE *f, const struct view *view)
{
	_cleanup_free_ char *root = getcwd(NULL, 0);
	struct sarif_options options = {.root = root, .version = FORKTALLY_VERSION};

	return sarif_write(f, view, &options);
}

static const struct face all_faces[FACES_MAX] = {
    {"JUnit report", offsetof(struct report_options, junit_path), junit_write},
    {"SARIF report", offsetof(struct report_options, sarif_path), write_sarif},
    {"folded stacks", offsetof(struct report_options, folded_path), folded_write},
};

int faces_open(const struct report_options *options, const int *taken, size_t taken_count,
	       struct faces *ret_faces)
{
	struct faces faces = {.count = 0};
	int used[OUTPUT_TAKEN_MAX], status;

	memcpy(used, taken, taken_count * sizeof(*taken));
	for (size_t i = 0; i < FACES_MAX; i++) {
		const struct face *face = &all_faces[i];
		const char *path;
		int fd;

		memcpy(&path, (const char *)options + face->path, sizeof(path));
		if (!path)
			continue;
		status = output_open(path, face->what, used, taken_count + faces.count, &fd);
		if (status) {
			faces_close(&faces);
			return status;
		}
		used[taken_count + faces.count] = fd;
		faces.at[faces.count].face = face;
		faces.at[faces.count].path = path;
		faces.at[faces.count].fd = fd;
		faces.count++;
	}
	*ret_faces = faces;
	return 0;
}

struct face_job {
	const struct face *face;
	const struct view *view;
};

static int make_face(FILE *f, void *ctx)
{
	const struct face_job *job = ctx;

	return job->face->write(f, job->view);
}

int faces_write(struct faces *faces, const struct view *view)
{
	int status = 0;

	for (size_t i = 0; i < faces->count; i++) {
		const struct face *face = faces->at[i].face;
		struct face_job job = {face, view};
		int fd = no_cleanup_fd(faces->at[i].fd), err = output_write(fd, make_face, &job);

		if (close(fd) && !err)
			err = -errno;
		if (!err)
			continue;
		cmd_error("cannot write the %s to '%s': %s", face->what, faces->at[i].path,
			  strerror(-err));
		status = STATUS_FAILED;
	}
	return status;
}

void faces_close(struct faces *faces)
{
	for (size_t i = 0; i < faces->count; i++)
		cleanup_close(&faces->at[i].fd);
	faces->count = 0;
}
