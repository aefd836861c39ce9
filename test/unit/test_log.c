/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: every field of every event survives being written and read, plain and compressed;
 * strings of any bytes; files cut at every byte; damaged, foreign and empty files; a full disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "event/log_field.h"
#include "event/log_reader.h"
#include "event/log_writer.h"

static int memory_file(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	return fd;
}

static struct log_reader *reader_at(int fd)
{
	struct log_reader *reader;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(log_reader_new(dup(fd), &reader), 0);
	return reader;
}

static int file_of(const char *text, size_t size)
{
	int fd = memory_file();

	assert_int_equal(write(fd, text, size), (ssize_t)size);
	return fd;
}

/* A value for a field that differs with the field and the round, at the edges too. */
static void fill(struct event *ev, const struct log_field *field, unsigned round, unsigned index)
{
	char *to = (char *)ev + field->offset;
	uint64_t wide = round == 0   ? INT64_MAX
			: round == 1 ? 0
				     : 0x123456789abULL * (index + round);
	uint32_t narrow = round == 0 ? UINT32_MAX : round == 1 ? 0 : 0x1234567U * (index + round);

	switch (field->kind) {
	case LOG_S64:
		if (round == 2)
			wide = (uint64_t)EVENT_UNKNOWN_BYTES;
		if (round == 3)
			wide = (uint64_t)-INT64_MAX;
		memcpy(to, &wide, sizeof(wide));
		break;
	case LOG_ADDRESS:
		if (round == 0)
			wide = UINT64_MAX;
		memcpy(to, &wide, sizeof(wide));
		break;
	case LOG_U64:
		memcpy(to, &wide, sizeof(wide));
		break;
	case LOG_BOOL:
		narrow = round & 1;
		memcpy(to, &narrow, sizeof(narrow));
		break;
	case LOG_NAME:
		narrow = (uint32_t)field->name_count - 1;
		for (unsigned i = 0; i < round && narrow > 0 && field->names[narrow - 1]; i++)
			narrow--;
		memcpy(to, &narrow, sizeof(narrow));
		break;
	case LOG_COMM:
		memcpy(to,
		       round == 0   ? "0123456789abcdef"
		       : round == 1 ? "\xff\"\\\n\x7f\t,{}\xc3\xa9\0\0\0\0\0"
				    : "sh\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		       EVENT_COMM_BYTES);
		break;
	default:
		memcpy(to, &narrow, sizeof(narrow));
	}
}

static const char *const texts[] = {"plain",
				    "",
				    "a \"b\"\\c\n\t\r\x01\x7f",
				    "\xff\xfe",
				    "\xc3\xa9t\xc3\xa9 \xe2\x82\xac",
				    "cut \xe2\x82",
				    "function\tfile.c\tlibc.so.6"};
#define TEXTS  (sizeof(texts) / sizeof(texts[0]))
#define ROUNDS 8

static struct event make_event(uint32_t type, unsigned round)
{
	const struct log_type *t = log_type(type);
	struct event ev = {.type = type,
			   .time_ns = round ? 987654321ULL * round : INT64_MAX,
			   .account = {.tgid = round % 3 ? 4099 + round : 0,
				       .start_ns = round % 3 ? 23ULL << (round * 4) : 0},
			   .text = texts[round % TEXTS]};

	for (size_t i = 0; i < t->field_count; i++)
		fill(&ev, &t->fields[i], round, (unsigned)i);
	return ev;
}

static void assert_same(const struct event *a, const struct event *b)
{
	assert_memory_equal(a, b, offsetof(struct event, text));
	assert_string_equal(a->text ? a->text : "", b->text ? b->text : "");
}

static void write_all_types(int fd, bool compressed)
{
	struct log_writer *writer;

	assert_int_equal(log_writer_new(dup(fd), compressed, &writer), 0);
	for (uint32_t type = EVENT_SESSION; type < EVENT_TYPES; type++) {
		for (unsigned round = 0; round < ROUNDS; round++) {
			struct event ev = make_event(type, round);

			assert_int_equal(log_writer_add(writer, &ev), 0);
			if (type == EVENT_END)
				break; /* there is one */
		}
		if (type % 4 == 0)
			assert_int_equal(log_writer_flush(writer), 0);
	}
	assert_int_equal(log_writer_close(writer), 0);
}

/* Reads all that there is: 1 cut, 0 whole, or the error. Is it what write_all_types() wrote? */
static int read_all_types(int fd, bool *ret_same)
{
	struct log_reader *reader = reader_at(fd);
	struct event got;
	int state = 1;

	*ret_same = true;

	for (uint32_t type = EVENT_SESSION; type < EVENT_TYPES; type++) {
		for (unsigned round = 0; round < (type == EVENT_END ? 1 : ROUNDS); round++) {
			struct event expected = make_event(type, round);

			state = state == 1 ? log_reader_next(reader, &got) : state;
			if (state != 1 || memcmp(&got, &expected, offsetof(struct event, text)) ||
			    strcmp(got.text ? got.text : "", expected.text))
				*ret_same = false;
		}
	}
	while (state == 1)
		state = log_reader_next(reader, &got);
	if (state == 0)
		state = log_reader_is_cut(reader);
	log_reader_free(reader);
	return state;
}

static void round_trip(bool compressed)
{
	int fd = memory_file();
	struct log_reader *reader;
	struct event got;
	uint64_t line = 1;

	write_all_types(fd, compressed);
	reader = reader_at(fd);
	for (uint32_t type = EVENT_SESSION; type < EVENT_TYPES; type++) {
		for (unsigned round = 0; round < (type == EVENT_END ? 1 : ROUNDS); round++) {
			struct event expected = make_event(type, round);
			int state = log_reader_next(reader, &got);

			if (state != 1)
				fail_msg("line %llu: %s",
					 (unsigned long long)log_reader_line(reader),
					 log_reader_error(reader));
			assert_same(&got, &expected);
			assert_int_equal(log_reader_line(reader), ++line);
		}
	}
	assert_int_equal(log_reader_next(reader, &got), 0);
	assert_false(log_reader_is_cut(reader));
	log_reader_free(reader);
	close(fd);
}

static void test_round_trip(void **state)
{
	round_trip(false);
}

static void test_round_trip_compressed(void **state)
{
	round_trip(true);
}

/* The bytes of a union member that no field of the table covers must be its padding. */
static void test_table_is_complete(void **state)
{
	static const struct {
		uint32_t type;
		size_t size, pad;
	} members[] = {
#define MEMBER(type, name, pad) {type, sizeof(((struct event *)0)->u.name), pad}
	    MEMBER(EVENT_SESSION, session, 0), MEMBER(EVENT_TAG, tag, 4),
	    MEMBER(EVENT_TAKE, take, 4),       MEMBER(EVENT_FRAME, frame, 0),
	    MEMBER(EVENT_FORK, fork, 8),       MEMBER(EVENT_EXEC, exec, 0),
	    MEMBER(EVENT_EXIT, exit, 4),       MEMBER(EVENT_CHARGE, amount, 0),
	    MEMBER(EVENT_RETURN, amount, 0),   MEMBER(EVENT_GAUGE, gauge, 0),
	    MEMBER(EVENT_OBJECT, object, 8),   MEMBER(EVENT_TOTAL, total, 0),
	    MEMBER(EVENT_BOOK, book, 4),       MEMBER(EVENT_ALIVE, alive, 0),
	    MEMBER(EVENT_LEFT, left, 4),       MEMBER(EVENT_LOSS, loss, 4),
	    MEMBER(EVENT_END, end, 0),	       MEMBER(EVENT_LOOK, look, 4),
	};
	static const size_t sizes[] = {
	    [LOG_U32] = 4,  [LOG_S32] = 4,     [LOG_U64] = 8,  [LOG_S64] = 8,
	    [LOG_BOOL] = 4, [LOG_ADDRESS] = 8, [LOG_NAME] = 4, [LOG_COMM] = EVENT_COMM_BYTES};
	size_t with_fields = 0;

	for (uint32_t type = EVENT_SESSION; type < EVENT_TYPES; type++) {
		assert_non_null(log_type(type));
		with_fields += log_type(type)->field_count > 0;
	}
	assert_int_equal(with_fields, sizeof(members) / sizeof(members[0]));
	for (size_t i = 0; i < with_fields; i++) {
		const struct log_type *type = log_type(members[i].type);
		char covered[sizeof(struct event)] = {0};
		size_t sum = 0;

		for (size_t j = 0; j < type->field_count; j++) {
			const struct log_field *field = &type->fields[j];

			for (size_t k = 0; k < sizes[field->kind]; k++)
				assert_int_equal(covered[field->offset + k]++, 0);
			sum += sizes[field->kind];
		}
		assert_int_equal(sum + members[i].pad, members[i].size);
	}
	assert_null(log_type(EVENT_NONE));
	assert_null(log_type(EVENT_TYPES));
}

/* However much of a file is there: whole events come out, then "cut", never an error. */
static void cut_everywhere(bool compressed)
{
	int fd = memory_file(), part;
	off_t size;
	char *data;
	unsigned seen_max = 0;

	write_all_types(fd, compressed);
	size = lseek(fd, 0, SEEK_END);
	data = malloc((size_t)size);
	assert_int_equal(pread(fd, data, (size_t)size, 0), size);
	for (off_t length = 60; length < size; length += compressed ? 1 : 13) {
		struct log_reader *reader;
		struct event ev;
		unsigned seen = 0;
		int state;

		part = file_of(data, (size_t)length);
		reader = reader_at(part);
		while ((state = log_reader_next(reader, &ev)) == 1)
			seen++;
		/* Less than the first line: not known to be ours. */
		if (state != 0 && (seen || length > 300))
			fail_msg("cut at %lld: %s", (long long)length, log_reader_error(reader));
		if (state == 0) {
			assert_true(log_reader_is_cut(reader) || length > size - 16);
			assert_true(seen >= seen_max);
			seen_max = seen;
		}
		log_reader_free(reader);
		close(part);
	}
	assert_in_range(seen_max, ROUNDS * (EVENT_END - 5), ROUNDS * EVENT_END);
	free(data);
	close(fd);
}

static void test_cut(void **state)
{
	cut_everywhere(false);
}

static void test_cut_compressed(void **state)
{
	cut_everywhere(true);
}

#define HEADER	"{\"type\":\"format\",\"format\":\"forktally-session\",\"version\":2}\n"
#define REAPED	"{\"type\":\"reap\",\"time_ns\":5,\"tgid\":4,\"start_ns\":3}\n"
#define LOSS(x) HEADER "{\"type\":\"loss\",\"time_ns\":5,\"kind\":\"records\",\"count\":" x "}\n"

static void check_error(const char *data, uint64_t line, const char *about)
{
	int fd = file_of(data, strlen(data)), state;
	struct log_reader *reader = reader_at(fd);
	struct event ev;

	do
		state = log_reader_next(reader, &ev);
	while (state == 1);
	if (state >= 0)
		fail_msg("accepted: %s", data);
	assert_int_equal(log_reader_line(reader), line);
	if (!strstr(log_reader_error(reader), about))
		fail_msg("\"%s\" does not say \"%s\"", log_reader_error(reader), about);
	assert_true(log_reader_next(reader, &ev) < 0);
	log_reader_free(reader);
	close(fd);
}

static void test_damaged(void **state)
{
	check_error("", 0, "empty");
	check_error("\n", 1, "not a session recorded by forktally");
	check_error("\x7f"
		    "ELF\x02\x01\x01\n",
		    1, "not a session recorded by forktally");
	check_error("{\"type\":\"form", 0, "not a session recorded by forktally");
	check_error("{\"format\":\"other\",\"version\":1}\n", 1, "not a session");
	check_error("[1,2]\n", 1, "not a session");
	check_error("{\"format\":\"forktally-session\",\"version\":9}\n", 1, "version 9");
	check_error("\x28\xb5\x2f\xfdgarbage that is no frame", 0, "not a session");
	check_error(HEADER "{\"type\":\"re\n", 2, "damaged");
	check_error(HEADER "\n", 2, "damaged");
	check_error(HEADER REAPED "[1]\n", 3, "no JSON object");
	check_error(HEADER REAPED "{}\n", 3, "\"type\" is missing");
	check_error(HEADER "{\"type\":\"reap\"}\n", 2, "\"time_ns\" is missing");
	check_error(HEADER "{\"type\":\"dance\",\"time_ns\":5}\n", 2, "\"dance\"");
	check_error(HEADER "{\"type\":\"reap\",\"time_ns\":\"5\"}\n", 2,
		    "\"time_ns\" is not a whole");
	check_error(HEADER "{\"type\":\"reap\",\"time_ns\":-5}\n", 2, "out of its range");
	check_error(HEADER "{\"type\":\"reap\",\"time_ns\":5,\"tgid\":3}\n", 2,
		    "\"start_ns\" is missing");
	check_error(HEADER "{\"type\":\"reap\",\"time_ns\":5,\"time_ns\":6}\n", 2, "duplicate");
	check_error(HEADER "{\"type\":\"reap\",\"time_ns\":5,\"more\":6}\n", 2,
		    "keys that a \"reap\"");
	check_error(LOSS("\"1\""), 2, "\"count\" is not a whole");
	check_error(LOSS("1.5"), 2, "\"count\" is not a whole");
	check_error(LOSS("-1"), 2, "out of its range");
	check_error(LOSS("null"), 2, "\"count\" is not a whole");
	check_error(LOSS("99999999999999999999"), 2, "damaged");
	check_error(LOSS("1,\"text\":5"), 2, "\"text\" is not a string");
	check_error(LOSS("1,\"text\":\"a\\u0000b\""), 2, "damaged");
	check_error(LOSS("1,\"text\":\"?\",\"text_hex\":\"f\""), 2, "hexadecimal");
	check_error(LOSS("1,\"text\":\"?\",\"text_hex\":\"00\""), 2, "hexadecimal");
	check_error(LOSS("1,\"text\":\"?\",\"text_hex\":\"fg\""), 2, "hexadecimal");
	check_error(HEADER "{\"type\":\"loss\",\"time_ns\":5,\"kind\":\"socks\",\"count\":1}\n", 2,
		    "\"socks\"");
	check_error(HEADER
		    "{\"type\":\"end\",\"time_ns\":1,\"status\":0,\"interrupted\":0,"
		    "\"forks\":0,\"exits\":0,\"alive\":0,\"killed\":0,\"settle_ns\":0}\n" REAPED,
		    3, "after the end");
}

/* A flipped byte in a compressed file: never taken for a good session, never a crash. */
static void test_damaged_compressed(void **state)
{
	int fd = memory_file();
	off_t size;
	char *data;

	write_all_types(fd, true);
	size = lseek(fd, 0, SEEK_END);
	data = malloc((size_t)size);
	assert_int_equal(pread(fd, data, (size_t)size, 0), size);
	for (off_t at = 0; at < size; at++) {
		int part, result;
		bool same;

		data[at] ^= 0x11;
		part = file_of(data, (size_t)size);
		result = read_all_types(part, &same);
		/* Some bits of a frame's header change nothing; some make the file look cut. */
		if (result == 0 && !same)
			fail_msg("byte %lld of %lld changed and not noticed", (long long)at,
				 (long long)size);
		data[at] ^= 0x11;
		close(part);
	}
	free(data);
	close(fd);
}

static void test_refuses_to_write(void **state)
{
	struct log_writer *writer;
	struct event ev = make_event(EVENT_LOSS, 4);
	int fd = memory_file();
	off_t size;

	assert_int_equal(log_writer_new(dup(fd), false, &writer), 0);
	assert_int_equal(log_writer_flush(writer), 0);
	size = lseek(fd, 0, SEEK_END);
	ev.u.loss.kind = LOSSES;
	assert_int_equal(log_writer_add(writer, &ev), -EINVAL);
	ev = make_event(EVENT_LOSS, 4);
	ev.u.loss.count = UINT64_MAX;
	assert_int_equal(log_writer_add(writer, &ev), -EINVAL);
	ev = make_event(EVENT_LOSS, 4);
	ev.type = EVENT_TYPES;
	assert_int_equal(log_writer_add(writer, &ev), -EINVAL);
	assert_int_equal(log_writer_close(writer), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), size);
	close(fd);
}

