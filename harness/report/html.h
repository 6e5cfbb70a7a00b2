/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.h - text into markup, safely: whatever a database stored, a node logged or a file is called
 * becomes text and nothing else.
 */
#ifndef ORDEAL_REPORT_HTML_H
#define ORDEAL_REPORT_HTML_H

#include "../base/buf.h"

/* Append as text or as an attribute's value in double quotes: markup is escaped, control characters
 * and what is not UTF-8 become U+FFFD. */
void html_text(struct buf *html, struct str text);
void html_puts(struct buf *html, const char *text);

/* The same, at most `columns` characters. */
void html_fit(struct buf *html, struct str text, int columns);

/* The style class of a family of faults: "t0" to "t5". */
const char *html_tint(const char *f);

#endif
