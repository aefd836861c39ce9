/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* xml.h - any text as the content of an XML 1.0 document, doc/decision/0032-junit-and-xml.md */
#ifndef FORKTALLY_XML_H
#define FORKTALLY_XML_H

#include <stdio.h>

/*
 * As the content of an element; newlines and tabs stay. Bytes that are no UTF-8 and characters
 * that XML cannot hold at all become \xNN.
 */
void xml_text(FILE *f, const char *text);

/* ` name="value"`; the same, but newlines and tabs are kept from being read as blanks. */
void xml_attribute(FILE *f, const char *name, const char *value);

#endif
