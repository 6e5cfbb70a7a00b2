/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* input.h - where histories come from: files, standard input, memory; plain, gzip or zstd.
 *
 * Read in blocks, never mapped: a mapped file that somebody truncates kills its reader. Compressed
 * data are known by their first bytes, whatever the file is called.
 */
#ifndef ORDEAL_HISTORY_INPUT_H
#define ORDEAL_HISTORY_INPUT_H

#include "../base/err.h"
#include "../base/str.h"

#include <stdint.h>
#include <sys/types.h>

struct input;

/* "-" is standard input. The caller closes. */
int input_open(struct input **out, const char *path, struct err *err) MUST_CHECK;

/* The bytes must outlive the input; `name` is for messages. */
int input_open_memory(struct input **out, const char *name, struct str bytes,
                      struct err *err) MUST_CHECK;

void input_close(struct input *input);

const char *input_name(const struct input *input);

enum { INPUT_PEEK_BYTES = 64 * 1024 };

/* The first bytes, which stay to be read: all there are, if they are fewer than INPUT_PEEK_BYTES.
 */
struct str input_peek(const struct input *input);

/* The next bytes, as many as there are up to `len`; 0 at the end, -1 on an error. */
ssize_t input_read(struct input *input, char *into, size_t len, struct err *err) MUST_CHECK;

/* Go `len` bytes ahead, or to the end. */
int input_skip(struct input *input, uint64_t len, struct err *err) MUST_CHECK;

/* Whether compressed data ended in their middle: what was read is all there is, and its last line
 * is torn. */
bool input_torn(const struct input *input);

/* The next line without its end (LF or CRLF), which the next call overwrites; the byte behind it is
 * readable and no part of it. 1, or 0 at the end, or -1. Not to be mixed with input_read. */
int input_line(struct input *input, struct str *line, struct err *err) MUST_CHECK;

/* The number of the line that input_line gave last, from 1. */
uint64_t input_line_number(const struct input *input);

/* Whether that line had an end; only the last one can lack it. */
bool input_line_ended(const struct input *input);

#endif
