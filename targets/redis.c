/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: hiredis (libhiredis-dev) */
/* redis.c - Redis as Debian packages it: one server with an append-only file, on the first node.
 *
 * One server and no replicas: replication in Redis is asynchronous by design, so that what this
 * asks is whether what a single server acknowledged is there after its power was cut. With
 * appendfsync always it promises so; with everysec it does not, and a second's writes may be lost.
 * Clients of every node speak to the one server.
 */
#include "../harness/target.h"

#include "../harness/base/clock.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 6379, ASK_MS = 1000 };

static const struct setting_spec settings[] = {
    {"appendfsync", "always|everysec|no", "always", "when the append-only file is synced"},
    {NULL, NULL, NULL, NULL},
};

static const struct log_pattern log_patterns[] = {
    {"crash", "Redis .* crashed by signal|=== REDIS BUG REPORT"},
    {"bad-file", "Bad file format reading the append only file"},
    {NULL, NULL},
};

struct client {
    const char *address; /* of the server */
    redisContext *context;
    redisReply *reply; /* of the last operation */
};

static int promise(const struct test *test, const char **level, struct err *err)
{
    const char *how = test_setting(test, settings, "appendfsync");

    if (strcmp(how, "always") != 0 && strcmp(how, "everysec") != 0 && strcmp(how, "no") != 0)
        return err_set(err, EINVAL,
                       "'appendfsync' of target 'redis' is always, everysec or no, not '%s'", how);
    *level = "linearizable";
    return 0;
}

/* Without snapshots and rewrites: what is durable is what the append-only file holds. */
static int setup(struct cluster *cluster, struct err *err)
{
    const char *const argv[] = {"redis-server",
                                "--port",
                                "6379",
                                "--bind",
                                "0.0.0.0",
                                "--protected-mode",
                                "no",
                                "--dir",
                                "/node/data",
                                "--save",
                                "",
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                test_setting(cluster->test, settings, "appendfsync"),
                                "--auto-aof-rewrite-percentage",
                                "0",
                                NULL};
    /* Its libraries come with the package, where the machine lacks them. */
    const char *const env[] = {"LD_LIBRARY_PATH=/node/packages/usr/lib/x86_64-linux-gnu:"
                               "/node/packages/usr/lib/aarch64-linux-gnu",
                               NULL};
    const struct process_spec spec = {.name = "redis", .argv = argv, .env = env};

    if (node_start(cluster->nodes[0], &spec, err))
        return err_wrap(err, "cannot start redis on '%s'", node_name(cluster->nodes[0]));
    return 0;
}

/* -- connections ------------------------------------------------------------------------------ */

static struct timeval time_left(int64_t deadline_ns)
{
    int64_t left_us = (deadline_ns - clock_now_ns()) / 1000;

    left_us = left_us < 1000 ? 1000 : left_us; /* zero would be for ever */
    return (struct timeval){.tv_sec = left_us / 1000000, .tv_usec = left_us % 1000000};
}

static void disconnect(struct client *client)
{
    if (client->context)
        redisFree(client->context);
    client->context = NULL;
}

/* Whether there is a connection. */
static bool connect_by(struct client *client, int64_t deadline_ns)
{
    struct timeval left = time_left(deadline_ns);

    if (!client->context)
        client->context = redisConnectWithTimeout(client->address, PORT, left);
    if (!client->context || client->context->err ||
        redisSetTimeout(client->context, left) != REDIS_OK) {
        disconnect(client);
        return false;
    }
    return true;
}

static int client_open(struct cluster *cluster, int node, struct client **out, struct err *err)
{
    struct client *client = calloc(1, sizeof *client);

    (void)node;
    if (!client)
        return err_set(err, ENOMEM, "out of memory");
    client->address = node_address(cluster->nodes[0]);
    *out = client;
    return 0;
}

static void client_release(struct client *client)
{
    if (client->reply)
        freeReplyObject(client->reply);
    disconnect(client);
}

static void client_close(struct client *client)
{
    client_release(client);
    free(client);
}

static int healthy(struct cluster *cluster, struct err *err)
{
    struct client client = {.address = node_address(cluster->nodes[0])};

    if (connect_by(&client, clock_now_ns() + ASK_MS * NS_PER_MS))
        client.reply = redisCommand(client.context, "SET ordeal-health ok");
    bool answers = client.reply && client.reply->type == REDIS_REPLY_STATUS;
    client_release(&client);
    return answers ? 0 : err_set(err, EAGAIN, "redis does not take a write yet");
}

