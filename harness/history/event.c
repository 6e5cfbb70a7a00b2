/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* event.c - events of the harness as text: how they are written, and what their members say. */
#include "history.h"
#include "scan.h"

bool event_member(const struct event *event, const char *name, struct str *json)
{
    struct scan scan = scan_of(str_of(event->extra ? event->extra : ""));
    struct scan_scratch scratch;
    struct str key;
    bool found = false;

    if (!scan_take(&scan, '{'))
        return false;
    scan_scratch_init(&scratch, NULL); /* no lists are read */
    while (!found && scan_key(&scan, &scratch, &key)) {
        bool wanted = str_eq(key, str_of(name));
        (void)scan_peek(&scan);
        const char *start = scan.at;
        if (!scan_skip(&scan))
            break;
        if (wanted) {
            *json = (struct str){start, (size_t)(scan.at - start)};
            found = true;
        }
        if (!scan_more(&scan, '}'))
            break;
    }
    scan_scratch_release(&scratch);
    return found;
}

void event_print(const struct event *event, struct buf *json)
{
    static const char *const edges[] = {NULL, "begin", "begun", "end", "ended"};
    const char *extra = event->extra && strchr(event->extra, '"') ? event->extra : "";
    size_t extra_len = strlen(extra);
    struct str unused;

    if (!event_member(event, "type", &unused))
        buf_json_str(json, "type", STR("info"));
    if (!event_member(event, "process", &unused))
        buf_json_str(json, "process", STR("nemesis"));
    buf_json_str(json, "f", str_of(event->f));
    if (event->fault >= 0)
        buf_json_int(json, "fault", event->fault);
    if (event->edge != EVENT_POINT)
        buf_json_str(json, "edge", str_of(edges[event->edge]));
    buf_json_raw(json, "value", str_of(event->value));
    if (extra_len > 2) {
        buf_puts(json, ",");
        buf_add(json, extra + 1, extra_len - 2); /* without its braces */
    }
}
