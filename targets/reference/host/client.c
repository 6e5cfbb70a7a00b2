/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.c - one client of one reference node: operations as Maelstrom's messages.
 *
 * What the node says decides: an answer is OP_OK, a definite error OP_FAIL, an indefinite one
 * OP_INFO. What it could not say is decided by the wire: if the node cannot have had the whole
 * request, OP_FAIL; else OP_INFO, except for reads, which change nothing and so have failed.
 *
 * Where the protocol carries out once what comes twice, a request that got no answer goes to the
 * next node under the same number, until the operation's time is over: one operation, however
 * often it was sent.
 */
#include "reference.h"

#include "../../../harness/base/clock.h"
#include "../../../harness/workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Where a client may turn to. */
struct place {
    char node[64], ipv4[64];
    uint16_t port;
};

struct client {
    struct wire wire;
    struct buf request;
    int64_t msg_id; /* of the last request */
    char *result;   /* text of the last result that is neither an integer nor nil */
    char name[16];
    bool adds_elements; /* to sets, not to counters */

    struct place *places; /* its own node, then those that it resends to */
    int place_count, at;  /* which of them it is connected to */
    char session[32];     /* empty: requests are not to be told apart, nor to be sent again */
    int64_t number;       /* of the operation, in the session */
};

enum { REQUEST_LIMIT = 1 << 20, RESEND_MS = 500, PAUSE_MS = 10 };

/* Maelstrom's error codes. One that is not listed is indefinite. */
static const struct error_code {
    int code;
    bool definite;
    const char *name;
} error_codes[] = {
    {0, false, "timeout"},
    {1, true, "node-not-found"},
    {10, true, "not-supported"},
    {11, true, "temporarily-unavailable"},
    {12, true, "malformed-request"},
    {13, false, "crash"},
    {14, true, "abort"},
    {20, true, "key-does-not-exist"},
    {21, true, "key-already-exists"},
    {22, true, "precondition-failed"},
    {30, true, "txn-conflict"},
};

enum { CODE_TIMEOUT = 0, CODE_UNAVAILABLE = 11, CODE_CRASH = 13, CODE_NO_KEY = 20 };

static struct client *client_new(int place_count, int number)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    client->places = calloc((size_t)place_count, sizeof *client->places);
    if (!client->places) {
        free(client);
        return NULL;
    }
    client->place_count = place_count;
    buf_init(&client->request, REQUEST_LIMIT);
    (void)snprintf(client->name, sizeof client->name, "c%d", number);
    return client;
}

static void place_set(struct place *place, const char *node, const char *ipv4, uint16_t port)
{
    (void)snprintf(place->node, sizeof place->node, "%s", node);
    (void)snprintf(place->ipv4, sizeof place->ipv4, "%s", ipv4);
    place->port = port;
}

static void connect_to(struct client *client, int at)
{
    client->at = at;
    wire_init(&client->wire, client->places[at].ipv4, client->places[at].port);
}

struct client *reference_client_new(const char *node_name, const char *ipv4, uint16_t port,
                                    int number)
{
    struct client *client = client_new(1, number);

    if (!client)
        return NULL;
    place_set(&client->places[0], node_name, ipv4, port);
    connect_to(client, 0);
    return client;
}

int reference_client_open(struct cluster *cluster, int node, struct client **client,
                          struct err *err)
{
    static _Atomic int64_t sessions;
    const struct workload *workload = cluster->test->workload;
    bool resends = reference_resends(cluster->test);
    int count = cluster->node_count;

    *client = client_new(resends ? count : 1, node + 1);
    if (!*client)
        return err_set(err, ENOMEM, "out of memory");
    for (int i = 0; i < (*client)->place_count; i++) {
        const struct node *place = cluster->nodes[(node + i) % count];
        place_set(&(*client)->places[i], node_name(place), node_address(place), NODE_PORT);
    }
    connect_to(*client, 0);
    (*client)->adds_elements = workload && strcmp(workload->model, "set") == 0;
    if (resends)
        (void)snprintf((*client)->session, sizeof(*client)->session, "c%" PRId64,
                       atomic_fetch_add(&sessions, 1));
    return 0;
}

void reference_client_close(struct client *client)
{
    wire_close(&client->wire);
    buf_release(&client->request);
    free(client->result);
    free(client->places);
    free(client);
}

/* -- requests ------------------------------------------------------------------------------------
 */

