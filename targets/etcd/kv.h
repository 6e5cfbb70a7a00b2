/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kv.h - operations on registers as requests of etcd's v3 JSON gateway, and what its answers say
 * about them.
 */
#ifndef ORDEAL_ETCD_KV_H
#define ORDEAL_ETCD_KV_H

#include "../../harness/target.h"

/* What to ask, and how to find it again. */
struct kv_request {
    const char *path; /* "/v3/kv/range"; NULL: the operation cannot be asked of etcd */
    struct buf body;
};

/* Put `op` (read, write, cas) into `request`, whose body is initialised. */
void kv_request(struct kv_request *request, const struct client_op *op, bool serializable_reads);

/* Judge the gateway's answer: fills outcome, result and error. *text gets the heap block that a
 * result of kind JSON points into; the old one is freed. */
void kv_answer(long status, struct str body, struct client_op *op, char **text);

/* The outcome when there was no answer, and the phrase why. `unsent`: etcd cannot have had it. */
void kv_silence(bool unsent, const char *why, struct client_op *op);

#endif
