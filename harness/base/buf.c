/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t limit_bytes)
{
    *buf = (struct buf){.limit = limit_bytes};
}

void buf_release(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){.limit = buf->limit};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->ptr)
        buf->ptr[0] = '\0';
}

char *buf_take(struct buf *buf)
{
    char *ptr = buf->ptr ? buf->ptr : calloc(1, 1);
    bool failed = buf->failed;

    buf->ptr = NULL;
    buf_release(buf);
    if (!failed)
        return ptr;
    free(ptr);
    return NULL;
}

/* Room for `len` more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t len)
{
    size_t need = buf->len + len + 1;

    if (buf->failed || (buf->limit && need > buf->limit)) {
        buf->failed = true;
        return false;
    }
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity * 2 : 256;
    while (capacity < need)
        capacity *= 2;
    char *grown = realloc(buf->ptr, capacity);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->ptr = grown;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!reserve(buf, len))
        return;
    if (len)
        memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_int(struct buf *buf, int64_t value)
{
    char digits[21];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buf_add(buf, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0 || !reserve(buf, (size_t)len))
        return;
    va_start(args, fmt);
    (void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
}

void buf_json_string(struct buf *buf, struct str text)
{
    buf_add(buf, "\"", 1);
    for (size_t i = 0; i < text.len;) {
        size_t plain = i;
        while (plain < text.len && text.ptr[plain] >= 0x20 && text.ptr[plain] != '"' &&
               text.ptr[plain] != '\\' && text.ptr[plain] != 0x7f)
            plain++;
        buf_add(buf, text.ptr + i, plain - i);
        i = plain;
        if (i == text.len)
            break;
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80) {
            size_t len = str_utf8_len(text, i);
            if (len)
                buf_add(buf, text.ptr + i, len);
            else
                buf_puts(buf, "\xef\xbf\xbd");
            i += len ? len : 1;
            continue;
        }
        if (c == '"' || c == '\\')
            buf_add(buf, (char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            buf_puts(buf, "\\n");
        else
            buf_printf(buf, "\\u%04x", c);
        i++;
    }
    buf_add(buf, "\"", 1);
}

void buf_json_next(struct buf *buf, const char *key)
{
    char last = buf->len ? buf->ptr[buf->len - 1] : '[';

    if (last != '{' && last != '[' && last != '\n')
        buf_add(buf, ",", 1);
    if (key) {
        buf_json_string(buf, str_of(key));
        buf_add(buf, ":", 1);
    }
}

void buf_json_int(struct buf *buf, const char *key, int64_t value)
{
    buf_json_next(buf, key);
    buf_int(buf, value);
}

void buf_json_str(struct buf *buf, const char *key, struct str text)
{
    buf_json_next(buf, key);
    buf_json_string(buf, text);
}

void buf_json_bool(struct buf *buf, const char *key, bool value)
{
    buf_json_next(buf, key);
    buf_puts(buf, value ? "true" : "false");
}

void buf_json_raw(struct buf *buf, const char *key, struct str json)
{
    buf_json_next(buf, key);
    buf_add(buf, json.len ? json.ptr : "null", json.len ? json.len : 4);
}
