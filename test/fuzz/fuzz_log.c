/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever file is given, the session reader refuses it in words, or returns
 * events that can be written and read again as the same.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event/log_reader.h"
#include "event/log_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENTS_MAX 64

static struct log_reader *read_from(int fd)
{
	struct log_reader *reader;

	if (lseek(fd, 0, SEEK_SET) || log_reader_new(fd, &reader))
		abort();
	return reader;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0), copy = memfd_create("copy", 0), state;
	struct event events[EVENTS_MAX], ev;
	char *texts[EVENTS_MAX] = {NULL};
	struct log_reader *reader;
	struct log_writer *writer;
	size_t count = 0;

	if (fd < 0 || copy < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	reader = read_from(fd);
	if (log_writer_new(dup(copy), false, &writer))
		abort();
	while ((state = log_reader_next(reader, &ev)) == 1 && count < EVENTS_MAX) {
		if (log_writer_add(writer, &ev))
			abort();
		texts[count] = strdup(ev.text ? ev.text : "");
		events[count++] = ev;
	}
	if (state < 0 && !*log_reader_error(reader))
		abort();
	log_reader_free(reader);
	if (log_writer_close(writer))
		abort();

	reader = read_from(copy);
	for (size_t i = 0; i < count; i++) {
		if (log_reader_next(reader, &ev) != 1 ||
		    memcmp(&ev, &events[i], offsetof(struct event, text)) ||
		    strcmp(ev.text ? ev.text : "", texts[i]))
			abort();
		free(texts[i]);
	}
	if (log_reader_next(reader, &ev) != 0)
		abort();
	log_reader_free(reader);
	return 0;
}
