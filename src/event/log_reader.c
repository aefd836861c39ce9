/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "event/log_reader.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/lines.h"
#include "event/log_field.h"

#define ERROR_BYTES 256

struct log_reader {
	struct lines *lines;
	json_t *object; /* the current line: owns the event's text */
	char *bytes;	/* text that is not UTF-8 */
	bool begun, ended;
	uint64_t error_line;
	char error[ERROR_BYTES];
};

int log_reader_new(int fd, struct log_reader **ret_reader)
{
	struct lines *lines;
	int err = lines_new(fd, &lines);

	if (err)
		return err;
	*ret_reader = calloc(1, sizeof(**ret_reader));
	if (!*ret_reader) {
		lines_free(lines);
		return -ENOMEM;
	}
	(*ret_reader)->lines = lines;
	return 0;
}

static int __attribute__((format(printf, 3, 4)))
refuse(struct log_reader *reader, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->error, sizeof(reader->error), format, args);
	va_end(args);
	reader->error_line = lines_count(reader->lines);
	return err;
}

static int refuse_type(struct log_reader *reader, const char *key, const char *wanted)
{
	return refuse(reader, -EBADMSG, "\"%s\" is not %s", key, wanted);
}

static int missing(struct log_reader *reader, const char *key)
{
	return refuse(reader, -EBADMSG, "\"%s\" is missing", key);
}

