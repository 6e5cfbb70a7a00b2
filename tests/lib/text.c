/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "text.h"

#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct text_history *text_read(struct str text, const struct read_options *options)
{
    struct text_history *read = calloc(1, sizeof *read);
    struct input *input;

    if (!read)
        abort();
    budget_init(&read->budget, 0, 0);
    history_init(&read->history, &read->budget);
    read->result = input_open_memory(&input, "text", text, &read->err);
    if (read->result == 0) {
        read->result = history_read_input(&read->history, input, options, &read->err);
        input_close(input);
    }
    return read;
}

void text_free(struct text_history *read)
{
    history_release(&read->history);
    if (read->budget.used_bytes != 0)
        fail_msg("%zu bytes of the history were not released", (size_t)read->budget.used_bytes);
    free(read);
}

static void add_value(struct buf *buf, const struct history *history, const char *before,
                      value_id id)
{
    if (id == VALUE_NIL)
        return;
    buf_puts(buf, before);
    values_print(&history->values, id, buf);
}

const char *text_op(const struct history *history, size_t i)
{
    static char text[4096];
    struct buf buf;

    if (i >= history->count)
        return "none";
    const struct op *op = &history->ops[i];
    buf_init(&buf, sizeof text);
    buf_printf(&buf, "p%" PRId32 " %s", op->process, history_f_name(history, op->f));
    add_value(&buf, history, " ", op->key);
    buf_puts(&buf, ":");
    add_value(&buf, history, " ", op->in);
    add_value(&buf, history, " ", op->in2);
    add_value(&buf, history, " -> ", op->out);
    if (op->complete_ns == TIME_NEVER)
        buf_printf(&buf, " [%" PRId64 ",?] %s", op->invoke_ns, op_type_names[op->type]);
    else
        buf_printf(&buf, " [%" PRId64 ",%" PRId64 "] %s", op->invoke_ns, op->complete_ns,
                   op_type_names[op->type]);
    (void)snprintf(text, sizeof text, "%s", buf.ptr);
    buf_release(&buf);
    return text;
}

void text_refused(const char *text, const char *part)
{
    struct text_history *read = text_read(str_of(text), NULL);

    if (read->result == 0)
        fail_msg("accepted: %s", text);
    if (!strstr(read->err.msg, part))
        fail_msg("'%s' was refused with: %s", text, read->err.msg);
    text_free(read);
}
