/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *buf, struct str bytes)
{
    const unsigned char *in = (const unsigned char *)bytes.ptr;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? (uint32_t)in[i + 2] : 0);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
                        left > 1 ? digits[group >> 6 & 63] : '=',
                        left > 2 ? digits[group & 63] : '='};
        buf_add(buf, four, sizeof four);
    }
}

/* Value of a digit, -1 if it is none. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(struct str text, void *bytes, size_t *len)
{
    unsigned char *out = bytes;

    *len = 0;
    if (text.len % 4)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        const char *four = text.ptr + i;
        bool last = i + 4 == text.len;
        int pad = !last || four[3] != '=' ? 0 : four[2] != '=' ? 1 : 2;
        uint32_t group = 0;

        for (int k = 0; k < 4; k++) {
            int value = k < 4 - pad ? value_of(four[k]) : 0;
            if (value < 0)
                return false;
            group = group << 6 | (uint32_t)value;
        }
        if (group & ((1U << 8 * pad) - 1))
            return false;
        for (int k = 0; k < 3 - pad; k++)
            out[(*len)++] = (unsigned char)(group >> (16 - 8 * k));
    }
    return true;
}
