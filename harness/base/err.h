/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* err.h - what went wrong, said once, in words, with its context.
 *
 * A function that can fail returns int: 0 on success, -1 with *err filled. The last parameter is
 * always `struct err *err`. err_set() and err_wrap() return -1, so that `return err_set(...)`
 * reads well and cannot forget the return value. Messages start in lower case, name their subject
 * in single quotes, say what to do where the user can do something, and carry no full stop:
 * "cannot open 'x.log': no such file or directory".
 */
#ifndef ORDEAL_BASE_ERR_H
#define ORDEAL_BASE_ERR_H

#define ERR_MSG_MAX 512

#define MUST_CHECK __attribute__((warn_unused_result))

struct err {
    int code; /* an errno value, or 0 if none applies */
    char msg[ERR_MSG_MAX];
};

/* Fill `err` and return -1. Too long a message is cut. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Fill `err` with "<fmt>: <text of errno value code>" and return -1. */
int err_errno(struct err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "<fmt>: " before the message already in `err` and return -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
