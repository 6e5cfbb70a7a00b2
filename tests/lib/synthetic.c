/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "synthetic.h"

#include "../../harness/base/rng.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)
#define START_UNIX INT64_C(1763687580)

enum { TIMEOUT_MS = 1000, FAULTS_MAX = 5000 };

static const char hostile_text[] =
    "</script><img src=x onerror=alert(1)></title><svg/onload=alert(2)>'\\\"\\u0000&lt;";

struct line {
    int64_t time_ns;
    int rank; /* at equal times */
    char *text;
};

struct fault {
    int64_t from_ns, to_ns;
    int kind, victim; /* kind: 0 partition, 1 kill, 2 pause */
};

struct world {
    const struct synthetic *options;
    struct rng rng;
    struct line *lines;
    size_t count, capacity;
    struct fault faults[FAULTS_MAX];
    int64_t load_ns, heal_ns, end_ns;
    int *value, *previous; /* of each key; 0: nil */
    int64_t *written_ns;   /* completion of the last write of each key */
    int next_value;
    bool lied;
    int stale_key, stale_new, stale_old;
};

static void *must(void *pointer)
{
    if (!pointer)
        abort();
    return pointer;
}

static void add_line(struct world *world, int64_t time_ns, int rank, char *text)
{
    if (world->count == world->capacity) {
        world->capacity = world->capacity ? 2 * world->capacity : 1024;
        world->lines = must(realloc(world->lines, world->capacity * sizeof *world->lines));
    }
    world->lines[world->count++] = (struct line){time_ns, rank, text};
}

__attribute__((format(printf, 3, 4))) static void add_event(struct world *world, int64_t time_ns,
                                                            const char *fmt, ...)
{
    char text[2048];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    add_line(world, time_ns, 0, must(strdup(text)));
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->rank - b->rank;
}

/* -- faults ---------------------------------------------------------------------------------------
 */

static void print_victims(const struct world *world, const struct fault *fault, char *out,
                          size_t size)
{
    size_t len = 0;
    if (fault->kind != 0) {
        (void)snprintf(out, size, "[\"n%d\"]", fault->victim + 1);
        return;
    }
    len += (size_t)snprintf(out + len, size - len, "{\"n%d\":[", fault->victim + 1);
    for (int i = 0, first = 1; i < world->options->nodes; i++) {
        if (i != fault->victim)
            len += (size_t)snprintf(out + len, size - len, "%s\"n%d\"", first ? "" : ",", i + 1);
        if (i != fault->victim)
            first = 0;
    }
    len += (size_t)snprintf(out + len, size - len, "]");
    for (int i = 0; i < world->options->nodes; i++) {
        if (i != fault->victim)
            len += (size_t)snprintf(out + len, size - len, ",\"n%d\":[\"n%d\"]", i + 1,
                                    fault->victim + 1);
    }
    (void)snprintf(out + len, size - len, "}");
}

static void plan_faults(struct world *world)
{
    static const char *const names[] = {"partition", "kill", "pause"};
    double turn = world->options->seconds / (world->options->faults + 0.5);

    for (int i = 0; i < world->options->faults && i < FAULTS_MAX; i++) {
        struct fault *fault = &world->faults[i];
        char who[1024];
        double from = turn * (i + 0.3 + 0.2 * rng_unit(&world->rng));
        fault->from_ns = world->load_ns + (int64_t)(from * 1e9);
        fault->to_ns =
            fault->from_ns + (int64_t)(turn * (0.35 + 0.3 * rng_unit(&world->rng)) * 1e9);
        fault->kind = i % 3;
        fault->victim = (int)rng_below(&world->rng, (uint64_t)world->options->nodes);
        print_victims(world, fault, who, sizeof who);
        int64_t begun = fault->from_ns + (int64_t)(rng_unit(&world->rng) * 2e6 + 2e5);
        int64_t ended = fault->to_ns + (int64_t)(rng_unit(&world->rng) * 3e6 + 2e5);
        const char *f = names[fault->kind];
        add_event(world, fault->from_ns,
                  "\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"%s\",\"fault\":%d,\"edge\":"
                  "\"begin\",\"value\":%s",
                  f, i, who);
        add_event(world, begun,
                  "\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"%s\",\"fault\":%d,\"edge\":"
                  "\"begun\",\"value\":%s,\"receipt\":{\"version\":%d,\"rules\":8}",
                  f, i, who, 2 * i + 1);
        add_event(world, fault->to_ns,
                  "\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"%s\",\"fault\":%d,\"edge\":"
                  "\"end\",\"value\":%s",
                  f, i, who);
        int affected = world->options->idle ? 0
                       : fault->kind == 0   ? (int)rng_below(&world->rng, 4000) + 20
                                            : 1;
        add_event(world, ended,
                  "\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"%s\",\"fault\":%d,\"edge\":"
                  "\"ended\",\"value\":%s,\"affected\":%d,\"receipt\":{\"version\":%d}",
                  f, i, who, affected, 2 * i + 2);
    }
}

