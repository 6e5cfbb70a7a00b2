/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* op.h - the words of a history: types of events and functions of operations, as in Jepsen. */
#ifndef ORDEAL_HISTORY_OP_H
#define ORDEAL_HISTORY_OP_H

#include <stdbool.h>
#include <stdint.h>

enum op_type { OP_INVOKE, OP_OK, OP_FAIL, OP_INFO };

/* "invoke", "ok", "fail", "info" */
extern const char *const op_type_names[4];

/* Functions that models and workloads know. Others get numbers from OP_F_KNOWN per history. */
#define OP_F_MAP(X)                                                                                \
    X(READ, "read")                                                                                \
    X(WRITE, "write")                                                                              \
    X(CAS, "cas")                                                                                  \
    X(APPEND, "append")                                                                            \
    X(ADD, "add")                                                                                  \
    X(REMOVE, "remove")                                                                            \
    X(CONTAINS, "contains")                                                                        \
    X(ENQUEUE, "enqueue")                                                                          \
    X(DEQUEUE, "dequeue")                                                                          \
    X(PUSH, "push")                                                                                \
    X(POP, "pop")                                                                                  \
    X(INSERT, "insert")                                                                            \
    X(POLL, "poll")                                                                                \
    X(PEEK, "peek")                                                                                \
    X(ACQUIRE, "acquire")                                                                          \
    X(RELEASE, "release")                                                                          \
    X(GET, "get")                                                                                  \
    X(PUT, "put")                                                                                  \
    X(DELETE, "delete")                                                                            \
    X(TXN, "txn")                                                                                  \
    X(DRAIN, "drain")                                                                              \
    X(PROPOSE, "propose")

enum op_f {
#define X(name, text) OP_F_##name,
    OP_F_MAP(X)
#undef X
        OP_F_KNOWN
};

extern const char *const op_f_names[OP_F_KNOWN];

/* Whether the value of a completion is what the operation returned, even where it equals what was
 * asked for (a read, a proposal, what we do not know). Of the others (a write, a cas) it is custom
 * to repeat the invocation's value, which then says nothing new. */
bool op_f_returns(uint8_t f);

#endif
