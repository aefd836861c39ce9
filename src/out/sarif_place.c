/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "out/escape.h"
#include "out/sarif_place.h"
#include "view/place.h"

json_t *sarif_text(const char *text)
{
	char *safe = escape_json(text);
	json_t *value = safe ? json_string(safe) : NULL;

	free(safe);
	return value;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~/", c));
}

/* A string to free(), or NULL. */
static char *uri_of(const char *path, bool *ret_relative)
{
	char *uri = malloc(strlen("file://") + 3 * strlen(path) + 1), *to = uri;

	if (!uri)
		return NULL;
	*ret_relative = *path != '/';
	if (!*ret_relative)
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		if (is_unreserved(*path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	}
	*to = '\0';
	return uri;
}

static const char *below(const char *path, const char *root)
{
	size_t length = root ? strlen(root) : 0;

	while (length && root[length - 1] == '/')
		length--;
	if (!root || strncmp(path, root, length) || path[length] != '/' || !path[length + 1])
		return path;
	path += length;
	return path + strspn(path, "/");
}

/* @line 0: unknown. */
static json_t *physical(const char *path, uint32_t line, const char *root)
{
	bool relative;
	char *uri = uri_of(below(path, root), &relative);
	json_t *artifact = NULL, *place;

	if (uri && relative)
		artifact = json_pack("{s:s s:s}", "uri", uri, "uriBaseId", "%SRCROOT%");
	else if (uri)
		artifact = json_pack("{s:s}", "uri", uri);
	free(uri);
	place = json_pack("{s:o}", "artifactLocation", artifact);
	if (place && line &&
	    json_object_set_new(place, "region",
				json_pack("{s:I}", "startLine", (json_int_t)line))) {
		json_decref(place);
		return NULL;
	}
	return place;
}

/* "open_session", "libc.so.6+0x27249" */
static json_t *logical(const struct view_frame *frame)
{
	const char *module = place_module(frame);
	char *name = NULL;
	json_t *text;

	if (*frame->function)
		return json_pack("{s:o s:s}", "fullyQualifiedName", sarif_text(frame->function),
				 "kind", "function");
	if (!frame->offset)
		return json_pack("{s:o}", "fullyQualifiedName", sarif_text(*module ? module : "?"));
	if (asprintf(&name, "%s+0x%" PRIx64, *module ? module : "?", frame->offset) < 0)
		return NULL;
	text = sarif_text(name);
	free(name);
	return json_pack("{s:o}", "fullyQualifiedName", text);
}

json_t *sarif_location(const struct view *v, const struct view_finding *f, const char *root)
{
	const struct view_frame *frame = place_of(f);
	const char *program = *f->holder_comm		      ? f->holder_comm
			      : v->root.seen && *v->root.comm ? v->root.comm
							      : "forktally";
	json_t *place;

	if (!frame) /* nothing is known but whose it is */
		return json_pack("{s:o s:[{s:o s:s}]}", "physicalLocation",
				 physical(program, 0, root), "logicalLocations",
				 "fullyQualifiedName", sarif_text(program), "kind", "module");
	if (*frame->file)
		place = physical(frame->file, frame->line, root);
	else
		place = physical(*frame->module ? frame->module : program, 0, root);
	return json_pack("{s:o s:[o]}", "physicalLocation", place, "logicalLocations",
			 logical(frame));
}

static json_t *stack_frame(const struct view_frame *frame, const char *root)
{
	json_t *location = json_pack("{s:[o]}", "logicalLocations", logical(frame));
	json_t *made;

	if (location && *frame->file &&
	    json_object_set_new(location, "physicalLocation",
				physical(frame->file, frame->line, root))) {
		json_decref(location);
		return NULL;
	}
	made = json_pack("{s:o}", "location", location);
	if (made && *frame->module &&
	    json_object_set_new(made, "module", sarif_text(frame->module))) {
		json_decref(made);
		return NULL;
	}
	return made;
}

json_t *sarif_stack(const struct view_finding *f, const char *root)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < f->frame_count; i++) {
		if (json_array_append_new(frames, stack_frame(&f->frames[i], root))) {
			json_decref(frames);
			return NULL;
		}
	}
	return json_pack("{s:{s:s} s:o}", "message", "text", "taken at, innermost frame first",
			 "frames", frames);
}
