/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "membership.h"

#include "../base/log.h"

#include <errno.h>

/* {"f":"members","value":["n1","n2"],"removed":"n3"}: who belongs to the cluster now, and what came
 * of one node; `error` says why it came to nothing, if it did. */
static void tell(const struct membership *membership, const char *what, int node, const char *error)
{
    const char *const *names = membership->cluster->test->node_names;
    struct buf value, extra;

    buf_init(&value, 0);
    buf_init(&extra, 0);
    buf_puts(&value, "[");
    for (int i = 0; i < membership->cluster->node_count; i++) {
        if (!(membership->absent & NODE(i)))
            buf_json_str(&value, NULL, str_of(names[i]));
    }
    buf_puts(&value, "]");
    buf_puts(&extra, "{");
    buf_json_str(&extra, what, str_of(names[node]));
    if (error)
        buf_json_str(&extra, "error", str_of(error));
    buf_puts(&extra, "}");
    (void)record_event_add(
        membership->record,
        &(struct event){.fault = -1, .f = "members", .value = value.ptr, .extra = extra.ptr});
    log_info("members", "%s %s%s%s", names[node], what, error ? ": " : "", error ? error : "");
    buf_release(&value);
    buf_release(&extra);
}

static void take_out(struct membership *membership, int node, int64_t deadline_ns)
{
    struct cluster *cluster = membership->cluster;
    struct err err = {0};

    if (cluster->test->target->member_remove(cluster, node, deadline_ns, &err) == 0) {
        membership->absent |= NODE(node);
        membership->removed[node]++;
        tell(membership, "removed", node, NULL);
    } else if (err.code == EAGAIN) {
        tell(membership, "not_removed", node, err.msg);
    } else {
        membership->absent |= NODE(node);
        membership->unsure |= NODE(node);
        tell(membership, "perhaps_removed", node, err.msg);
    }
}

static void take_in(struct membership *membership, int node, int64_t deadline_ns)
{
    struct cluster *cluster = membership->cluster;
    struct err err = {0};

    if (cluster->test->target->member_add(cluster, node, deadline_ns, &err) == 0) {
        membership->removed[node] += (membership->unsure & NODE(node)) != 0;
        membership->absent &= ~NODE(node);
        membership->unsure &= ~NODE(node);
        membership->added[node]++;
        tell(membership, "added", node, NULL);
    } else {
        tell(membership, "not_added", node, err.msg);
    }
}

void membership_pursue(struct membership *membership, node_set wanted, int64_t deadline_ns)
{
    for (int i = 0; i < membership->cluster->node_count; i++) {
        if (membership->absent & ~wanted & NODE(i))
            take_in(membership, i, deadline_ns);
    }
    for (int i = 0; i < membership->cluster->node_count; i++) {
        if (wanted & ~membership->absent & NODE(i))
            take_out(membership, i, deadline_ns);
    }
}
