/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "stores.h"

#include "../../harness/base/rng.h"
#include "hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What happened to a client: an operation with its times. */
struct deed {
    int64_t invoke_ns, complete_ns;
    int32_t process;
    int key;
    int64_t value, expected; /* 0: nil */
    uint8_t f;
    bool unknown;
};

struct message {
    int key;
    int64_t value, stamp;
    int *needs; /* by replica: how many of its writes come before this one causally */
};

struct replica {
    int32_t process;
    int64_t free_ns; /* when its client's last operation completed */
    int64_t next_ns; /* when its next one takes effect */
    int64_t clock;   /* Lamport's */
    int64_t *values; /* by key */
    int64_t *stamps; /* by key */
    int *applied;    /* by replica: how many of its writes; STORE_ORDERED: [0] of the log */
};

/* The writes of one replica, or the log. */
struct sequence {
    struct message *messages;
    int count, capacity;
};

struct store {
    const struct store_space *space;
    struct rng rng;
    struct replica *replicas;
    struct sequence *sequences;
    int32_t next_process;
    int64_t next_value;
    struct deed *deeds;
    int deed_count;
};

static void *zeroed(size_t count, size_t size)
{
    void *ptr = calloc(count ? count : 1, size);
    if (!ptr)
        abort();
    return ptr;
}

static int below(struct store *store, int bound)
{
    return (int)rng_below(&store->rng, (uint64_t)bound);
}

static struct message *add_message(struct store *store, struct sequence *sequence)
{
    if (sequence->count == sequence->capacity) {
        sequence->capacity = sequence->capacity ? sequence->capacity * 2 : 256;
        sequence->messages =
            realloc(sequence->messages, (size_t)sequence->capacity * sizeof *sequence->messages);
        if (!sequence->messages)
            abort();
    }
    struct message *message = &sequence->messages[sequence->count++];
    *message = (struct message){.key = 0};
    if (store->space->kind != STORE_ORDERED)
        message->needs = zeroed((size_t)store->space->processes, sizeof *message->needs);
    return message;
}

/* -- delivery ---------------------------------------------------------------------------------- */

static void apply(const struct store *store, struct replica *replica, int origin)
{
    const struct message *message = &store->sequences[origin].messages[replica->applied[origin]++];

    if (message->stamp > replica->clock)
        replica->clock = message->stamp;
    if (store->space->kind == STORE_CONVERGENT && message->stamp < replica->stamps[message->key])
        return;
    replica->values[message->key] = message->value;
    replica->stamps[message->key] = message->stamp;
}

static bool is_deliverable(const struct store *store, const struct replica *replica, int origin)
{
    const struct sequence *sequence = &store->sequences[origin];
    int next = replica->applied[origin];

    if (next == sequence->count)
        return false;
    for (int i = 0; sequence->messages[next].needs && i < store->space->processes; i++) {
        if (i != origin && replica->applied[i] < sequence->messages[next].needs[i])
            return false;
    }
    return true;
}

static int sequence_count(const struct store *store)
{
    return store->space->kind == STORE_ORDERED ? 1 : store->space->processes;
}

static void receive(struct store *store, struct replica *replica)
{
    for (int i = 0; i < sequence_count(store); i++) {
        while (is_deliverable(store, replica, i) && below(store, 100) >= store->space->late_pct)
            apply(store, replica, i);
    }
}

static void catch_up(struct store *store, struct replica *replica)
{
    while (is_deliverable(store, replica, 0))
        apply(store, replica, 0);
}

/* -- operations -------------------------------------------------------------------------------- */

static void publish(struct store *store, int at, int key, int64_t value)
{
    struct replica *replica = &store->replicas[at];
    int origin = store->space->kind == STORE_ORDERED ? 0 : at;
    struct message *message = add_message(store, &store->sequences[origin]);

    message->key = key;
    message->value = value;
    message->stamp = (replica->clock / 64 + 1) * 64 + at;
    for (int i = 0; message->needs && i < store->space->processes; i++)
        message->needs[i] = replica->applied[i];
    if (message->needs)
        apply(store, replica, origin);
    else
        catch_up(store, replica);
}

static void perform(struct store *store, int at)
{
    struct replica *replica = &store->replicas[at];
    struct deed *deed = &store->deeds[store->deed_count++];
    int64_t now_ns = replica->next_ns, open_ns = now_ns - replica->free_ns;

    *deed = (struct deed){.process = replica->process, .key = below(store, store->space->keys)};
    deed->invoke_ns = now_ns - (int64_t)rng_below(&store->rng, (uint64_t)open_ns);
    deed->complete_ns = now_ns + 1 + below(store, 1000);
    deed->unknown = below(store, 100) < store->space->info_pct;
    receive(store, replica);
    if (below(store, 2)) {
        deed->f = OP_F_READ;
        deed->value = replica->values[deed->key];
    } else {
        deed->f = OP_F_WRITE;
        deed->value = ++store->next_value;
        if (below(store, 100) < store->space->cas_pct) {
            catch_up(store, replica);
            deed->f = OP_F_CAS;
            deed->expected = replica->values[deed->key];
        }
        if (!deed->unknown || below(store, 2))
            publish(store, at, deed->key, deed->value);
    }
    replica->free_ns = deed->complete_ns;
    replica->next_ns = deed->complete_ns + 1 + below(store, 1000);
    if (deed->unknown)
        replica->process = store->next_process++;
}

