/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "load.h"

#include "../../harness/base/buf.h"
#include "../../harness/base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVOKE, EFFECT, COMPLETE };

struct client {
    int64_t time_ns; /* of its next phase */
    int phase;
    uint32_t process;
    enum op_f f;
    int key;
    bool unknown, happens, ok;
    int64_t a, b, result, last_read; /* last_read: of the key's value, for cas */
    int64_t done_ns;
};

struct object {
    int64_t *items; /* a queue's or stack's */
    size_t first, count, capacity;
    int64_t value, old; /* a register's, now and long before */
};

/* Clients by the time of their next phase: a heap. */
struct world {
    const struct load *load;
    struct rng rng;
    struct client *clients;
    int *heap;
    struct object *objects;
    uint64_t invoked;
    int64_t next_value;
    bool stale_done;
    load_sink *sink;
    void *ctx;
};

static bool sooner(const struct world *world, int a, int b)
{
    const struct client *x = &world->clients[a], *y = &world->clients[b];
    return x->time_ns != y->time_ns ? x->time_ns < y->time_ns : a < b;
}

static void sift_down(struct world *world)
{
    int at = 0, count = world->load->clients, top = world->heap[0];

    for (;;) {
        int child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && sooner(world, world->heap[child + 1], world->heap[child]))
            child++;
        if (!sooner(world, world->heap[child], top))
            break;
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = top;
}

static int64_t new_value(struct world *world)
{
    if (world->load->values)
        return 1 + (int64_t)rng_below(&world->rng, (uint64_t)world->load->values);
    return ++world->next_value;
}

static void choose(struct world *world, struct client *client)
{
    bool collection = world->load->object >= LOAD_QUEUE;
    uint64_t kinds = world->load->object == LOAD_CAS_REGISTER ? 3 : 2;
    uint64_t kind = rng_below(&world->rng, kinds);

    client->key = (int)rng_below(&world->rng, (uint64_t)world->load->keys);
    client->a = client->b = LOAD_NIL;
    if (collection) {
        bool queue = world->load->object == LOAD_QUEUE;
        client->f = kind ? (queue ? OP_F_ENQUEUE : OP_F_PUSH) : (queue ? OP_F_DEQUEUE : OP_F_POP);
        if (kind)
            client->a = new_value(world);
        return;
    }
    client->f = kind == 0 ? OP_F_READ : kind == 1 ? OP_F_WRITE : OP_F_CAS;
    if (kind == 1)
        client->a = new_value(world);
    if (kind == 2) {
        client->a = world->load->values ? new_value(world) : client->last_read;
        client->b = new_value(world);
    }
}

static void emit(struct world *world, const struct client *client, enum op_type type)
{
    struct load_event event = {.time_ns = client->time_ns,
                               .process = client->process,
                               .type = type,
                               .f = client->f,
                               .key = client->key,
                               .a = client->a,
                               .b = client->b,
                               .has_value = client->a != LOAD_NIL || client->f == OP_F_CAS,
                               .is_pair = client->f == OP_F_CAS};
    if (type == OP_OK &&
        (client->f == OP_F_READ || client->f == OP_F_DEQUEUE || client->f == OP_F_POP)) {
        event.a = client->result;
        event.has_value = client->result != LOAD_NIL;
    }
    world->sink(world->ctx, &event);
}

static void take(struct object *object, struct client *client)
{
    client->result = LOAD_NIL;
    if (object->count == object->first)
        return;
    client->result =
        client->f == OP_F_DEQUEUE ? object->items[object->first++] : object->items[--object->count];
}

static void insert(struct object *object, int64_t value)
{
    if (object->count == object->capacity) {
        object->capacity = object->capacity ? object->capacity * 2 : 64;
        object->items = realloc(object->items, object->capacity * sizeof *object->items);
        if (!object->items)
            abort();
    }
    object->items[object->count++] = value;
}

static void take_effect(struct world *world, struct client *client)
{
    struct object *object = &world->objects[client->key];

    client->ok = true;
    switch (client->f) {
    case OP_F_READ:
        client->result = object->value;
        if (world->load->stale_at && world->invoked > world->load->stale_at && !world->stale_done &&
            object->old != LOAD_NIL && !client->unknown) {
            client->result = object->old;
            world->stale_done = true;
        }
        client->last_read = client->result;
        break;
    case OP_F_WRITE:
        object->value = client->a;
        break;
    case OP_F_CAS:
        client->ok = object->value == client->a;
        if (client->ok)
            object->value = client->b;
        break;
    case OP_F_ENQUEUE:
    case OP_F_PUSH:
        insert(object, client->a);
        break;
    default:
        take(object, client);
    }
    if (world->invoked * 2 < world->load->stale_at)
        object->old = object->value;
}

/* A client's next phase; false when it has nothing more to do. */
static bool advance(struct world *world, struct client *client)
{
    struct rng *rng = &world->rng;
    int64_t before, after;

    switch (client->phase) {
    case INVOKE:
        if (world->invoked == world->load->ops)
            return false;
        world->invoked++;
        choose(world, client);
        client->unknown = (int)rng_below(rng, 1000) < world->load->unknown_permil;
        client->happens = !client->unknown || rng_below(rng, 2);
        emit(world, client, OP_INVOKE);
        before = 1 + (int64_t)(rng_exponential(rng) * 500000);
        after = 1 + (int64_t)(rng_exponential(rng) * 500000);
        client->time_ns += before;
        client->done_ns = client->time_ns + after;
        break;
    case EFFECT:
        if (client->happens)
            take_effect(world, client);
        client->time_ns = client->done_ns;
        break;
    default:
        emit(world, client, client->unknown ? OP_INFO : client->ok ? OP_OK : OP_FAIL);
        if (client->unknown) {
            client->process += (uint32_t)world->load->clients;
            client->last_read = LOAD_NIL;
        }
        client->time_ns += 1 + (int64_t)rng_below(rng, 1000);
        break;
    }
    client->phase = (client->phase + 1) % 3;
    return true;
}

