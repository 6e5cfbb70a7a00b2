/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "roster.h"

#include "../../harness/base/clock.h"

#include <errno.h>
#include <stdio.h>

enum { PEER_PORT = 2380, ASK_MS = 1000, STOP_MS = 2000, RUN_MS = 10000, POLL_MS = 20 };

void roster_peer_url(char url[64], const struct node *node)
{
    (void)snprintf(url, 64, "http://%s:%d", node_address(node), PEER_PORT);
}

/* One question's share of the time. */
static int64_t ask_until(int64_t deadline_ns)
{
    int64_t until_ns = clock_now_ns() + ASK_MS * NS_PER_MS;

    return until_ns < deadline_ns ? until_ns : deadline_ns;
}

static bool wait_a_moment(int64_t deadline_ns)
{
    clock_sleep_until(clock_now_ns() + POLL_MS * NS_PER_MS);
    return clock_now_ns() < deadline_ns;
}

static bool serves(const struct roster *roster, int node)
{
    return roster->stages[node] == STAGE_MEMBER || roster->stages[node] == STAGE_LEAVING;
}

/* -- leaving -------------------------------------------------------------------------------------
 */

/* A member's own word on its ID: another's list may be of its life before. */
static int learn_id(struct roster *roster, int node, int64_t deadline_ns, struct err *err)
{
    struct http_answer answer;

    if (roster->ids[node][0])
        return 0;
    if (http_ask(roster->http[node], "/v3/cluster/member/list", STR("{}"), ask_until(deadline_ns),
                 &answer) != HTTP_ANSWERED)
        return err_set(err, EAGAIN, "'%s' does not say who it is: %s",
                       node_name(roster->cluster->nodes[node]), answer.why);
    if (!change_answerer(answer.body, roster->ids[node]))
        return err_set(err, EAGAIN, "'%s' does not say who it is",
                       node_name(roster->cluster->nodes[node]));
    return 0;
}

/* Ask one of the others. Who was asked and has not refused may do it at any time. */
static void ask_to_remove(struct roster *roster, int asked, int node, int64_t deadline_ns,
                          struct err *err)
{
    enum change change =
        change_remove(roster->http[asked], roster->ids[node], ask_until(deadline_ns), err);

    if (change == CHANGE_DONE)
        roster->stages[node] = STAGE_GONE;
    else if (change == CHANGE_UNKNOWN)
        roster->stages[node] = STAGE_LEAVING;
}

/* End its process, which may have ended already, and empty its disk. */
static int clear_node(struct node *node, struct err *err)
{
    static const char *const argv[] = {"rm", "-rf", "/node/data/etcd", NULL};
    int status;

    if (node_stop(node, "etcd", STOP_MS, err) < 0 && err->code != ENOENT)
        return err_wrap(err, "cannot end etcd on '%s'", node_name(node));
    if (node_run(node, argv, STR(""), RUN_MS, &status, NULL, NULL, err) < 0)
        return -1;
    return status == 0 ? 0
                       : err_set(err, EIO, "cannot empty the data of '%s': rm exited with %d",
                                 node_name(node), status);
}

/* Ask the others, those in `first` before the rest, until one says that it is done. */
static int remove_for_certain(struct roster *roster, int node, node_set first, int64_t deadline_ns,
                              struct err *err)
{
    (void)err_set(err, EAGAIN, "there is nobody to ask");
    do {
        for (int i = 0; i < 2 * roster->cluster->node_count; i++) {
            int asked = i % roster->cluster->node_count;
            bool preferred = (first & NODE(asked)) != 0;
            if (asked == node || preferred != (i == asked) || !serves(roster, asked))
                continue;
            ask_to_remove(roster, asked, node, deadline_ns, err);
            if (roster->stages[node] == STAGE_GONE)
                return 0;
            if (clock_now_ns() >= deadline_ns)
                break;
        }
    } while (wait_a_moment(deadline_ns));
    err->code = roster->stages[node] == STAGE_LEAVING ? EIO : EAGAIN;
    return -1;
}

int roster_remove(struct roster *roster, int node, node_set first, int64_t deadline_ns,
                  struct err *err)
{
    struct err ignored; /* what is left undone here, adding it does */

    if (learn_id(roster, node, deadline_ns, err) < 0 ||
        remove_for_certain(roster, node, first, deadline_ns, err) < 0)
        return -1;
    (void)clear_node(roster->cluster->nodes[node], &ignored);
    return 0;
}