/* A file that may grow to `room` bytes. */
static void full_disk(bool compressed, off_t room)
{
	struct log_writer *writer;
	struct event ev = make_event(EVENT_FORK, 5), got;
	struct log_reader *reader;
	int fd = memory_file(), err = 0;

	assert_int_equal(ftruncate(fd, room), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(log_writer_new(dup(fd), compressed, &writer), 0);
	for (int i = 0; i < 100 && !err; i++) {
		err = log_writer_add(writer, &ev);
		if (!err)
			err = log_writer_flush(writer);
	}
	assert_int_equal(err, -EPERM); /* what a seal says instead of ENOSPC */
	assert_int_equal(log_writer_add(writer, &ev), err);
	assert_int_equal(log_writer_flush(writer), err);
	assert_int_equal(log_writer_close(writer), err);
	reader = reader_at(fd);
	assert_int_equal(log_reader_next(reader, &got), 1);
	assert_same(&got, &ev);
	log_reader_free(reader);
	close(fd);
}

static void test_full_disk(void **state)
{
	struct log_writer *writer;

	assert_int_equal(log_writer_new(open("/dev/full", O_WRONLY | O_CLOEXEC), true, &writer),
			 -ENOSPC);
	assert_int_equal(log_writer_new(open("/dev/full", O_WRONLY | O_CLOEXEC), false, &writer),
			 -ENOSPC);
	full_disk(false, 4099);
	full_disk(true, 4099);
}

static void test_long_text(void **state)
{
	size_t size = (size_t)3 << 20;
	char *text = malloc(size + 1);
	struct event ev = {.type = EVENT_BLIND, .text = text}, got;
	struct log_writer *writer;
	struct log_reader *reader;
	int fd = memory_file();

	memset(text, 0x01, size);
	text[size] = '\0';
	assert_int_equal(log_writer_new(dup(fd), true, &writer), 0);
	assert_int_equal(log_writer_add(writer, &ev), 0);
	/* 3 MiB at 6 bytes each are more than a line may have: written, but said when read. */
	assert_int_equal(log_writer_close(writer), 0);
	reader = reader_at(fd);
	assert_int_equal(log_reader_next(reader, &got), -E2BIG);
	assert_non_null(strstr(log_reader_error(reader), "longer than"));
	log_reader_free(reader);
	close(fd);

	fd = memory_file();
	memset(text, 'x', size);
	assert_int_equal(log_writer_new(dup(fd), false, &writer), 0);
	assert_int_equal(log_writer_add(writer, &ev), 0);
	assert_int_equal(log_writer_close(writer), 0);
	reader = reader_at(fd);
	assert_int_equal(log_reader_next(reader, &got), 1);
	assert_same(&ev, &got);
	log_reader_free(reader);
	close(fd);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),	       cmocka_unit_test(test_round_trip_compressed),
	    cmocka_unit_test(test_table_is_complete),  cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_cut_compressed),     cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_damaged_compressed), cmocka_unit_test(test_refuses_to_write),
	    cmocka_unit_test(test_full_disk),	       cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
