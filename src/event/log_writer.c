/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "event/log_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/sink.h"
#include "base/utf8.h"
#include "event/log_field.h"

/* What a line needs beside its strings: 20 pairs of a key and a number of at most 20 digits. */
#define LINE_BYTES 1536
/* A byte may become \u00ff, and stand once more as two digits where the string is not UTF-8. */
#define BYTES_PER_CHAR 8

struct log_writer {
	struct sink *sink;
	char *line;
	size_t size;
};

int log_writer_new(int fd, bool compressed, struct log_writer **ret_writer)
{
	static const char first[] =
	    "{\"type\":\"format\",\"format\":\"" LOG_FORMAT "\",\"version\":";
	struct log_writer *writer;
	struct sink *sink;
	int err = sink_new(fd, compressed, &sink);

	if (err)
		return err;
	writer = calloc(1, sizeof(*writer));
	if (!writer) {
		(void)sink_close(sink); /* that there is no memory is the news */
		return -ENOMEM;
	}
	writer->sink = sink;
	static_assert(LOG_VERSION < 10, "one digit");
	(void)sink_write(sink, first, sizeof(first) - 1); /* the flush has its error too */
	(void)sink_write(sink, (char[]){'0' + LOG_VERSION, '}', '\n'}, 3);
	err = sink_flush(sink);
	if (err) {
		(void)log_writer_close(writer);
		return err;
	}
	*ret_writer = writer;
	return 0;
}

static char *put(char *p, const char *text)
{
	size_t length = strlen(text);

	memcpy(p, text, length);
	return p + length;
}

static char *put_key(char *p, const char *key, const char *suffix)
{
	*p++ = ',';
	*p++ = '"';
	p = put(p, key);
	p = put(p, suffix);
	*p++ = '"';
	*p++ = ':';
	return p;
}

static char *put_u64(char *p, uint64_t number)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*p++ = digits[--n];
	return p;
}

static char *put_s64(char *p, int64_t number)
{
	if (number >= 0)
		return put_u64(p, (uint64_t)number);
	*p++ = '-';
	return put_u64(p, -(uint64_t)number);
}

static const char hex_digits[] = "0123456789abcdef";

static char *put_address(char *p, uint64_t address)
{
	int shift = 60;

	p = put(p, "\"0x");
	while (shift && !(address >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*p++ = hex_digits[address >> shift & 15];
	*p++ = '"';
	return p;
}

/* Bytes that are no UTF-8 are shown as U+FFFD. False: there were such bytes. */
static bool put_string(char **ret_p, const char *text, size_t size)
{
	char *p = *ret_p;
	bool valid = true;

	*p++ = '"';
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];
		size_t length = utf8_length(text + i, size - i);

		if (!length) {
			valid = false;
			p = put(p, "\xef\xbf\xbd");
			length = 1;
		} else if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			p = put(p, "\\u00");
			*p++ = hex_digits[c >> 4];
			*p++ = hex_digits[c & 15];
		} else {
			memcpy(p, text + i, length);
			p += length;
		}
		i += length;
	}
	*p++ = '"';
	*ret_p = p;
	return valid;
}

/* A string and, where it is not UTF-8, its bytes under the same key with _hex. */
static char *put_text(char *p, const char *key, const char *text, size_t size)
{
	p = put_key(p, key, "");
	if (put_string(&p, text, size))
		return p;
	p = put_key(p, key, "_hex");
	*p++ = '"';
	for (size_t i = 0; i < size; i++) {
		*p++ = hex_digits[(unsigned char)text[i] >> 4];
		*p++ = hex_digits[(unsigned char)text[i] & 15];
	}
	*p++ = '"';
	return p;
}

/* NULL: the value is none that the contract allows. */
static char *put_field(char *p, const struct log_field *field, const struct event *ev)
{
	const char *at = (const char *)ev + field->offset;
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (field->kind == LOG_COMM)
		return put_text(p, field->name, at, strnlen(at, EVENT_COMM_BYTES));
	p = put_key(p, field->name, "");
	if (field->kind == LOG_U64 || field->kind == LOG_S64 || field->kind == LOG_ADDRESS)
		memcpy(&wide, at, sizeof(wide));
	else
		memcpy(&narrow, at, sizeof(narrow));
	switch (field->kind) {
	case LOG_U32:
		return put_u64(p, narrow);
	case LOG_S32:
		return put_s64(p, (int32_t)narrow);
	case LOG_U64:
		return wide <= INT64_MAX ? put_u64(p, wide) : NULL;
	case LOG_S64:
		if ((int64_t)wide == EVENT_UNKNOWN_BYTES)
			return put(p, "null");
		return put_s64(p, (int64_t)wide);
	case LOG_BOOL:
		return narrow <= 1 ? put(p, narrow ? "true" : "false") : NULL;
	case LOG_ADDRESS:
		return put_address(p, wide);
	case LOG_NAME:
		if (narrow >= field->name_count || !field->names[narrow])
			return NULL;
		*p++ = '"';
		p = put(p, field->names[narrow]);
		*p++ = '"';
		return p;
	case LOG_COMM:
		break;
	}
	return NULL;
}

static int make_room(struct log_writer *writer, size_t text_size)
{
	size_t size = LINE_BYTES + BYTES_PER_CHAR * (text_size + EVENT_COMM_BYTES);
	char *line;

	if (size <= writer->size)
		return 0;
	line = realloc(writer->line, size);
	if (!line)
		return -ENOMEM;
	writer->line = line;
	writer->size = size;
	return 0;
}

int log_writer_add(struct log_writer *writer, const struct event *ev)
{
	const struct log_type *type = log_type(ev->type);
	size_t text_size = ev->text ? strlen(ev->text) : 0;
	char *p;
	int err;

	if (!type || ev->time_ns > INT64_MAX || ev->account.start_ns > INT64_MAX)
		return -EINVAL;
	err = make_room(writer, text_size);
	if (err)
		return err;
	p = put(writer->line, "{\"type\":\"");
	p = put(p, type->name);
	p = put(p, "\",\"time_ns\":");
	p = put_u64(p, ev->time_ns);
	if (ev->account.tgid || ev->account.start_ns) {
		p = put_u64(put_key(p, "tgid", ""), ev->account.tgid);
		p = put_u64(put_key(p, "start_ns", ""), ev->account.start_ns);
	}
	for (size_t i = 0; i < type->field_count; i++) {
		p = put_field(p, &type->fields[i], ev);
		if (!p)
			return -EINVAL;
	}
	if (text_size)
		p = put_text(p, "text", ev->text, text_size);
	p = put(p, "}\n");
	assert((size_t)(p - writer->line) <= writer->size);
	return sink_write(writer->sink, writer->line, (size_t)(p - writer->line));
}

int log_writer_flush(struct log_writer *writer)
{
	return sink_flush(writer->sink);
}

int log_writer_close(struct log_writer *writer)
{
	int err;

	if (!writer)
		return 0;
	err = sink_close(writer->sink);
	free(writer->line);
	free(writer);
	return err;
}
