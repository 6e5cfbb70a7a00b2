/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.c - see http.h; over libcurl.
 *
 * libcurl repeats a request by itself when a kept connection turns out to be closed, which would
 * carry out an update twice behind the record's back. So a body is not given to libcurl but handed
 * out by a callback, once: a repetition finds it empty and cannot be carried out. The same callback
 * knows whether any of it can have left.
 */
#include "http.h"

#include "../../harness/base/clock.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

enum { ANSWER_LIMIT = 4 << 20 };

struct http {
    CURL *curl;
    struct curl_slist *headers;
    char *base;
    struct buf url, answer;
    struct str body; /* what is left of it */
    bool given;      /* some of it was handed out */
};

/* More of the body for libcurl. */
static size_t give_body(char *into, size_t size, size_t count, void *context)
{
    struct http *http = context;
    size_t room = size * count;
    size_t len = http->body.len < room ? http->body.len : room;

    memcpy(into, http->body.ptr, len);
    http->body = (struct str){http->body.ptr + len, http->body.len - len};
    http->given |= len > 0;
    return len;
}

static size_t take_answer(char *from, size_t size, size_t count, void *context)
{
    struct http *http = context;
    buf_add(&http->answer, from, size * count);
    return http->answer.failed ? 0 : size * count;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->headers);
    buf_release(&http->url);
    buf_release(&http->answer);
    free(http->base);
    free(http);
}

static bool set_options(struct http *http)
{
    CURL *curl = http->curl;

    /* No proxy from the environment, no signals in threads, no redirects; "Expect" would wait. */
    return curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, http) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, http) == CURLE_OK;
}

struct http *http_new(const char *base)
{
    static bool ready;
    struct http *http = calloc(1, sizeof *http);

    if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return NULL;
    }
    ready = true;
    if (!http)
        return NULL;
    buf_init(&http->answer, ANSWER_LIMIT);
    http->curl = curl_easy_init();
    http->base = strdup(base);
    http->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (http->headers)
        (void)curl_slist_append(http->headers, "Expect:");
    if (http->curl && http->base && http->headers && set_options(http))
        return http;
    http_free(http);
    return NULL;
}

/* Prepare the handle. False if the deadline has passed or memory is out. */
static bool prepare(struct http *http, const char *path, struct str body, int64_t deadline_ns)
{
    int64_t left_ms = (deadline_ns - clock_now_ns() + NS_PER_MS - 1) / NS_PER_MS;
    CURLoption method = body.len ? CURLOPT_POST : CURLOPT_HTTPGET;

    http->body = body;
    http->given = false;
    buf_clear(&http->answer);
    buf_clear(&http->url);
    buf_puts(&http->url, http->base);
    buf_puts(&http->url, path);
    return left_ms > 0 && !http->url.failed &&
           curl_easy_setopt(http->curl, method, 1L) == CURLE_OK &&
           curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE, (long)body.len) == CURLE_OK &&
           curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, (long)left_ms) == CURLE_OK &&
           curl_easy_setopt(http->curl, CURLOPT_URL, http->url.ptr) == CURLE_OK;
}

static const char *connect_phrase(CURL *curl)
{
    long code = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &code);
    if (code == ECONNREFUSED)
        return "connection refused";
    return code == EHOSTUNREACH || code == ENETUNREACH ? "host unreachable" : "cannot connect";
}

static const char *phrase(const struct http *http, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return connect_phrase(http->curl);
    case CURLE_OPERATION_TIMEDOUT:
        return http->given ? "timed out" : "connection timed out";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND: /* it wanted to repeat the request on another connection */
        return "connection closed";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return "connection reset";
    default:
        return curl_easy_strerror(code);
    }
}

enum http_result http_ask(struct http *http, const char *path, struct str body, int64_t deadline_ns,
                          struct http_answer *answer)
{
    *answer = (struct http_answer){.why = "timed out"};
    if (!prepare(http, path, body, deadline_ns))
        return HTTP_NOT_SENT;
    CURLcode code = curl_easy_perform(http->curl);
    if (code == CURLE_OK) {
        (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &answer->status);
        answer->body = buf_str(&http->answer);
        return HTTP_ANSWERED;
    }
    answer->why = phrase(http, code);
    return http->given ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}
