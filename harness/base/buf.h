/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* buf.h - growing bytes with a limit, and JSON written into them.
 *
 * A buffer that cannot grow (out of memory or over its limit) drops what does not fit and remembers
 * it in `failed`, so that a writer checks once at the end instead of at every call.
 */
#ifndef ORDEAL_BASE_BUF_H
#define ORDEAL_BASE_BUF_H

#include "str.h"

struct buf {
    char *ptr; /* NUL-terminated whenever not NULL */
    size_t len, capacity, limit;
    bool failed;
};

/* limit 0: as much as there is memory. buf_release may be called twice, and on a zeroed buf. */
void buf_init(struct buf *buf, size_t limit_bytes);
void buf_release(struct buf *buf);
void buf_clear(struct buf *buf);

/* The bytes as a heap string that the caller frees; the buf is empty afterwards. NULL if failed. */
char *buf_take(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr ? buf->ptr : "", buf->len};
}

/* `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json_string(struct buf *buf, struct str text);

/* Separators for objects and arrays written by hand: a comma unless just after { or [, then
 * "key": where a key is given (NULL in arrays). */
void buf_json_next(struct buf *buf, const char *key);

/* One member (or element, key NULL) with its comma. */
void buf_json_int(struct buf *buf, const char *key, int64_t value);
void buf_json_str(struct buf *buf, const char *key, struct str text);
void buf_json_bool(struct buf *buf, const char *key, bool value);
void buf_json_raw(struct buf *buf, const char *key, struct str json); /* empty: null */

#endif