static void begin_request(struct client *client, const char *type)
{
    struct buf *request = &client->request;

    buf_clear(request);
    buf_printf(request, "{\"src\":\"%s\",\"dest\":\"%s\",\"body\":{\"type\":\"%s\"", client->name,
               client->places[client->at].node, type);
    buf_json_int(request, "msg_id", ++client->msg_id);
}

static struct str end_request(struct client *client)
{
    buf_puts(&client->request, "}}\n");
    return buf_str(&client->request);
}

static void put_value(struct buf *request, const char *key, const struct op_value *value)
{
    switch (value->kind) {
    case OP_VALUE_NIL:
        buf_json_raw(request, key, STR("null"));
        break;
    case OP_VALUE_INT:
        buf_json_int(request, key, value->a);
        break;
    case OP_VALUE_PAIR:
        buf_json_next(request, key);
        buf_printf(request, "[%" PRId64 ",%" PRId64 "]", value->a, value->b);
        break;
    case OP_VALUE_JSON:
        buf_json_raw(request, key, value->json);
        break;
    }
}

/* False if the operation cannot be put into a request. */
static bool put_request(struct client *client, const struct client_op *op)
{
    struct buf *request = &client->request;
    struct op_value from, to;

    if (op->f >= OP_F_KNOWN)
        return false;
    begin_request(client, op_f_names[op->f]);
    if (op->key == RECORD_NO_KEY)
        buf_json_raw(request, "key", STR("null"));
    else
        buf_json_int(request, "key", op->key);
    if (op->f == OP_F_CAS) {
        if (!op_value_pair(&op->value, &from, &to))
            return false;
        put_value(request, "from", &from);
        put_value(request, "to", &to);
    } else if (op->f == OP_F_ADD) {
        put_value(request, client->adds_elements ? "element" : "delta", &op->value);
    } else if (op->f != OP_F_READ) {
        put_value(request, "value", &op->value);
    }
    if (client->session[0]) {
        buf_json_str(request, "session", str_of(client->session));
        buf_json_int(request, "number", client->number);
    }
    (void)end_request(client);
    return !request->failed;
}

/* -- answers -------------------------------------------------------------------------------------
 */

static void finish(struct client_op *op, enum op_type outcome, const char *error)
{
    op->outcome = outcome;
    (void)snprintf(op->error, sizeof op->error, "%s", error);
}

/* It may have happened, as far as the node's silence or nonsense tells. */
static void finish_unknown(struct client_op *op, const char *error)
{
    finish(op, op->f == OP_F_READ ? OP_FAIL : OP_INFO, error);
}

static void finish_error(const json_t *body, struct client_op *op)
{
    json_int_t code = json_integer_value(json_object_get(body, "code"));

    for (size_t i = 0; i < sizeof error_codes / sizeof *error_codes; i++) {
        const struct error_code *known = &error_codes[i];
        if (known->code != code || !json_is_integer(json_object_get(body, "code")))
            continue;
        if (code == CODE_NO_KEY && op->f == OP_F_READ) {
            op->outcome = OP_OK; /* the register is unset: that is what was read */
            op->result = OP_NIL;
        } else if (known->definite) {
            finish(op, OP_FAIL, known->name);
        } else {
            finish_unknown(op, known->name);
        }
        return;
    }
    finish_unknown(op, "unknown error");
}

static void finish_read(struct client *client, const json_t *body, struct client_op *op)
{
    const json_t *value = json_object_get(body, "value");

    op->outcome = OP_OK;
    if (json_is_integer(value)) {
        op->result = OP_INT(json_integer_value(value));
    } else if (json_is_null(value)) {
        op->result = OP_NIL;
    } else if (value) {
        free(client->result);
        client->result = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
        op->result = (struct op_value){.kind = OP_VALUE_JSON, .json = str_of(client->result)};
    } else {
        finish(op, OP_FAIL, "answer without a value");
    }
}

/* Whether `type` is "<asked>_ok". */
static bool is_ok_of(const char *type, const char *asked)
{
    size_t len = strlen(asked);
    return type && strncmp(type, asked, len) == 0 && strcmp(type + len, "_ok") == 0;
}

/* The body of the answer to the last request; NULL if it is something else. The caller drops
 * *envelope. */
static json_t *read_answer(const struct client *client, struct str line, json_t **envelope)
{
    *envelope = json_loadb(line.ptr, line.len, 0, NULL);
    json_t *body = json_object_get(*envelope, "body");
    const json_t *in_reply_to = json_object_get(body, "in_reply_to");

    if (!json_is_integer(in_reply_to) || json_integer_value(in_reply_to) != client->msg_id)
        return NULL;
    return body;
}