static const struct fault *fault_on(const struct world *world, int node, int64_t time_ns)
{
    for (int i = 0; i < world->options->faults && i < FAULTS_MAX; i++) {
        const struct fault *fault = &world->faults[i];
        if (fault->victim == node && fault->from_ns <= time_ns && time_ns < fault->to_ns)
            return fault;
    }
    return NULL;
}

/* -- operations -----------------------------------------------------------------------------------
 */

struct client {
    int process, node;
    int64_t next_ns;
};

static void add_op(struct world *world, const struct client *client, int64_t end_ns,
                   const char *outcome, const char *f, int key, const char *in, const char *out)
{
    char head[160], text[512];
    (void)snprintf(head, sizeof head, "\"process\":%d,\"f\":\"%s\",\"key\":\"k%d\"",
                   client->process, f, key);
    (void)snprintf(text, sizeof text, "\"type\":\"invoke\",%s,\"value\":%s,\"node\":\"n%d\"", head,
                   in, client->node + 1);
    add_line(world, client->next_ns, 1, must(strdup(text)));
    (void)snprintf(text, sizeof text, "\"type\":\"%s\",%s,\"value\":%s,\"node\":\"n%d\"%s", outcome,
                   head, strcmp(outcome, "ok") == 0 ? out : in, client->node + 1,
                   strcmp(outcome, "info") == 0   ? ",\"error\":\"timed out\""
                   : strcmp(outcome, "fail") == 0 ? ",\"error\":\"connection refused\""
                                                  : "");
    add_line(world, end_ns, 2, must(strdup(text)));
}

/* Lognormal around `median_ms`. */
static int64_t draw_latency(struct world *world, double median_ms)
{
    double normal = sqrt(2 * rng_exponential(&world->rng)) * cos(6.2831853 * rng_unit(&world->rng));
    return (int64_t)(median_ms * exp(0.55 * normal) * 1e6) + 1000;
}

static void print_value(const struct world *world, int value, char out[160])
{
    if (value == 0)
        (void)snprintf(out, 160, "null");
    else if (world->options->hostile)
        (void)snprintf(out, 160, "\"%d%s\"", value, hostile_text);
    else
        (void)snprintf(out, 160, "%d", value);
}

static void succeed(struct world *world, const struct client *client, int64_t end_ns)
{
    int key = (int)rng_below(&world->rng, (uint64_t)world->options->keys);
    char in[160] = "null", out[160], pair[340];
    int kind = (int)rng_below(&world->rng, 10);

    if (kind < 5) {
        int value = world->value[key];
        bool may_lie = world->options->violation && !world->lied && world->previous[key] &&
                       world->written_ns[key] + 20 * MS < client->next_ns &&
                       client->next_ns > world->faults[0].from_ns + 300 * MS &&
                       client->node == world->faults[0].victim;
        if (may_lie) {
            world->lied = true;
            world->stale_key = key;
            world->stale_new = value;
            world->stale_old = value = world->previous[key];
        }
        print_value(world, value, out);
        add_op(world, client, end_ns, "ok", "read", key, in, out);
    } else if (kind < 8) {
        world->previous[key] = world->value[key];
        world->value[key] = ++world->next_value;
        world->written_ns[key] = end_ns;
        print_value(world, world->value[key], in);
        add_op(world, client, end_ns, "ok", "write", key, in, in);
    } else {
        bool right = rng_below(&world->rng, 3) > 0 && world->value[key];
        char old[160];
        print_value(world, right ? world->value[key] : -1, old);
        print_value(world, world->next_value + 1, out);
        (void)snprintf(pair, sizeof pair, "[%s,%s]", old, out);
        if (right) {
            world->previous[key] = world->value[key];
            world->value[key] = ++world->next_value;
            world->written_ns[key] = end_ns;
        }
        add_op(world, client, end_ns, right ? "ok" : "fail", "cas", key, pair, pair);
    }
}

