/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.h - lines on their way to the controller.
 *
 * The room is fixed and reserved from the start, so that an answer, if only "out of memory", is
 * always possible. Nothing here waits: what the controller does not take now it gets later.
 */
#ifndef ORDEAL_AGENT_OUTPUT_H
#define ORDEAL_AGENT_OUTPUT_H

#include "../base/buf.h"
#include "../base/err.h"
#include "wire.h"

enum {
    OUTPUT_MAX_BYTES = 8 * LINE_MAX_BYTES,
    OUTPUT_FULL_BYTES = 2 * LINE_MAX_BYTES, /* from here on no further request is taken */
};

struct output {
    size_t start, end;
    bool failed; /* the controller is gone, or takes nothing: lines were lost */
    char bytes[OUTPUT_MAX_BYTES];
};

static inline size_t output_waiting(const struct output *output)
{
    return output->end - output->start;
}

/* A good answer to request `id`: members are added with buf_json_*(), then it is sent, which also
 * releases it. */
struct buf answer_begin(int64_t id);
void answer_send(struct output *output, struct buf *answer, int64_t id);

/* An event: likewise. */
struct buf event_begin(const char *event);
void event_send(struct output *output, struct buf *event);

/* A refusal; id -1: of a line whose id could not be read. */
void output_error(struct output *output, int64_t id, const struct err *err);

/* Write what `fd` (non-blocking) takes. */
void output_flush(struct output *output, int fd);

#endif
