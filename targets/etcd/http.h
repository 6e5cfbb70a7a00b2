/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.h - requests to one HTTP server over a connection that is kept, with a certain answer to the
 * question that a test must ask: can the server have had the request?
 */
#ifndef ORDEAL_ETCD_HTTP_H
#define ORDEAL_ETCD_HTTP_H

#include "../../harness/base/buf.h"
#include "../../harness/base/err.h"

struct http;

enum http_result {
    HTTP_ANSWERED, /* with any status */
    HTTP_NOT_SENT, /* not a byte of the body was given away, so nothing was done */
    HTTP_UNKNOWN,  /* it may have been done, or may be done yet */
};

struct http_answer {
    long status;
    struct str body; /* lives until the next request */
    const char *why; /* unless HTTP_ANSWERED: a short phrase, static */
};

/* A client of `base` ("http://198.18.1.1:2379"); used by one thread at a time. Connects when it is
 * first used. The first one must be made before other threads exist. NULL when memory is out. */
struct http *http_new(const char *base);
void http_free(struct http *http); /* NULL is allowed */

/* POST `body` as JSON to `path` ("/v3/kv/put"), or GET if the body is empty, until deadline_ns of
 * clock_now_ns(). A POST's body leaves this process at most once. */
enum http_result http_ask(struct http *http, const char *path, struct str body, int64_t deadline_ns,
                          struct http_answer *answer);

#endif
