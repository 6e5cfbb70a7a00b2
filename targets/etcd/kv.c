/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kv.c - see kv.h.
 *
 * An update has failed only if etcd says something that its source says only before the update is
 * proposed to Raft. Everything else leaves it unknown, "database space exceeded" included, which
 * etcd also says after it has applied an update. A read changes nothing: without a value it failed.
 */
#include "kv.h"

#include "../../harness/base/base64.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "etcdserver: "

/* Said before the proposal (etcd 3.4: v3rpc/interceptor.go, v3rpc/key.go, and v3_server.go,
 * processInternalRaftRequestOnce). */
static const char *const definite_errors[] = {
    "no leader",
    "not capable",
    "too many requests",
    "request is too large",
    "key is not provided",
    "duplicate key given in txn request",
    "too many operations in txn request",
    "rpc not supported for learner",
    NULL,
};

/* -- requests ------------------------------------------------------------------------------------
 */

/* The gateway has keys and values as base64. */
static void put_base64(struct buf *body, const char *key, struct str text)
{
    buf_json_next(body, key);
    buf_puts(body, "\"");
    base64_add(body, text);
    buf_puts(body, "\"");
}

static void put_key(struct buf *body, int64_t key)
{
    char text[32];
    int len = key == RECORD_NO_KEY ? snprintf(text, sizeof text, "single")
                                   : snprintf(text, sizeof text, "k%" PRId64, key);

    put_base64(body, "key", (struct str){text, (size_t)len});
}

/* "value":"MTI="; false for nil, which etcd cannot hold. */
static bool put_value(struct buf *body, const struct op_value *value)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, value->a);

    if (value->kind != OP_VALUE_INT && value->kind != OP_VALUE_JSON)
        return false;
    put_base64(body, "value",
               value->kind == OP_VALUE_INT ? (struct str){text, (size_t)len} : value->json);
    return true;
}

/* If the key's value is `from` (if it was never created, for nil), put `to`. */
static bool put_txn(struct buf *body, const struct client_op *op)
{
    struct op_value from, to;
    bool fits = op_value_pair(&op->value, &from, &to);

    if (!fits)
        return false;
    buf_puts(body, "{\"compare\":[{\"result\":\"EQUAL\"");
    put_key(body, op->key);
    if (from.kind == OP_VALUE_NIL) {
        buf_puts(body, ",\"target\":\"CREATE\",\"create_revision\":\"0\"");
    } else {
        buf_puts(body, ",\"target\":\"VALUE\"");
        fits = put_value(body, &from);
    }
    buf_puts(body, "}],\"success\":[{\"request_put\":{");
    put_key(body, op->key);
    fits = fits && put_value(body, &to);
    buf_puts(body, "}}]}");
    return fits;
}

void kv_request(struct kv_request *request, const struct client_op *op, bool serializable_reads)
{
    struct buf *body = &request->body;
    bool fits = true;

    request->path = NULL;
    buf_clear(body);
    if (op->f == OP_F_CAS) {
        request->path = "/v3/kv/txn";
        fits = put_txn(body, op);
    } else {
        buf_puts(body, "{");
        put_key(body, op->key);
        if (op->f == OP_F_READ) {
            request->path = "/v3/kv/range";
            buf_json_bool(body, "serializable", serializable_reads);
        } else if (op->f == OP_F_WRITE) {
            request->path = "/v3/kv/put";
            fits = put_value(body, &op->value);
        }
        buf_puts(body, "}");
    }
    if (!fits || body->failed)
        request->path = NULL;
}

/* -- answers -------------------------------------------------------------------------------------
 */

static void finish(struct client_op *op, enum op_type outcome, const char *error)
{
    op->outcome = outcome;
    (void)snprintf(op->error, sizeof op->error, "%s", error);
}

void kv_silence(bool unsent, const char *why, struct client_op *op)
{
    finish(op, unsent || op->f == OP_F_READ ? OP_FAIL : OP_INFO, why);
    op->unreachable = unsent;
}

/* The value that was read, from the first of "kvs". False if it makes no sense. */
static bool take_value(const json_t *kv, struct client_op *op, char **text)
{
    const json_t *value = json_object_get(kv, "value"); /* absent if it is empty */
    struct str base64 = {json_string_value(value), json_string_length(value)};
    char *bytes = json_is_string(value) ? malloc(base64_read_max(base64.len) + 1) : NULL;
    size_t len;
    int64_t number;

    free(*text);
    *text = bytes;
    if (!bytes || !base64_read(base64, bytes, &len))
        return false;
    bytes[len] = '\0';
    if (str_to_int((struct str){bytes, len}, &number))
        op->result = OP_INT(number);
    else
        op->result = (struct op_value){.kind = OP_VALUE_JSON, .json = {bytes, len}};
    return true;
}

static void take_read(const json_t *answer, struct client_op *op, char **text)
{
    const json_t *kvs = json_object_get(answer, "kvs"); /* absent if there is no such key */

    op->result = OP_NIL;
    if (kvs && !take_value(json_array_get(kvs, 0), op, text))
        finish(op, OP_FAIL, "answer without a value");
    else
        op->outcome = OP_OK;
}

static void take_error(const json_t *answer, struct client_op *op)
{
    const char *error = json_string_value(json_object_get(answer, "error"));

    if (!error) {
        kv_silence(false, "unexpected answer", op);
        return;
    }
    if (strncmp(error, PREFIX, sizeof PREFIX - 1) == 0)
        error += sizeof PREFIX - 1;
    for (size_t i = 0; definite_errors[i]; i++) {
        if (strcmp(definite_errors[i], error) == 0) {
            finish(op, OP_FAIL, error);
            return;
        }
    }
    kv_silence(false, error, op);
}

void kv_answer(long status, struct str body, struct client_op *op, char **text)
{
    json_t *answer = json_loadb(body.ptr, body.len, 0, NULL);

    if (status != 200) {
        take_error(answer, op);
    } else if (!json_is_object(json_object_get(answer, "header"))) {
        kv_silence(false, "unexpected answer", op); /* every success has a header */
    } else if (op->f == OP_F_READ) {
        take_read(answer, op, text);
    } else if (op->f == OP_F_CAS && !json_is_true(json_object_get(answer, "succeeded"))) {
        finish(op, OP_FAIL, "precondition failed");
    } else {
        op->outcome = OP_OK;
        op->result = op->value;
    }
    json_decref(answer);
}
