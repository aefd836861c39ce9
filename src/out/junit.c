/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "out/escape.h"
#include "out/flush.h"
#include "out/junit.h"
#include "out/text.h"
#include "out/xml.h"
#include "view/place.h"

static const struct text_options plain = {.utf8 = true};

/* One document being written. Errors are kept and asked for at the end. */
struct suite {
	FILE *f;
	const struct view *view;
	int err;
};

/* Names of programs and functions, and of suppressions: nothing in them may deceive a reader. */
static void print_attribute(struct suite *s, const char *name, const char *value)
{
	char *safe = escape_text(value, true);

	if (safe)
		xml_attribute(s->f, name, safe);
	else
		s->err = -ENOMEM;
	free(safe);
}

/* What is printed to a stream by text.h. A string to free(), or NULL with the error kept. */
static char *printed(struct suite *s, const struct view_finding *finding, size_t number)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f) {
		s->err = -ENOMEM;
		return NULL;
	}
	err = finding ? text_finding_write(f, finding, number, &plain)
		      : text_write(f, s->view, &plain);
	if (fclose(f) && !err)
		err = -ENOMEM;
	if (!err)
		return text;
	s->err = err;
	free(text);
	return NULL;
}

static const char *program(const struct view *v)
{
	return v->root.seen && *v->root.comm ? v->root.comm : "command";
}

/* Dots part the names of packages: one in a program's name would make a package of it. */
static void print_class(struct suite *s)
{
	char name[80];

	snprintf(name, sizeof(name), "forktally.%s", program(s->view));
	for (char *p = name + strlen("forktally."); *p; p++)
		if (*p == '.')
			*p = '_';
	print_attribute(s, "classname", name);
}

/* "fd.pipe, held by server, taken in open_session" */
static char *name_of(const struct view_finding *f)
{
	const struct view_frame *frame = place_of(f);
	const char *at = frame ? frame->function : "", *holder = f->holder_comm;
	char *name = NULL;

	if (asprintf(&name, "%s, %s%s%s%s%s", f->cause, where_name(f->where),
		     !*holder		       ? ""
		     : f->where == WHERE_BOOKS ? " of "
					       : " by ",
		     holder, *at ? ", taken in " : "", at) < 0)
		return NULL;
	return name;
}

/* The findings and then the suppressed ones. */
static const struct view_finding *case_at(const struct view *v, size_t i)
{
	return i < v->finding_count ? &v->findings[i] : &v->suppressed[i - v->finding_count];
}

/* Of tests with one name GitLab reads the first only: the others get a number. */
static void print_name(struct suite *s, size_t index)
{
	char *name = name_of(case_at(s->view, index)), *numbered = NULL;
	size_t same = 1;

	for (size_t i = 0; name && i < index; i++) {
		char *other = name_of(case_at(s->view, i));

		same += other && !strcmp(other, name);
		free(other);
	}
	if (name && same > 1 && asprintf(&numbered, "%s (%zu)", name, same) < 0)
		numbered = NULL;
	if (!name || (same > 1 && !numbered))
		s->err = -ENOMEM;
	else
		print_attribute(s, "name", numbered ? numbered : name);
	free(numbered);
	free(name);
}

/* <failure message="" type="">text</failure> */
static void print_outcome(struct suite *s, const char *element, const char *type,
			  const char *message, const char *text)
{
	fprintf(s->f, "      <%s", element);
	if (type)
		xml_attribute(s->f, "type", type);
	print_attribute(s, "message", message);
	fputc('>', s->f);
	xml_text(s->f, text);
	fprintf(s->f, "</%s>\n", element);
}

static void print_verdict(struct suite *s)
{
	const struct view *v = s->view;
	char *report = printed(s, NULL, 0);

	fprintf(s->f, "    <testcase");
	print_class(s);
	xml_attribute(s->f, "name", "verdict");
	fprintf(s->f, ">\n");
	if (v->judgement == JUDGEMENT_LEAK)
		print_outcome(s, "failure", "leak", v->headline, v->headline);
	else if (v->judgement == JUDGEMENT_INCONCLUSIVE)
		print_outcome(s, "error", "inconclusive", v->headline, v->headline);
	fprintf(s->f, "      <system-out>");
	xml_text(s->f, report ? report : "");
	fprintf(s->f, "</system-out>\n    </testcase>\n");
	free(report);
}

static void print_case(struct suite *s, size_t index)
{
	const struct view_finding *f = case_at(s->view, index);
	bool suppressed = index >= s->view->finding_count;
	size_t number = suppressed ? index - s->view->finding_count + 1 : index + 1;
	char *block = printed(s, f, number), *message = NULL;

	fprintf(s->f, "    <testcase");
	print_class(s);
	print_name(s, index);
	fprintf(s->f, ">\n");
	if (!suppressed)
		print_outcome(s, "failure", f->cause, f->title, block ? block : "");
	else if (asprintf(&message, "suppressed: %s", f->suppressed_by) >= 0)
		print_outcome(s, "skipped", NULL, message, block ? block : "");
	else
		s->err = -ENOMEM, message = NULL;
	fprintf(s->f, "    </testcase>\n");
	free(message);
	free(block);
}

int junit_write(FILE *f, const struct view *view)
{
	struct suite s = {.f = f, .view = view};
	size_t cases = view->finding_count + view->suppressed_count;
	size_t failures = view->finding_count + (view->judgement == JUDGEMENT_LEAK);
	int errors = view->judgement == JUDGEMENT_INCONCLUSIVE;

	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"forktally\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\""
		" skipped=\"%zu\">\n",
		cases + 1, failures, errors, view->suppressed_count);
	print_verdict(&s);
	for (size_t i = 0; i < cases; i++)
		print_case(&s, i);
	fprintf(f, "  </testsuite>\n</testsuites>\n");
	return s.err ? s.err : flush_end(f);
}
