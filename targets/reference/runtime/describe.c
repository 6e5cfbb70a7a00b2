/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.c - --describe: what `ordeal` must know of each protocol, as one JSON array. */
#include "runtime.h"

static void describe_names(struct buf *json, const char *key, const char *const *names)
{
    buf_json_next(json, key);
    buf_puts(json, "[");
    for (size_t i = 0; names && names[i]; i++)
        buf_json_str(json, NULL, str_of(names[i]));
    buf_puts(json, "]");
}

static void describe_options(struct buf *json, const struct protocol_option *options)
{
    for (size_t i = 0; options && options[i].key; i++) {
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_str(json, "key", str_of(options[i].key));
        buf_json_str(json, "values", str_of(options[i].values));
        buf_json_str(json, "initial", str_of(options[i].initial));
        buf_json_str(json, "about", str_of(options[i].about));
        buf_puts(json, "}");
    }
}

static void describe_exceptions(struct buf *json, const struct exception *exceptions)
{
    buf_json_next(json, "exceptions");
    buf_puts(json, "[");
    for (size_t i = 0; exceptions && exceptions[i].key; i++) {
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_str(json, "key", str_of(exceptions[i].key));
        buf_json_str(json, "value", str_of(exceptions[i].value));
        if (exceptions[i].promise)
            buf_json_str(json, "promise", str_of(exceptions[i].promise));
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

static void describe_bugs(struct buf *json, const struct bug *bugs)
{
    buf_json_next(json, "bugs");
    buf_puts(json, "[");
    for (size_t i = 0; bugs && bugs[i].name; i++) {
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_str(json, "name", str_of(bugs[i].name));
        buf_json_str(json, "about", str_of(bugs[i].about));
        if (bugs[i].shown)
            buf_json_str(json, "shown", str_of(bugs[i].shown));
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

static void describe_showings(struct buf *json, const struct showing *showings)
{
    buf_json_next(json, "showings");
    buf_puts(json, "[");
    for (size_t i = 0; showings && showings[i].name; i++) {
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_str(json, "name", str_of(showings[i].name));
        buf_json_str(json, "about", str_of(showings[i].about));
        buf_json_str(json, "shown", str_of(showings[i].shown));
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

static void describe(struct buf *json, const struct protocol *protocol)
{
    buf_json_next(json, NULL);
    buf_puts(json, "{");
    buf_json_str(json, "name", str_of(protocol->name));
    buf_json_str(json, "about", str_of(protocol->about));
    if (protocol->promise)
        buf_json_str(json, "promise", str_of(protocol->promise));
    if (protocol->staleness)
        buf_json_str(json, "staleness", str_of(protocol->staleness));
    buf_json_str(json, "link", str_of(protocol->link == LINK_UDP ? "udp" : "tcp"));
    describe_names(json, "fs", protocol->fs);
    if (protocol->faults)
        describe_names(json, "faults", protocol->faults);
    describe_exceptions(json, protocol->exceptions);
    buf_json_next(json, "options");
    buf_puts(json, "[");
    describe_options(json, protocol->options);
    if (protocol->on_view)
        describe_options(json, views_options);
    buf_puts(json, "]");
    describe_bugs(json, protocol->bugs);
    describe_names(json, "holds", protocol->holds);
    describe_showings(json, protocol->showings);
    buf_json_bool(json, "views", protocol->on_view != NULL);
    buf_json_bool(json, "resends", protocol->resends);
    buf_json_bool(json, "leader", protocol->leads != NULL);
    buf_json_int(json, "recovery_ms", protocol->recovery_ms ? protocol->recovery_ms : 5000);
    buf_puts(json, "}");
}

void describe_protocols(void)
{
    struct buf json = {0};

    buf_puts(&json, "[");
    for (size_t i = 0; protocols[i]; i++)
        describe(&json, protocols[i]);
    buf_puts(&json, "]");
    if (json.failed || puts(json.ptr) < 0)
        die("cannot describe the protocols");
    buf_release(&json);
}