/* One operation of a client; it is ready again at next_ns. */
static void act(struct world *world, struct client *client, int64_t pause_ns)
{
    const struct fault *fault = fault_on(world, client->node, client->next_ns);
    int64_t took = draw_latency(world, fault && fault->kind == 0 ? 4 : 1.4), end_ns;
    int key = (int)rng_below(&world->rng, (uint64_t)world->options->keys);
    bool read = rng_below(&world->rng, 2);
    const char *f = read ? "read" : "write", *outcome = NULL;
    char value[160] = "null";
    bool lie = fault && fault->kind == 0 && world->options->violation && !world->lied &&
               client->next_ns > fault->from_ns + 300 * MS;

    if (fault && !lie && !world->options->idle) {
        if (fault->kind == 1 || (fault->kind == 0 && rng_below(&world->rng, 3) == 0)) {
            outcome = "fail";
        } else if (fault->kind == 2 && fault->to_ns < client->next_ns + TIMEOUT_MS * MS) {
            took = fault->to_ns - client->next_ns + draw_latency(world, 3);
        } else {
            outcome = "info";
            took = TIMEOUT_MS * MS + draw_latency(world, 0.1);
        }
    }
    end_ns = client->next_ns + took;
    if (outcome) {
        if (!read)
            print_value(world, ++world->next_value, value);
        add_op(world, client, end_ns, outcome, f, key, value, value);
        if (strcmp(outcome, "info") == 0)
            client->process += world->options->clients;
    } else {
        succeed(world, client, end_ns);
    }
    client->next_ns = end_ns + 1000 + (int64_t)((double)pause_ns * 2 * rng_unit(&world->rng));
}

static void load(struct world *world)
{
    const struct synthetic *options = world->options;
    struct client *clients = must(calloc((size_t)options->clients, sizeof *clients));
    int64_t turn_ns = (int64_t)(options->seconds * 1e9 * options->clients / options->operations);
    int64_t pause_ns = turn_ns > 2 * MS ? turn_ns - 2 * MS : 0;

    for (int i = 0; i < options->clients; i++)
        clients[i] = (struct client){i, i % options->nodes,
                                     world->load_ns + (int64_t)rng_below(&world->rng, 5000000)};
    for (;;) {
        struct client *next = &clients[0];
        for (int i = 1; i < options->clients; i++) {
            if (clients[i].next_ns < next->next_ns)
                next = &clients[i];
        }
        if (next->next_ns > world->end_ns - 1200 * MS)
            break;
        act(world, next, pause_ns);
    }
    free(clients);
}

/* -- the folder -----------------------------------------------------------------------------------
 */

static FILE *create(const char *dir, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return must(fopen(path, "w"));
}

static void write_test(const struct world *world, const char *dir)
{
    static const char *const kinds[] = {"one", "kill", "pause"};
    static const char *const families[] = {"partition", "kill", "pause"};
    const struct synthetic *options = world->options;
    FILE *out = create(dir, "test.json");

    fprintf(out, "{\"target\":\"etcd\",\"workload\":\"cas-register\",\"model\":\"cas-register\","
                 "\"consistency\":\"linearizable\",\"initial\":null,\"nodes\":[");
    for (int i = 0; i < options->nodes; i++)
        fprintf(out, "%s\"n%d\"", i ? "," : "", i + 1);
    fprintf(
        out,
        "],\"concurrency\":%d,\"rate\":0,\"keys\":%d,\"time_limit_ns\":%.0f,\"op_timeout_ns\":"
        "1000000000,\"recovery_ns\":5000000000,\"seed\":%" PRIu64
        ",\"settings\":{\"reads\":\"serializable\"%s%s%s},\"log_patterns\":[{\"name\":\"panic\","
        "\"regex\":\"^panic: \"}],\"plan\":{\"faults\":[",
        options->clients, options->keys, options->seconds * 1e9, options->seed,
        options->hostile ? ",\"evil\":\"" : "", options->hostile ? hostile_text : "",
        options->hostile ? "\"" : "");
    for (int i = 0; i < options->faults; i++)
        fprintf(out, "%s{\"number\":%d,\"nemesis\":\"%s\",\"kind\":\"%s\"}", i ? "," : "", i,
                families[i % 3], kinds[i % 3]);
    fprintf(
        out,
        "]},\"command\":[\"ordeal\",\"run\",\"etcd\",\"--workload\",\"cas-register\",\"--nemesis\","
        "\"partition,kill,pause\",\"--set\",\"reads=serializable\",\"--time-limit\",\"%.0f\","
        "\"--seed\",\"%" PRIu64 "\"%s%s%s],\"version\":\"0.1.0\"}\n",
        options->seconds, options->seed, options->hostile ? ",\"" : "",
        options->hostile ? hostile_text : "", options->hostile ? "\"" : "");
    fclose(out);
}