/* -- operations ------------------------------------------------------------------------------- */

/* A compare-and-set is one script; nil is a key that is not there. */
static const char cas_script[] = "local now = redis.call('GET', KEYS[1]) or '' "
                                 "if now ~= ARGV[1] then return 0 end "
                                 "redis.call('SET', KEYS[1], ARGV[2]) return 1";

static void print_value(char text[24], const struct op_value *value)
{
    text[0] = '\0';
    if (value->kind == OP_VALUE_INT)
        (void)snprintf(text, 24, "%" PRId64, value->a);
}

static redisReply *ask(struct client *client, const struct client_op *op)
{
    char key[32], from[24], to[24];
    struct op_value old, new;

    (void)snprintf(key, sizeof key, "k%" PRId64, op->key == RECORD_NO_KEY ? 0 : op->key);
    if (op->f == OP_F_READ)
        return redisCommand(client->context, "GET %s", key);
    if (op->f == OP_F_WRITE) {
        print_value(to, &op->value);
        return redisCommand(client->context, "SET %s %s", key, to);
    }
    (void)op_value_pair(&op->value, &old, &new);
    print_value(from, &old);
    print_value(to, &new);
    return redisCommand(client->context, "EVAL %s 1 %s %s %s", cas_script, key, from, to);
}

static void finish(struct client_op *op, enum op_type outcome, const char *error)
{
    op->outcome = outcome;
    (void)snprintf(op->error, sizeof op->error, "%s", error);
}

/* An error is said before anything is done, but for one of the append-only file: the write is in
 * memory then. */
static void take_error(const char *text, struct client_op *op)
{
    bool certain = strncmp(text, "LOADING", 7) == 0 || strncmp(text, "MISCONF", 7) == 0 ||
                   strncmp(text, "OOM", 3) == 0;
    char error[96];

    (void)snprintf(error, sizeof error, "%.90s", text);
    finish(op, certain || op->f == OP_F_READ ? OP_FAIL : OP_INFO, error);
}

static void take_reply(const redisReply *reply, struct client_op *op)
{
    int64_t number;

    if (reply->type == REDIS_REPLY_ERROR) {
        take_error(reply->str, op);
    } else if (op->f == OP_F_READ) {
        if (reply->type == REDIS_REPLY_NIL) {
            op->result = OP_NIL;
        } else if (str_to_int((struct str){reply->str, reply->len}, &number)) {
            op->result = OP_INT(number);
        } else {
            finish(op, OP_FAIL, "not a number");
            return;
        }
        finish(op, OP_OK, "");
    } else if (op->f == OP_F_CAS && reply->integer == 0) {
        finish(op, OP_FAIL, "another value");
    } else {
        op->result = op->value;
        finish(op, OP_OK, "");
    }
}

static void invoke(struct client *client, struct client_op *op)
{
    if (client->reply)
        freeReplyObject(client->reply);
    client->reply = NULL;
    if (!connect_by(client, op->deadline_ns)) {
        op->unreachable = true;
        finish(op, OP_FAIL, "cannot connect");
        return;
    }
    client->reply = ask(client, op);
    if (client->reply) {
        take_reply(client->reply, op);
        return;
    }
    finish(op, op->f == OP_F_READ ? OP_FAIL : OP_INFO,
           client->context->err == REDIS_ERR_EOF ? "connection closed" : "no answer");
    disconnect(client);
}

const struct target target_redis = {
    .name = "redis",
    .about = "Redis as Debian packages it: one server with an append-only file",
    .fs = (const char *const[]){"read", "write", "cas", NULL},
    .settings = settings,
    .packages = (const struct package[]){{"redis-tools", "redis-check-rdb"},
                                         {"redis-server", "redis-server"},
                                         {NULL, NULL}},
    .log_patterns = log_patterns,
    .files = (const char *const[]){"appendonlydir/*.aof", "appendonlydir/*.rdb",
                                   "appendonlydir/*.manifest", "dump.rdb", "temp-*.rdb",
                                   "temp-*.aof", NULL},
    .node_count_default = 1,
    .recovery_ns = 5 * NS_PER_SEC,
    .promise = promise,
    .setup = setup,
    .healthy = healthy,
    .client_open = client_open,
    .invoke = invoke,
    .client_close = client_close,
};