void load_run(const struct load *load, load_sink *sink, void *ctx)
{
    struct world world = {.load = load, .sink = sink, .ctx = ctx};
    size_t clients = (size_t)load->clients;

    rng_init(&world.rng, load->seed, 0);
    world.clients = calloc(clients, sizeof *world.clients);
    world.heap = calloc(clients, sizeof *world.heap);
    world.objects = calloc((size_t)load->keys, sizeof *world.objects);
    if (!world.clients || !world.heap || !world.objects)
        abort();
    for (int i = 0; i < load->clients; i++) {
        world.clients[i] =
            (struct client){.time_ns = i + 1, .process = (uint32_t)i, .last_read = LOAD_NIL};
        world.heap[i] = i;
    }
    for (int k = 0; k < load->keys; k++)
        world.objects[k].value = world.objects[k].old = LOAD_NIL;
    for (int done = 0; done < load->clients;) {
        struct client *client = &world.clients[world.heap[0]];
        if (!advance(&world, client)) {
            client->time_ns = INT64_MAX;
            done++;
        }
        sift_down(&world);
    }
    for (int k = 0; k < load->keys; k++)
        free(world.objects[k].items);
    free(world.objects);
    free(world.clients);
    free(world.heap);
}

/* -- text ------------------------------------------------------------------------------------- */

static bool parse_object(const char *name, enum load_object *object)
{
    static const char *const names[] = {"register", "cas-register", "queue", "stack"};

    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            *object = (enum load_object)i;
            return true;
        }
    }
    return false;
}

static bool parse_member(const char *name, int64_t number, struct load *load)
{
    if (strcmp(name, "ops") == 0)
        load->ops = (uint64_t)number;
    else if (strcmp(name, "clients") == 0)
        load->clients = (int)number;
    else if (strcmp(name, "keys") == 0)
        load->keys = (int)number;
    else if (strcmp(name, "values") == 0)
        load->values = (int)number;
    else if (strcmp(name, "unknown") == 0)
        load->unknown_permil = (int)number;
    else if (strcmp(name, "seed") == 0)
        load->seed = (uint64_t)number;
    else if (strcmp(name, "stale") == 0)
        load->stale_at = (uint64_t)number;
    else
        return false;
    return true;
}

bool load_parse(const char *text, struct load *load)
{
    *load = (struct load){.ops = 1000, .clients = 5, .keys = 1, .seed = 1};
    while (*text) {
        char name[32], value[32];
        int64_t number;
        int used = 0;
        if (sscanf(text, " %31[a-z]=%31[a-z0-9-]%n ", name, value, &used) != 2)
            return false;
        text += used;
        while (*text == ' ')
            text++;
        if (strcmp(name, "object") == 0
                ? !parse_object(value, &load->object)
                : !str_to_int(str_of(value), &number) || !parse_member(name, number, load))
            return false;
    }
    return load->clients > 0 && load->keys > 0;
}

struct lines {
    FILE *file;
    struct buf buf;
    const struct load *load;
    int64_t index;
};

static void put_number(struct buf *buf, int64_t number)
{
    if (number == LOAD_NIL)
        buf_puts(buf, "null");
    else
        buf_int(buf, number);
}

static void put_line(void *ctx, const struct load_event *event)
{
    struct lines *lines = ctx;
    struct buf *buf = &lines->buf;

    buf_puts(buf, "{");
    buf_json_int(buf, "index", lines->index++);
    buf_json_int(buf, "time", event->time_ns);
    buf_json_str(buf, "type", str_of(op_type_names[event->type]));
    buf_json_int(buf, "process", event->process);
    buf_json_str(buf, "f", str_of(op_f_names[event->f]));
    if (lines->load->keys > 1)
        buf_json_int(buf, "key", event->key);
    buf_json_next(buf, "value");
    if (event->is_pair) {
        buf_puts(buf, "[");
        put_number(buf, event->a);
        buf_puts(buf, ",");
        put_number(buf, event->b);
        buf_puts(buf, "]");
    } else {
        put_number(buf, event->has_value ? event->a : LOAD_NIL);
    }
    buf_puts(buf, "}\n");
    if (buf->len < 1 << 16)
        return;
    if (fwrite(buf->ptr, 1, buf->len, lines->file) != buf->len)
        abort();
    buf_clear(buf);
}

void load_write(const struct load *load, const char *path)
{
    struct lines lines = {.file = fopen(path, "w"), .load = load};

    if (!lines.file) {
        perror(path);
        exit(1);
    }
    buf_init(&lines.buf, 0);
    load_run(load, put_line, &lines);
    if ((lines.buf.len && fwrite(lines.buf.ptr, 1, lines.buf.len, lines.file) != lines.buf.len) ||
        fclose(lines.file) != 0) {
        perror(path);
        exit(1);
    }
    buf_release(&lines.buf);
}