/* Whether the node said something about itself, and nothing about the operation. */
static bool is_about_node(const json_t *body)
{
    json_int_t code = json_integer_value(json_object_get(body, "code"));
    return code == CODE_TIMEOUT || code == CODE_UNAVAILABLE || code == CODE_CRASH;
}

/* How one sending of an operation went. */
enum sending { SETTLED, NOT_DONE, PERHAPS_DONE };

static enum sending take_answer(struct client *client, struct str line, struct client_op *op)
{
    json_t *envelope;
    const json_t *body = read_answer(client, line, &envelope);
    const char *type = json_string_value(json_object_get(body, "type"));
    enum sending sending = SETTLED;

    if (type && strcmp(type, "error") == 0) {
        finish_error(body, op);
        if (is_about_node(body))
            sending = op->outcome == OP_FAIL ? NOT_DONE : PERHAPS_DONE;
    } else if (!is_ok_of(type, op_f_names[op->f])) {
        wire_close(&client->wire); /* what comes next on it could be anything */
        finish_unknown(op, "unexpected answer");
        sending = PERHAPS_DONE;
    } else if (op->f == OP_F_READ) {
        finish_read(client, body, op);
    } else {
        op->outcome = OP_OK;
        op->result = op->value;
    }
    json_decref(envelope);
    return sending;
}

static enum sending send_once(struct client *client, struct client_op *op, int64_t deadline_ns)
{
    struct str answer;
    const char *why;

    op->unreachable = false;
    if (!put_request(client, op)) {
        finish(op, OP_FAIL, "not supported");
        return SETTLED;
    }
    switch (wire_ask(&client->wire, buf_str(&client->request), deadline_ns, &answer, &why)) {
    case WIRE_ANSWERED:
        return take_answer(client, answer, op);
    case WIRE_NOT_SENT:
        finish(op, OP_FAIL, why);
        op->unreachable = true;
        return NOT_DONE;
    default:
        finish_unknown(op, why);
        return PERHAPS_DONE;
    }
}

static void move_on(struct client *client)
{
    wire_close(&client->wire);
    connect_to(client, (client->at + 1) % client->place_count);
    if (client->at == 0) /* nobody could do it: not so fast */
        clock_sleep_until(clock_now_ns() + PAUSE_MS * NS_PER_MS);
}

/* Until it is settled or its time is over. A refusal is worth nothing once an earlier sending may
 * have been carried out. */
static void send_until_settled(struct client *client, struct client_op *op)
{
    bool perhaps = false;

    for (;;) {
        int64_t patience_ns = clock_now_ns() + RESEND_MS * NS_PER_MS;
        bool is_last = patience_ns >= op->deadline_ns;
        enum sending sending = send_once(client, op, is_last ? op->deadline_ns : patience_ns);
        if (sending == SETTLED)
            return;
        perhaps |= sending == PERHAPS_DONE;
        if (clock_now_ns() + PAUSE_MS * NS_PER_MS >= op->deadline_ns)
            break;
        move_on(client);
    }
    op->unreachable = op->unreachable && !perhaps;
    if (perhaps)
        finish_unknown(op, "timed out");
}

void reference_invoke(struct client *client, struct client_op *op)
{
    op->outcome = OP_INFO;
    client->number++;
    if (!client->session[0]) {
        (void)send_once(client, op, op->deadline_ns);
        return;
    }
    send_until_settled(client, op);
    if (client->at != 0) { /* the next operation asks its own node first again */
        wire_close(&client->wire);
        connect_to(client, 0);
    }
}

static json_t *ask(struct client *client, struct str request, int64_t deadline_ns, const char **why)
{
    struct str answer;
    json_t *envelope;

    if (wire_ask(&client->wire, request, deadline_ns, &answer, why) != WIRE_ANSWERED)
        return NULL;
    json_t *body = json_incref(read_answer(client, answer, &envelope));
    json_decref(envelope);
    if (!body)
        *why = "unexpected answer";
    return body;
}

json_t *reference_ask(struct client *client, const char *type, int64_t deadline_ns,
                      const char **why)
{
    begin_request(client, type);
    return ask(client, end_request(client), deadline_ns, why);
}

json_t *reference_tell(struct client *client, const json_t *body, int64_t deadline_ns,
                       const char **why)
{
    const char *key;
    json_t *value;

    begin_request(client, json_string_value(json_object_get(body, "type")));
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        char *text = strcmp(key, "type") == 0 ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        if (text)
            buf_json_raw(&client->request, key, str_of(text));
        free(text);
    }
    return ask(client, end_request(client), deadline_ns, why);
}