/* -- coming back ---------------------------------------------------------------------------------
 */

/* "n1=http://198.18.1.1:2380,..." of the members that `asked` knows. */
static int print_members(const struct roster *roster, int asked, int64_t deadline_ns,
                         struct buf *members, struct err *err)
{
    struct http_answer answer;
    struct buf urls;
    char url[64];

    if (http_ask(roster->http[asked], "/v3/cluster/member/list", STR("{}"), ask_until(deadline_ns),
                 &answer) != HTTP_ANSWERED)
        return err_set(err, EAGAIN, "%s", answer.why);
    buf_init(&urls, 0);
    bool any = change_peers(answer.body, &urls);
    for (int i = 0; any && i < roster->cluster->node_count; i++) {
        const struct node *node = roster->cluster->nodes[i];
        roster_peer_url(url, node);
        size_t len = strlen(url);
        const char *at = strstr(urls.ptr, url);
        while (at && at[len] != '\n')
            at = strstr(at + 1, url);
        if (at)
            buf_printf(members, "%s%s=%s", members->len ? "," : "", node_name(node), url);
    }
    buf_release(&urls);
    return any ? 0 : err_set(err, EAGAIN, "it has no list of members");
}

/* Have it added by `asked`, and start it with the members that this one knows then. */
static int join(struct roster *roster, int asked, int node, int64_t deadline_ns, struct err *err)
{
    struct node *joining = roster->cluster->nodes[node];
    char url[64];

    roster_peer_url(url, joining);
    if (change_add(roster->http[asked], url, ask_until(deadline_ns), err) != CHANGE_DONE)
        return -1;
    struct buf members;
    buf_init(&members, 0);
    roster->stages[node] = STAGE_LISTED;
    int status = print_members(roster, asked, deadline_ns, &members, err);
    if (status == 0)
        status = roster->start(roster->cluster, joining, members.ptr, err);
    if (status == 0)
        roster->stages[node] = STAGE_STARTED;
    buf_release(&members);
    return status;
}

/* It serves once it can read with a quorum, itself included. One that was told of other members
 * than its peers know of ends, and is started again, with what it has written so far. */
static int await_member(struct roster *roster, int node, int64_t deadline_ns, struct err *err)
{
    struct node *joining = roster->cluster->nodes[node];
    struct http_answer answer = {.why = "not asked"};
    char how[NODE_HOW_MAX];

    do {
        if (http_ask(roster->http[node], "/v3/kv/range", STR("{\"key\":\"AA==\"}"),
                     ask_until(deadline_ns), &answer) == HTTP_ANSWERED &&
            answer.status == 200 && change_answerer(answer.body, roster->ids[node])) {
            roster->stages[node] = STAGE_MEMBER;
            return 0;
        }
        if (node_process_ended(joining, "etcd", how)) {
            roster->stages[node] = STAGE_LISTED;
            return err_set(err, ECHILD, "on '%s' %s; see its log", node_name(joining), how);
        }
    } while (wait_a_moment(deadline_ns));
    return err_set(err, ETIMEDOUT, "'%s' does not serve yet", node_name(joining));
}

/* One attempt at whatever comes next. */
static int come_nearer(struct roster *roster, int node, node_set first, int64_t deadline_ns,
                       struct err *err)
{
    enum stage stage = roster->stages[node];

    if (stage == STAGE_LEAVING)
        return remove_for_certain(roster, node, first, deadline_ns, err);
    if (stage == STAGE_STARTED)
        return await_member(roster, node, deadline_ns, err);
    if (stage == STAGE_GONE && clear_node(roster->cluster->nodes[node], err) < 0)
        return -1;
    for (int i = 0; i < 2 * roster->cluster->node_count; i++) {
        int asked = i % roster->cluster->node_count;
        bool preferred = (first & NODE(asked)) != 0;
        if (asked == node || preferred != (i == asked) || !serves(roster, asked))
            continue;
        if (join(roster, asked, node, deadline_ns, err) == 0)
            return 0;
    }
    return -1;
}

int roster_add(struct roster *roster, int node, node_set first, int64_t deadline_ns,
               struct err *err)
{
    (void)err_set(err, EAGAIN, "there is nobody to ask");
    while (roster->stages[node] != STAGE_MEMBER) {
        if (come_nearer(roster, node, first, deadline_ns, err) == 0)
            continue;
        if (!wait_a_moment(deadline_ns))
            return -1;
    }
    return 0;
}
