/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* base64.h - bytes as text that fits into JSON (RFC 4648, section 4, with padding). */
#ifndef ORDEAL_BASE_BASE64_H
#define ORDEAL_BASE_BASE64_H

#include "buf.h"

/* Append `bytes` as base64. */
void base64_add(struct buf *buf, struct str bytes);

/* Room that base64_read needs for `len` characters. */
static inline size_t base64_read_max(size_t len)
{
    return len / 4 * 3;
}

/* Decode `text` into `bytes` (base64_read_max(text.len) of room); *len is how many came out. False
 * on anything that base64_add would not have written: lengths that are no multiple of 4, other
 * characters, padding elsewhere than at the end, bits set behind the last byte. */
bool base64_read(struct str text, void *bytes, size_t *len);

#endif