static int next_client(const struct store *store)
{
    int first = 0;

    for (int i = 1; i < store->space->processes; i++) {
        if (store->replicas[i].next_ns < store->replicas[first].next_ns)
            first = i;
    }
    return first;
}

static void run(struct store *store)
{
    const struct store_space *space = store->space;

    rng_init(&store->rng, space->seed, 0);
    store->deeds = zeroed((size_t)space->ops, sizeof *store->deeds);
    store->replicas = zeroed((size_t)space->processes, sizeof *store->replicas);
    store->sequences = zeroed((size_t)space->processes, sizeof *store->sequences);
    for (int i = 0; i < space->processes; i++) {
        store->replicas[i] = (struct replica){
            .process = store->next_process++,
            .next_ns = 1 + below(store, 1000),
            .values = zeroed((size_t)space->keys, sizeof(int64_t)),
            .stamps = zeroed((size_t)space->keys, sizeof(int64_t)),
            .applied = zeroed((size_t)space->processes, sizeof(int)),
        };
    }
    while (store->deed_count < space->ops)
        perform(store, next_client(store));
}

static void release(struct store *store)
{
    for (int i = 0; i < store->space->processes; i++) {
        for (int k = 0; k < store->sequences[i].count; k++)
            free(store->sequences[i].messages[k].needs);
        free(store->sequences[i].messages);
        free(store->replicas[i].values);
        free(store->replicas[i].stamps);
        free(store->replicas[i].applied);
    }
    free(store->sequences);
    free(store->replicas);
    free(store->deeds);
}

/* -- as a history ------------------------------------------------------------------------------ */

static value_id value_of(struct history *history, int64_t value)
{
    return value ? values_int(&history->values, value) : VALUE_NIL;
}

void store_fill(const struct store_space *space, struct history *history)
{
    struct store store = {.space = space};

    run(&store);
    for (int i = 0; i < space->ops; i++) {
        const struct deed *deed = &store.deeds[i];
        struct op op = {.invoke_ns = deed->invoke_ns,
                        .complete_ns = deed->complete_ns,
                        .process = deed->process,
                        .key = values_int(&history->values, deed->key),
                        .complete_index = INDEX_NONE,
                        .type = deed->unknown ? OP_INFO : OP_OK,
                        .f = deed->f,
                        .node = NODE_NONE};
        value_id value = value_of(history, deed->value);
        if (deed->f == OP_F_READ)
            op.out = deed->unknown ? VALUE_NIL : value;
        else if (deed->f == OP_F_WRITE)
            op.in = value;
        else
            op.in = value_of(history, deed->expected), op.in2 = value;
        hist_add(history, &op);
    }
    hist_finish(history);
    release(&store);
}

/* -- as files ---------------------------------------------------------------------------------- */

struct line {
    int64_t time_ns;
    int deed;
    bool completes;
};

static int by_time(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->completes - b->completes;
}

static void print_value(FILE *file, const struct deed *deed, bool completes)
{
    if (deed->f == OP_F_CAS && deed->expected)
        fprintf(file, "[%" PRId64 ",%" PRId64 "]", deed->expected, deed->value);
    else if (deed->f == OP_F_CAS)
        fprintf(file, "[null,%" PRId64 "]", deed->value);
    else if (deed->value && (deed->f == OP_F_WRITE || (completes && !deed->unknown)))
        fprintf(file, "%" PRId64, deed->value);
    else
        fputs("null", file);
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(255);
    }
    return file;
}

static void close_file(FILE *file, const char *path)
{
    if (ferror(file) || fclose(file) != 0) {
        perror(path);
        exit(255);
    }
}

void store_write_jsonl(const struct store_space *space, const char *path)
{
    struct store store = {.space = space};
    FILE *file = open_file(path);

    run(&store);
    struct line *lines = zeroed((size_t)space->ops * 2, sizeof *lines);
    for (int i = 0; i < space->ops; i++) {
        lines[2 * i] = (struct line){store.deeds[i].invoke_ns, i, false};
        lines[2 * i + 1] = (struct line){store.deeds[i].complete_ns, i, true};
    }
    qsort(lines, (size_t)space->ops * 2, sizeof *lines, by_time);
    for (int i = 0; i < space->ops * 2; i++) {
        const struct deed *deed = &store.deeds[lines[i].deed];
        fprintf(file,
                "{\"index\":%d,\"time\":%" PRId64 ",\"type\":\"%s\",\"process\":%" PRId32
                ",\"f\":\"%s\",\"key\":%d,\"value\":",
                i, lines[i].time_ns,
                !lines[i].completes ? "invoke" : (deed->unknown ? "info" : "ok"), deed->process,
                op_f_names[deed->f], deed->key);
        print_value(file, deed, lines[i].completes);
        fputs("}\n", file);
    }
    free(lines);
    close_file(file, path);
    release(&store);
}

void store_write_plume(const struct store_space *space, const char *path)
{
    struct store store = {.space = space};
    FILE *file = open_file(path);

    run(&store);
    for (int i = 0; i < space->ops; i++) {
        const struct deed *deed = &store.deeds[i];
        fprintf(file, "%c(%d,%" PRId64 ",%" PRId32 ",%d)\n", deed->f == OP_F_READ ? 'r' : 'w',
                deed->key, deed->value, deed->process, i);
    }
    close_file(file, path);
    release(&store);
}
