/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* load.h - long histories: clients in a closed loop, always busy, on objects that work.
 *
 * Each operation takes effect at one moment between its invocation and its completion, so that the
 * history is linearizable by construction. A seed brings it back. What checkers.md measured peers
 * with is this load: reads, writes and cas in equal parts, outcomes unknown at random.
 */
#ifndef ORDEAL_TESTS_LIB_LOAD_H
#define ORDEAL_TESTS_LIB_LOAD_H

#include "../../harness/history/op.h"

#include <stdbool.h>
#include <stdint.h>

enum load_object { LOAD_REGISTER, LOAD_CAS_REGISTER, LOAD_QUEUE, LOAD_STACK };

struct load {
    enum load_object object;
    uint64_t ops;
    int clients, keys;
    int values;         /* 0: every written value is new; else 1..values */
    int unknown_permil; /* of operations whose client never learns the outcome */
    uint64_t seed;
    uint64_t stale_at; /* a read near this operation returns what was overwritten long before; 0:
                        * none (registers only) */
};

/* An event, in the order of time. */
struct load_event {
    int64_t time_ns;
    uint32_t process;
    enum op_type type;
    enum op_f f;
    int key;
    int64_t a, b;            /* LOAD_NIL: null */
    bool has_value, is_pair; /* false: value is null */
};

#define LOAD_NIL INT64_MIN

typedef void load_sink(void *ctx, const struct load_event *event);

void load_run(const struct load *load, load_sink *sink, void *ctx);

/* Parse "object=register ops=1000 clients=10 keys=1 values=5 unknown=50 seed=1 stale=800", any of
 * them; the rest has sensible values. False on anything else. */
bool load_parse(const char *text, struct load *load);

/* Write the history as JSON lines to `path`. Ends the program if that fails. */
void load_write(const struct load *load, const char *path);

#endif
