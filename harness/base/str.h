/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* str.h - text by reference: a pointer and a length, owned by somebody else. */
#ifndef ORDEAL_BASE_STR_H
#define ORDEAL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr; /* not NUL-terminated */
    size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_ARG(s) (int)(s).len, (s).ptr /* for printf's %.*s */

static inline struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* A whole decimal integer, with an optional minus. False, and *out untouched, on anything else,
 * an empty string and a value beyond int64_t included. */
bool str_to_int(struct str s, int64_t *out);

/* Length of the valid UTF-8 sequence at s.ptr[i], 0 if there is none; i < s.len. */
size_t str_utf8_len(struct str s, size_t i);

/* Of `names` (NULL-terminated), the one that a person who typed `wrong` most likely meant, by
 * edit distance; NULL if none is near. */
const char *str_nearest(const char *wrong, const char *const *names);

#endif
