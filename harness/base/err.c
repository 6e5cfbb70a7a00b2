/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
    va_list args;

    err->code = code;
    va_start(args, fmt);
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    return -1;
}

int err_errno(struct err *err, int code, const char *fmt, ...)
{
    char text[128];
    va_list args;

    err->code = code;
    va_start(args, fmt);
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    size_t len = strlen(err->msg);
    (void)snprintf(err->msg + len, sizeof err->msg - len, ": %s",
                   strerror_r(code, text, sizeof text));
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char cause[ERR_MSG_MAX];
    va_list args;

    memcpy(cause, err->msg, sizeof cause);
    va_start(args, fmt);
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    size_t len = strlen(err->msg);
    (void)snprintf(err->msg + len, sizeof err->msg - len, ": %s", cause);
    return -1;
}
