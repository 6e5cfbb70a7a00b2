/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* etcd raises these before it proposes anything. */
static const char *const refusals[] = {
    "unhealthy cluster", "not enough started members", "no leader", "too many requests", NULL,
};

static const char *error_of(const json_t *answer)
{
    const char *text = json_string_value(json_object_get(answer, "error"));

    return text ? text : "";
}

/* `already`: how etcd says that there is nothing left to do. */
static enum change judge(long status, struct str body, const char *already, struct err *err)
{
    json_t *answer = json_loadb(body.ptr, body.len, 0, NULL);
    enum change change = CHANGE_UNKNOWN;

    if (status == 200 && json_object_get(answer, "members"))
        change = CHANGE_DONE;
    else if (status != 200 && strstr(error_of(answer), already))
        change = CHANGE_DONE;
    for (size_t i = 0; change == CHANGE_UNKNOWN && status != 200 && refusals[i]; i++) {
        if (strstr(error_of(answer), refusals[i]))
            change = CHANGE_REFUSED;
    }
    if (change != CHANGE_DONE)
        (void)err_set(err, change == CHANGE_REFUSED ? EAGAIN : EIO, "etcd answers %ld: %.120s",
                      status, *error_of(answer) ? error_of(answer) : "it makes no sense");
    json_decref(answer);
    return change;
}

enum change change_removed(long status, struct str body, struct err *err)
{
    return judge(status, body, "member not found", err);
}

/* By its URL, or by an ID that is made of URL and second. */
enum change change_added(long status, struct str body, struct err *err)
{
    return judge(status, body, "already exist", err);
}

bool change_answerer(struct str body, char id[CHANGE_ID_MAX])
{
    json_t *answer = json_loadb(body.ptr, body.len, 0, NULL);
    const char *text =
        json_string_value(json_object_get(json_object_get(answer, "header"), "member_id"));
    bool good = text && *text && strlen(text) < CHANGE_ID_MAX && !text[strspn(text, "0123456789")];

    if (good)
        (void)snprintf(id, CHANGE_ID_MAX, "%s", text);
    json_decref(answer);
    return good;
}

bool change_peers(struct str body, struct buf *urls)
{
    json_t *answer = json_loadb(body.ptr, body.len, 0, NULL);
    const json_t *members = json_object_get(answer, "members"), *member;
    size_t i;

    json_array_foreach(members, i, member)
    {
        const char *url = json_string_value(json_array_get(json_object_get(member, "peerURLs"), 0));
        buf_printf(urls, "%s\n", url ? url : "");
    }
    json_decref(answer);
    return i > 0 && !urls->failed;
}

static enum change ask(struct http *http, const char *path, const char *body, int64_t deadline_ns,
                       struct http_answer *answer, struct err *err)
{
    enum http_result result = http_ask(http, path, str_of(body), deadline_ns, answer);

    if (result == HTTP_ANSWERED)
        return CHANGE_DONE;
    (void)err_set(err, result == HTTP_NOT_SENT ? EAGAIN : EIO, "%s", answer->why);
    return result == HTTP_NOT_SENT ? CHANGE_REFUSED : CHANGE_UNKNOWN;
}

enum change change_remove(struct http *http, const char *id, int64_t deadline_ns, struct err *err)
{
    struct http_answer answer;
    char body[CHANGE_ID_MAX + 16];

    (void)snprintf(body, sizeof body, "{\"ID\":\"%s\"}", id);
    enum change asked = ask(http, "/v3/cluster/member/remove", body, deadline_ns, &answer, err);
    return asked == CHANGE_DONE ? change_removed(answer.status, answer.body, err) : asked;
}

enum change change_add(struct http *http, const char *peer_url, int64_t deadline_ns,
                       struct err *err)
{
    struct http_answer answer;
    char body[128];

    (void)snprintf(body, sizeof body, "{\"peerURLs\":[\"%s\"]}", peer_url);
    enum change asked = ask(http, "/v3/cluster/member/add", body, deadline_ns, &answer, err);
    return asked == CHANGE_DONE ? change_added(answer.status, answer.body, err) : asked;
}
