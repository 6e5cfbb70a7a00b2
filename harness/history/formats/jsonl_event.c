/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* jsonl_event.c - a line of the harness, whole: there are few of them, and they keep all members.
 */
#include "jsonl_line.h"

#include <errno.h>

struct event_text {
    struct event event;
    struct buf f, value, extra;
};

/* Whether the member's value is the string `text`; it is stepped over only then. */
static bool take_word(struct scan *scan, struct scan_scratch *scratch, const char *text)
{
    struct scan ahead = *scan;
    struct str word;

    if (scan_peek(&ahead) != '"' || !scan_string(&ahead, scratch, &word) ||
        !str_eq(word, str_of(text)))
        return false;
    *scan = ahead;
    return true;
}

static bool take_edge(struct scan *scan, struct scan_scratch *scratch, struct event *event)
{
    static const struct {
        const char *text;
        enum event_edge edge;
    } edges[] = {{"begin", EVENT_BEGIN},
                 {"begun", EVENT_BEGUN},
                 {"end", EVENT_END},
                 {"ended", EVENT_ENDED},
                 {"point", EVENT_POINT}};

    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        if (take_word(scan, scratch, edges[i].text)) {
            event->edge = (uint8_t)edges[i].edge;
            return true;
        }
    }
    return false;
}

static bool take_fault(struct scan *scan, struct event *event)
{
    struct scan ahead = *scan;
    int64_t number;

    if (!scan_int(&ahead, &number) || number < 0 || number != (int32_t)number)
        return false;
    event->fault = (int32_t)number;
    *scan = ahead;
    return true;
}

/* Members with a place of their own go there, all others to `extra`. */
static bool read_event_member(struct scan *scan, struct scan_scratch *scratch, struct str key,
                              struct event_text *text)
{
    struct str word;

    if (str_eq(key, STR("index")) || str_eq(key, STR("time")))
        return scan_skip(scan);
    if (str_eq(key, STR("f"))) {
        bool good = scan_string(scan, scratch, &word);
        if (good)
            buf_add(&text->f, word.ptr, word.len);
        return good;
    }
    if (str_eq(key, STR("value")))
        return scan_compact(scan, scratch, &text->value);
    if ((str_eq(key, STR("type")) && take_word(scan, scratch, "info")) ||
        (str_eq(key, STR("process")) && take_word(scan, scratch, "nemesis")) ||
        (str_eq(key, STR("edge")) && take_edge(scan, scratch, &text->event)) ||
        (str_eq(key, STR("fault")) && take_fault(scan, &text->event)))
        return true;
    buf_puts(&text->extra, text->extra.len ? "," : "{");
    buf_json_string(&text->extra, key);
    buf_puts(&text->extra, ":");
    return scan_compact(scan, scratch, &text->extra);
}

int jsonl_parse_event(struct jsonl_parser *parser, struct str line, const struct jsonl_line *known,
                      struct history *history, struct err *err)
{
    struct scan scan = scan_of(line);
    struct event_text text = {
        .event = {
            .time_ns = known->time_ns, .index = known->index, .fault = -1, .edge = EVENT_POINT}};
    bool good = scan_take(&scan, '{');
    int result = -1;

    while (good) {
        struct str key;
        good = scan_key(&scan, &parser->scratch, &key) &&
               read_event_member(&scan, &parser->scratch, key, &text);
        if (good && !scan_more(&scan, '}'))
            break;
    }
    if (text.extra.len)
        buf_puts(&text.extra, "}");
    if (!good || scan.problem) {
        (void)err_set(err, EINVAL, "%s", scan.problem ? scan.problem : "out of memory");
    } else if (text.f.failed || text.value.failed || text.extra.failed) {
        (void)err_set(err, ENOMEM, "%s", "out of memory");
    } else {
        text.event.f = text.f.ptr ? text.f.ptr : "";
        text.event.value = text.value.ptr;
        text.event.extra = text.extra.ptr;
        result = history_add_event(history, &text.event, err);
    }
    buf_release(&text.f);
    buf_release(&text.value);
    buf_release(&text.extra);
    return result;
}