static void write_history(struct world *world, const char *dir)
{
    FILE *out = create(dir, "history.jsonl");
    qsort(world->lines, world->count, sizeof *world->lines, compare_lines);
    for (size_t i = 0; i < world->count; i++) {
        fprintf(out, "{\"index\":%zu,\"time\":%" PRId64 ",%s}\n", i, world->lines[i].time_ns,
                world->lines[i].text);
        free(world->lines[i].text);
    }
    fclose(out);
    free(world->lines);
}

static void write_logs(struct world *world, const char *dir)
{
    static const char *const messages[] = {"established TCP streaming connection with remote peer",
                                           "raft.node: elected leader at term 4",
                                           "lost TCP streaming connection with remote peer",
                                           "apply request took too long",
                                           "leader failed to send out heartbeat on time",
                                           "saved snapshot",
                                           "compacted Raft logs"};
    char path[512];

    (void)snprintf(path, sizeof path, "%s/nodes", dir);
    (void)mkdir(path, 0777);
    for (int node = 0; node < world->options->nodes; node++) {
        (void)snprintf(path, sizeof path, "%s/nodes/n%d", dir, node + 1);
        (void)mkdir(path, 0777);
        FILE *out = create(path, "etcd.log");
        for (int64_t at = 0; at < world->end_ns;
             at += (int64_t)(rng_exponential(&world->rng) * 8e7)) {
            time_t seconds = START_UNIX + at / SEC;
            struct tm tm;
            char stamp[64];
            gmtime_r(&seconds, &tm);
            strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
            fprintf(out,
                    "{\"level\":\"info\",\"ts\":\"%s.%06" PRId64
                    "Z\",\"caller\":\"rafthttp/stream.go:%d\",\"msg\":\"%s%s\"}\n",
                    stamp, at % SEC / 1000, (int)rng_below(&world->rng, 500),
                    messages[rng_below(&world->rng, 7)],
                    world->options->hostile ? hostile_text : "");
        }
        fclose(out);
    }
}

static void judge(const struct world *world, const char *dir)
{
    struct synthetic_lie lie = {.key = world->stale_key};

    print_value(world, world->stale_old, lie.returned);
    print_value(world, world->stale_new, lie.acknowledged);
    synthetic_judge(dir, (size_t)world->options->faults, world->lied ? &lie : NULL);
}

void synthetic_write(const struct synthetic *synthetic, const char *dir)
{
    struct world *world = must(calloc(1, sizeof *world));
    size_t keys = (size_t)synthetic->keys;

    world->options = synthetic;
    world->load_ns = 420 * MS;
    world->heal_ns = world->load_ns + (int64_t)(synthetic->seconds * 1e9);
    world->end_ns = world->heal_ns + 2500 * MS;
    world->value = must(calloc(keys, sizeof(int)));
    world->previous = must(calloc(keys, sizeof(int)));
    world->written_ns = must(calloc(keys, sizeof(int64_t)));
    rng_init(&world->rng, synthetic->seed, 0);

    static const char nemesis[] = "\"type\":\"info\",\"process\":\"nemesis\"";
    add_event(world, 0, "%s,\"f\":\"phase\",\"value\":\"setup\",\"unix_ns\":%" PRId64, nemesis,
              START_UNIX * SEC);
    add_event(world, 400 * MS, "%s,\"f\":\"health\",\"value\":true", nemesis);
    add_event(world, world->load_ns, "%s,\"f\":\"phase\",\"value\":\"load\"", nemesis);
    plan_faults(world);
    add_event(world, world->heal_ns, "%s,\"f\":\"phase\",\"value\":\"heal\"", nemesis);
    add_event(world, world->heal_ns + 5 * MS, "%s,\"f\":\"heal\",\"value\":true", nemesis);
    add_event(world, world->heal_ns + 6 * MS, "%s,\"f\":\"phase\",\"value\":\"liveness\"", nemesis);
    add_event(world, world->heal_ns + 1200 * MS, "%s,\"f\":\"phase\",\"value\":\"final\"", nemesis);
    add_event(world, world->end_ns, "%s,\"f\":\"phase\",\"value\":\"end\"", nemesis);
    load(world);
    write_history(world, dir);
    write_test(world, dir);
    write_logs(world, dir);
    if (synthetic->judged)
        judge(world, dir);
    free(world->value);
    free(world->previous);
    free(world->written_ns);
    free(world);
}