static int get_integer(struct log_reader *reader, const char *key, json_int_t min, json_int_t max,
		       json_int_t *ret_number)
{
	json_t *value = json_object_get(reader->object, key);

	if (!value)
		return missing(reader, key);
	if (!json_is_integer(value))
		return refuse_type(reader, key, "a whole number");
	*ret_number = json_integer_value(value);
	if (*ret_number < min || *ret_number > max)
		return refuse(reader, -EBADMSG, "\"%s\" is out of its range", key);
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int get_address(struct log_reader *reader, const char *key, uint64_t *ret_address)
{
	const char *text = json_string_value(json_object_get(reader->object, key));
	size_t length = text ? strlen(text) : 0;

	if (!json_object_get(reader->object, key))
		return missing(reader, key);
	if (length < 3 || length > 18 || text[0] != '0' || text[1] != 'x')
		return refuse_type(reader, key, "an address like \"0xff00\"");
	*ret_address = 0;
	for (const char *p = text + 2; *p; p++) {
		if (hex_value(*p) < 0)
			return refuse_type(reader, key, "an address like \"0xff00\"");
		*ret_address = *ret_address << 4 | (uint64_t)hex_value(*p);
	}
	return 0;
}

/* The string under key, or its bytes where they were no UTF-8. *used counts the keys read. */
static int get_text(struct log_reader *reader, const char *key, const char **ret_text, size_t *used)
{
	char hex_key[32];
	json_t *value = json_object_get(reader->object, key), *hex;
	const char *digits;
	char *to;

	if (!value)
		return missing(reader, key);
	if (!json_is_string(value))
		return refuse_type(reader, key, "a string");
	*ret_text = json_string_value(value);
	*used += 1;
	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	hex = json_object_get(reader->object, hex_key);
	if (!hex)
		return 0;
	*used += 1;
	digits = json_string_value(hex);
	if (!digits || strlen(digits) % 2)
		return refuse_type(reader, hex_key, "pairs of hexadecimal digits");
	free(reader->bytes);
	reader->bytes = to = malloc(strlen(digits) / 2 + 1);
	if (!to)
		return refuse(reader, -ENOMEM, "out of memory");
	for (; *digits; digits += 2) {
		int high = hex_value(digits[0]), low = hex_value(digits[1]);

		if (high < 0 || low < 0 || high + low == 0)
			return refuse_type(reader, hex_key, "pairs of hexadecimal digits");
		*to++ = (char)(high << 4 | low);
	}
	*to = '\0';
	*ret_text = reader->bytes;
	return 0;
}

static int get_comm(struct log_reader *reader, const char *key, char *to, size_t *used)
{
	const char *text;
	int err = get_text(reader, key, &text, used);

	if (err)
		return err;
	if (strlen(text) > EVENT_COMM_BYTES)
		return refuse(reader, -EBADMSG, "\"%s\" is longer than %d bytes", key,
			      EVENT_COMM_BYTES);
	memcpy(to, text, strlen(text));
	return 0;
}

static int get_name(struct log_reader *reader, const struct log_field *field,
		    json_int_t *ret_number)
{
	json_t *value = json_object_get(reader->object, field->name);

	if (!value)
		return missing(reader, field->name);
	if (!json_is_string(value))
		return refuse_type(reader, field->name, "a name");
	*ret_number = log_name_by_text(field, json_string_value(value));
	if (*ret_number < 0)
		return refuse(reader, -EBADMSG, "\"%s\" is \"%.40s\", which is not known",
			      field->name, json_string_value(value));
	return 0;
}

static int get_field(struct log_reader *reader, const struct log_field *field, struct event *ev,
		     size_t *used)
{
	char *to = (char *)ev + field->offset;
	const char *key = field->name;
	json_t *value = json_object_get(reader->object, key);
	json_int_t number = 0;
	uint64_t wide;
	uint32_t narrow;
	bool is_wide = false;
	int err = 0;

	if (field->kind == LOG_COMM)
		return get_comm(reader, key, to, used);
	*used += 1;
	switch (field->kind) {
	case LOG_U32:
		err = get_integer(reader, key, 0, UINT32_MAX, &number);
		break;
	case LOG_S32:
		err = get_integer(reader, key, INT32_MIN, INT32_MAX, &number);
		break;
	case LOG_U64:
		is_wide = true;
		err = get_integer(reader, key, 0, INT64_MAX, &number);
		break;
	case LOG_S64:
		is_wide = true;
		number = EVENT_UNKNOWN_BYTES;
		if (!json_is_null(value))
			err = get_integer(reader, key, -INT64_MAX, INT64_MAX, &number);
		break;
	case LOG_ADDRESS:
		is_wide = true;
		err = get_address(reader, key, &wide);
		number = err ? 0 : (json_int_t)wide;
		break;
	case LOG_BOOL:
		number = json_is_true(value);
		if (!value)
			err = missing(reader, key);
		else if (!json_is_boolean(value))
			err = refuse_type(reader, key, "true or false");
		break;
	case LOG_NAME:
		err = get_name(reader, field, &number);
		break;
	case LOG_COMM:
		break;
	}
	wide = (uint64_t)number;
	narrow = (uint32_t)number;
	if (!err)
		memcpy(to, is_wide ? (void *)&wide : (void *)&narrow,
		       is_wide ? sizeof(wide) : sizeof(narrow));
	return err;
}

static int get_event(struct log_reader *reader, struct event *ev)
{
	const char *name = json_string_value(json_object_get(reader->object, "type"));
	const struct log_type *type;
	json_int_t number;
	size_t used = 2; /* type, time_ns */
	int err, id;

	if (!name)
		return refuse(reader, -EBADMSG, "\"type\" is missing or not a string");
	id = log_type_by_name(name);
	if (id < 0)
		return refuse(reader, -EBADMSG, "there is no event type \"%.40s\"", name);
	ev->type = (uint32_t)id;
	type = log_type(ev->type);
	err = get_integer(reader, "time_ns", 0, INT64_MAX, &number);
	if (err)
		return err;
	ev->time_ns = (uint64_t)number;
	if (json_object_get(reader->object, "tgid") ||
	    json_object_get(reader->object, "start_ns")) {
		err = get_integer(reader, "tgid", 0, UINT32_MAX, &number);
		if (err)
			return err;
		ev->account.tgid = (uint32_t)number;
		err = get_integer(reader, "start_ns", 0, INT64_MAX, &number);
		if (err)
			return err;
		ev->account.start_ns = (uint64_t)number;
		used += 2;
	}
	for (size_t i = 0; i < type->field_count; i++) {
		err = get_field(reader, &type->fields[i], ev, &used);
		if (err)
			return err;
	}
	if (json_object_get(reader->object, "text")) {
		err = get_text(reader, "text", &ev->text, &used);
		if (err)
			return err;
	}
	if (json_object_size(reader->object) != used)
		return refuse(reader, -EBADMSG, "there are keys that a \"%s\" does not have", name);
	return 0;
}

/* Reads one line into reader->object. 1, 0 at the end, or an error. */
static int next_object(struct log_reader *reader)
{
	const char *line;
	size_t size;
	json_error_t why;
	int state = lines_next(reader->lines, &line, &size);

	if (state == -EBADMSG)
		return refuse(reader, state, "the compressed data is damaged after this line");
	if (state == -E2BIG)
		return refuse(reader, state, "the next line is longer than %zu MiB",
			      LINES_BYTES_MAX >> 20);
	if (state < 0)
		return refuse(reader, state, "cannot be read: %s", strerror(-state));
	if (state == 0)
		return 0;
	json_decref(reader->object);
	reader->object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
	if (!reader->object && json_error_code(&why) == json_error_out_of_memory)
		return refuse(reader, -ENOMEM, "out of memory");
	if (!json_is_object(reader->object))
		return refuse(reader, -EBADMSG,
			      "this line is damaged, it is no JSON object%s%.160s",
			      reader->object ? "" : ": ", reader->object ? "" : why.text);
	return 1;
}

/* The first line says that this is a session log, and of which version. */
static int read_header(struct log_reader *reader)
{
	int state = next_object(reader);
	const char *format;
	json_int_t version;

	if (state == 0 && lines_is_cut(reader->lines))
		state = -EBADMSG; /* not even one line */
	if (state == 0)
		return refuse(reader, -EBADMSG, "the file is empty");
	if (state < 0 && state != -EBADMSG && state != -E2BIG)
		return state;
	format = state < 0 ? NULL : json_string_value(json_object_get(reader->object, "format"));
	if (!format || strcmp(format, LOG_FORMAT))
		return refuse(reader, -EBADMSG,
			      "this is not a session recorded by forktally (its first line would "
			      "hold \"format\":\"" LOG_FORMAT "\")");
	version = json_integer_value(json_object_get(reader->object, "version"));
	if (version != LOG_VERSION)
		return refuse(reader, -EPROTONOSUPPORT,
			      "the session has format version %" JSON_INTEGER_FORMAT
			      ", this forktally reads version %d",
			      version, LOG_VERSION);
	return 1;
}

int log_reader_next(struct log_reader *reader, struct event *ret_event)
{
	struct event ev = {0};
	int state;

	if (reader->error[0])
		return -EBADMSG;
	if (!reader->begun) {
		state = read_header(reader);
		if (state < 0)
			return state;
		reader->begun = true;
	}
	state = next_object(reader);
	if (state <= 0)
		return state;
	if (reader->ended)
		return refuse(reader, -EBADMSG, "there is an event after the end of the session");
	state = get_event(reader, &ev);
	if (state < 0)
		return state;
	if (ev.type == EVENT_END)
		reader->ended = true;
	*ret_event = ev;
	return 1;
}

const char *log_reader_error(const struct log_reader *reader)
{
	return reader->error;
}

uint64_t log_reader_line(const struct log_reader *reader)
{
	return reader->error[0] ? reader->error_line : lines_count(reader->lines);
}

bool log_reader_is_cut(const struct log_reader *reader)
{
	return !reader->ended;
}

void log_reader_free(struct log_reader *reader)
{
	if (!reader)
		return;
	lines_free(reader->lines);
	json_decref(reader->object);
	free(reader->bytes);
	free(reader);
}
