/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * options.h - one table describes a subcommand's options; the parser and the help text are
 * made from it, so they cannot disagree. Pure but for options_help(): nothing is printed,
 * opened or read from the environment.
 *
 * Accepted forms: --name=VALUE, --name VALUE, -o VALUE, -oVALUE, flags in one word (-qj) and
 * "--" as the end of options. The first word that is no option ends them too: what follows
 * belongs to the command that is run. An option given twice: the last one counts, but for those
 * that collect all of their values.
 */
#ifndef FORKTALLY_OPTIONS_H
#define FORKTALLY_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
	OPTION_FLAG,	 /* bool */
	OPTION_TEXT,	 /* const char *, borrowed from argv; not empty */
	OPTION_TEXTS,	 /* struct option_texts, of the same; each use adds one */
	OPTION_CHOICE,	 /* int, index into choices */
	OPTION_NUMBER,	 /* uint64_t in [min, max] */
	OPTION_DURATION, /* uint64_t nanoseconds in [min, max] */
};

#define OPTION_TEXTS_MAX 16

struct option_texts {
	const char *at[OPTION_TEXTS_MAX];
	size_t count;
};

struct option_spec {
	const char *name; /* without "--"; NULL ends the table */
	char letter;	  /* 0: none */
	enum option_kind kind;
	const char *value;	    /* its name in the help: "FILE"; NULL with OPTION_FLAG */
	const char *const *choices; /* NULL-terminated */
	uint64_t min, max;
	size_t offset; /* of the result in the caller's struct */
	const char *help;
};

#define OPTIONS_ERROR_BYTES 320

/**
 * options_parse() - read the options at the front of argv.
 * @specs:  the table.
 * @argv:   argv[0] is the first word to look at (not the program's name); argc words.
 * @values: the struct that the offsets refer to; what is not given stays as it is.
 * @ret_rest:  index of the first word that is no option (argc: none).
 * @ret_error: what is wrong, to which option, and what would be right; one line, printable.
 * Errors:  -EINVAL with *ret_error; values then hold what stood before the error.
 */
int options_parse(const struct option_spec *specs, int argc, char *const argv[], void *values,
		  int *ret_rest, char ret_error[static OPTIONS_ERROR_BYTES]);

/**
 * options_parse_around() - the same, with options on both sides of the one word that there is.
 * @ret_word: that word; stays as it is where there is none.
 * @only_one: what to say of a second one.
 * Errors:  as above.
 */
int options_parse_around(const struct option_spec *specs, int argc, char *const argv[],
			 void *values, const char **ret_word, const char *only_one,
			 char ret_error[static OPTIONS_ERROR_BYTES]);

/* Prints the table as help text. */
void options_help(const struct option_spec *specs, FILE *f);

#endif
