/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* put.h - digits and words written straight into memory, for those who write millions of lines.
 *
 * Each function writes at `at`, where the caller has made room, and returns the place behind.
 */
#ifndef ORDEAL_HISTORY_PUT_H
#define ORDEAL_HISTORY_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PUT_INT_MAX = 20 }; /* characters of the longest integer */

/* "00" to "99". */
extern const char put_pairs[200];

static inline char *put_uint(char *at, uint64_t value)
{
    char digits[PUT_INT_MAX];
    size_t from = sizeof digits;

    while (value >= 100) {
        from -= 2;
        memcpy(digits + from, put_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        from -= 2;
        memcpy(digits + from, put_pairs + value * 2, 2);
    } else {
        digits[--from] = (char)('0' + value);
    }
    memcpy(at, digits + from, sizeof digits - from);
    return at + (sizeof digits - from);
}

static inline char *put_int(char *at, int64_t value)
{
    if (value < 0) {
        *at++ = '-';
        return put_uint(at, 0 - (uint64_t)value);
    }
    return put_uint(at, (uint64_t)value);
}

static inline char *put_bytes(char *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

#define put_literal(at, text) put_bytes((at), (text), sizeof(text) - 1)

#endif
