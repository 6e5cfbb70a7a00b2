/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void output_line(struct output *output, struct str line)
{
    if (output->start && output->end + line.len + 1 > OUTPUT_MAX_BYTES) {
        memmove(output->bytes, output->bytes + output->start, output_waiting(output));
        output->end -= output->start;
        output->start = 0;
    }
    if (output->end + line.len + 1 > OUTPUT_MAX_BYTES) {
        output->failed = true;
        return;
    }
    memcpy(output->bytes + output->end, line.ptr, line.len);
    output->end += line.len;
    output->bytes[output->end++] = '\n';
}

struct buf answer_begin(int64_t id)
{
    struct buf answer;

    buf_init(&answer, LINE_MAX_BYTES - 1);
    buf_puts(&answer, "{");
    buf_json_int(&answer, "id", id);
    buf_json_bool(&answer, "ok", true);
    return answer;
}

void answer_send(struct output *output, struct buf *answer, int64_t id)
{
    struct err err;

    buf_puts(answer, "}");
    if (answer->failed) {
        err_set(&err, ENOMEM, "the answer is too long, or the agent is out of memory");
        output_error(output, id, &err);
    } else {
        output_line(output, buf_str(answer));
    }
    buf_release(answer);
}

struct buf event_begin(const char *event)
{
    struct buf buf;

    buf_init(&buf, LINE_MAX_BYTES - 1);
    buf_puts(&buf, "{");
    buf_json_str(&buf, "event", str_of(event));
    return buf;
}

void event_send(struct output *output, struct buf *event)
{
    buf_puts(event, "}");
    if (event->failed)
        output->failed = true; /* a lost exit would be a lie: end rather than go on without */
    else
        output_line(output, buf_str(event));
    buf_release(event);
}

void output_error(struct output *output, int64_t id, const struct err *err)
{
    struct buf line;

    buf_init(&line, 0);
    buf_puts(&line, "{");
    if (id < 0)
        buf_json_raw(&line, "id", STR("null"));
    else
        buf_json_int(&line, "id", id);
    buf_json_str(&line, "error", str_of(err->msg));
    buf_json_int(&line, "code", err->code);
    buf_puts(&line, "}");
    if (line.failed) {
        char plain[96];
        int len =
            snprintf(plain, sizeof plain, "{\"id\":%lld,\"error\":\"out of memory\",\"code\":%d}",
                     (long long)id, ENOMEM);
        output_line(output, (struct str){plain, (size_t)len});
    } else {
        output_line(output, buf_str(&line));
    }
    buf_release(&line);
}

void output_flush(struct output *output, int fd)
{
    while (output_waiting(output)) {
        ssize_t sent = write(fd, output->bytes + output->start, output_waiting(output));
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            output->failed |= errno != EAGAIN;
            return;
        }
        output->start += (size_t)sent;
    }
    output->start = 0;
    output->end = 0;
}
