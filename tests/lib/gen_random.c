/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Random histories: of objects that work, of nothing in particular, and damaged ones. */
#include "brute_internal.h"
#include "gen_internal.h"
#include "hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int below(struct rng *rng, int bound)
{
    return (int)rng_below(rng, (uint64_t)bound);
}

static bool chance(struct rng *rng, int pct)
{
    return below(rng, 100) < pct;
}

/* -- a simulated object per key -------------------------------------------------------------- */

enum { CLIENTS_MAX = 64, KEYS_MAX = 256, TRIES_MAX = 20 };

enum client_state { IDLE, OPEN, APPLIED };

struct client {
    enum client_state state;
    int tries; /* to take effect */
    struct op op;
};

struct simulation {
    struct rng *rng;
    const struct gen_random *space;
    const struct brute_model *model;
    struct history *history;
    struct client clients[CLIENTS_MAX];
    value_id keys[KEYS_MAX];
    struct brute_object objects[KEYS_MAX];
    int started, next_value;
    uint32_t line; /* of the next event */
    int32_t next_process;
    int64_t now_ns;
};

static int64_t tick(struct simulation *sim)
{
    if (!chance(sim->rng, sim->space->still_pct))
        sim->now_ns += 1 + below(sim->rng, 10);
    return sim->now_ns;
}

/* Of two micro-operations; the writes write `fresh` if it is given, else 1. */
static value_id any_txn(struct rng *rng, struct values *values, int fresh)
{
    struct gen_micro micros[2];
    const value_id value = values_int(values, fresh ? fresh : 1);

    for (int i = 0; i < 2; i++)
        micros[i] = (struct gen_micro){below(rng, 2), chance(rng, 50) ? value : VALUE_NIL};
    return gen_txn(values, micros, 1 + (size_t)below(rng, 2));
}

static value_id argument(struct simulation *sim, char kind, const struct brute_object *object)
{
    struct values *values = &sim->history->values;
    int range = sim->space->values ? sim->space->values : sim->next_value;

    if (kind == '\0')
        return VALUE_NIL;
    if (kind == 't')
        return any_txn(sim->rng, values, sim->space->values ? 0 : ++sim->next_value);
    if (kind == 's')
        return gen_string(values, sim->space->values ? below(sim->rng, sim->space->values)
                                                     : sim->next_value++);
    if (kind == 'S' && object->text[0] && chance(sim->rng, 80))
        return values_json(values, str_of(object->text));
    if (kind == 'S')
        return chance(sim->rng, 50) ? VALUE_NIL : gen_string(values, below(sim->rng, 3));
    if (kind == '#' && !sim->space->values)
        return values_int(values, ++sim->next_value);
    if (kind == '$' && chance(sim->rng, 80))
        return object->value;
    if (kind == '=' && object->count && chance(sim->rng, 50))
        return object->items[below(sim->rng, object->count)];
    if (kind == '$' && chance(sim->rng, 20))
        return VALUE_NIL;
    return values_int(values, 1 + below(sim->rng, range ? range : 1));
}

static void start(struct simulation *sim, struct client *client, int key)
{
    const struct gen_call *first;
    size_t count = gen_calls(sim->space->model, &first);
    const struct gen_call *call = &first[below(sim->rng, (int)count)];
    int32_t process = client->op.process;

    client->op = (struct op){
        .process = process,
        .node = NODE_NONE,
        .type = OP_OK,
        .key = sim->keys[key],
        .complete_index = INDEX_NONE,
        .f = gen_f(call->f),
    };
    client->op.in = argument(sim, call->arguments[0], &sim->objects[key]);
    if (call->arguments[0])
        client->op.in2 = argument(sim, call->arguments[1], &sim->objects[key]);
    client->op.invoke_ns = tick(sim);
    client->op.index = sim->line++;
    client->state = OPEN;
    client->tries = 0;
    sim->started++;
}

static value_id say(struct values *values, const struct brute_answer *answer, const struct op *op)
{
    switch (answer->kind) {
    case ANSWER_NOTHING:
        break;
    case ANSWER_VALUE:
        return answer->value;
    case ANSWER_NUMBER:
        return values_int(values, answer->number);
    case ANSWER_TOKEN:
        return op->out;
    case ANSWER_TEXT:
        return answer->text[0] ? values_json(values, str_of(answer->text)) : VALUE_NIL;
    case ANSWER_TXN:
        return gen_txn_answer(values, op->in, answer->items);
    case ANSWER_TRUTH:
    case ANSWER_CHANGED:
        return values_json(values, answer->number ? STR("true") : STR("false"));
    case ANSWER_LIST:
    case ANSWER_BAG:
        return values_list(values, answer->items, (size_t)answer->count);
    }
    return VALUE_NIL;
}

/* Let the operation take effect, if it can. */
static void apply(struct simulation *sim, struct client *client)
{
    struct values *values = &sim->history->values;
    struct brute_answer answer = {.kind = ANSWER_NOTHING};
    int key = 0;

    while (sim->keys[key] != client->op.key)
        key++;
    client->op.out = values_int(values, sim->objects[key].token + 1 + below(sim->rng, 2));
    bool done = sim->model->apply(values, &client->op, &sim->objects[key], &answer);
    client->op.out = done ? say(values, &answer, &client->op) : VALUE_NIL;
    if (done)
        client->state = APPLIED;
    client->tries++;
}

/* Record the operation with `type`; its client goes on, as another process if it must. */
static void end(struct simulation *sim, struct client *client, uint8_t type)
{
    struct op *op = &client->op;

    op->type = type;
    op->complete_ns = tick(sim);
    if (type == OP_INFO && chance(sim->rng, 50))
        op->complete_ns = TIME_NEVER;
    if (op->complete_ns != TIME_NEVER)
        op->complete_index = sim->line++;
    if (type != OP_OK)
        op->out = VALUE_NIL;
    hist_add(sim->history, op);
    client->state = IDLE;
    if (type == OP_INFO)
        op->process = sim->next_process++;
}

static void advance(struct simulation *sim, struct client *client)
{
    const struct gen_random *space = sim->space;

    if (client->state == IDLE) {
        if (sim->started < space->ops)
            start(sim, client, below(sim->rng, space->keys));
    } else if (client->state == APPLIED) {
        end(sim, client, chance(sim->rng, space->info_pct) ? OP_INFO : OP_OK);
    } else if (client->tries == 0 && chance(sim->rng, space->info_pct / 2)) {
        end(sim, client, OP_INFO);
    } else if (client->tries > TRIES_MAX ||
               (client->tries == 0 && chance(sim->rng, space->fail_pct))) {
        end(sim, client, OP_FAIL);
    } else {
        apply(sim, client);
    }
}

void gen_valid(struct rng *rng, const struct gen_random *space, struct history *history)
{
    struct simulation *sim = calloc(1, sizeof *sim);

    if (!sim || space->processes > CLIENTS_MAX || space->keys > KEYS_MAX)
        abort();
    sim->rng = rng;
    sim->space = space;
    sim->model = brute_model_find(space->model);
    sim->history = history;
    sim->next_process = space->processes;
    for (int i = 0; i < space->processes; i++)
        sim->clients[i].op.process = i;
    for (int i = 0; i < space->keys; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "k%d", i);
        sim->keys[i] = space->keys == 1 ? VALUE_NIL : values_string(&history->values, str_of(name));
        brute_begin(&sim->objects[i], &history->values,
                    space->initial ? values_int(&history->values, space->initial) : VALUE_NIL);
    }
    while (history->count < (size_t)space->ops)
        advance(sim, &sim->clients[below(rng, space->processes)]);
    free(sim);
    if (space->lines)
        hist_refinish(history);
    else
        hist_finish(history);
}

/* -- anything -------------------------------------------------------------------------------- */

static value_id any_argument(struct rng *rng, struct values *values, char kind, int fresh,
                             int range)
{
    if (kind == '\0' || (kind == '$' && chance(rng, 25)))
        return VALUE_NIL;
    if (kind == 't')
        return any_txn(rng, values, fresh);
    if (kind == 's' || kind == 'S')
        return kind == 'S' && chance(rng, 25) ? VALUE_NIL : gen_string(values, below(rng, 2));
    if (kind == '#' && fresh)
        return values_int(values, fresh);
    return values_int(values, 1 + below(rng, range));
}

void gen_noise(struct rng *rng, const struct gen_random *space, struct history *history)
{
    struct values *values = &history->values;
    const struct gen_call *first;
    size_t call_count = gen_calls(space->model, &first);
    int64_t free_from[CLIENTS_MAX] = {0};
    int32_t process[CLIENTS_MAX];
    int32_t next_process = space->processes;
    int range = space->values ? space->values : space->ops;

    for (int i = 0; i < space->processes; i++)
        process[i] = i;
    for (int i = 0; i < space->ops; i++) {
        const struct gen_call *call = &first[below(rng, (int)call_count)];
        int client = below(rng, space->processes), fresh = space->values ? 0 : i + 1;
        value_id answers[GEN_ANSWERS_MAX];
        char name[2] = {(char)('a' + below(rng, space->keys)), '\0'};
        struct op op = {.process = process[client],
                        .node = NODE_NONE,
                        .type = OP_OK,
                        .complete_index = INDEX_NONE,
                        .f = gen_f(call->f)};
        op.key = space->keys == 1 ? VALUE_NIL : values_string(values, str_of(name));
        op.in = any_argument(rng, values, call->arguments[0], fresh, range);
        if (call->arguments[0])
            op.in2 = any_argument(rng, values, call->arguments[1], fresh, range);
        op.invoke_ns = free_from[client] + below(rng, 6);
        op.complete_ns = free_from[client] = op.invoke_ns + below(rng, 12);
        if (chance(rng, space->fail_pct))
            op.type = OP_FAIL;
        if (chance(rng, space->info_pct)) {
            op.type = OP_INFO;
            process[client] = next_process++;
            if (chance(rng, 50))
                op.complete_ns = TIME_NEVER;
        }
        size_t answer_count = gen_answers(values, call->answers, op.in, range, answers);
        if (op.type == OP_OK)
            op.out = answers[below(rng, (int)answer_count)];
        hist_add(history, &op);
    }
    hist_finish(history);
}

/* -- damage ---------------------------------------------------------------------------------- */

/* When the operation's process becomes free before it and is needed again after it. */
static void room_of(const struct history *history, size_t at, int64_t *from, int64_t *to)
{
    const struct op *op = &history->ops[at];

    *from = 0;
    *to = history->end_ns + 10;
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].process != op->process)
            continue;
        if (i < at && history->ops[i].complete_ns > *from)
            *from = history->ops[i].complete_ns;
        if (i > at && history->ops[i].invoke_ns < *to)
            *to = history->ops[i].invoke_ns;
    }
}

/* What the process does after operation `at` becomes another process's. */
static void cut_process(struct history *history, size_t at)
{
    int32_t process = history->ops[at].process, greatest = 0;

    for (size_t i = 0; i < history->count; i++)
        greatest = history->ops[i].process > greatest ? history->ops[i].process : greatest;
    for (size_t i = at + 1; i < history->count; i++) {
        if (history->ops[i].process == process)
            history->ops[i].process = greatest + 1;
    }
}

static void damage_times(struct rng *rng, struct history *history, size_t at)
{
    struct op *op = &history->ops[at];
    int64_t from, to;

    room_of(history, at, &from, &to);
    op->invoke_ns = from + (int64_t)rng_below(rng, (uint64_t)(to - from) + 1);
    if (op->complete_ns != TIME_NEVER)
        op->complete_ns =
            op->invoke_ns + (int64_t)rng_below(rng, (uint64_t)(to - op->invoke_ns) + 1);
}

static void damage_outcome(struct rng *rng, struct history *history, size_t at)
{
    struct op *op = &history->ops[at];

    if (op->type == OP_OK && chance(rng, 70)) {
        op->type = chance(rng, 50) ? OP_FAIL : OP_INFO;
        op->out = VALUE_NIL;
        if (op->type == OP_INFO)
            cut_process(history, at);
    } else if (op->complete_ns != TIME_NEVER) {
        op->type = OP_OK;
    }
}

void gen_damage(struct rng *rng, struct history *history)
{
    size_t at = rng_below(rng, history->count), other = rng_below(rng, history->count);
    struct op *op = &history->ops[at], *giver = &history->ops[other];
    value_id out = op->out;

    switch (below(rng, 6)) {
    case 0: /* somebody else's answer, of the past or the future */
        if (op->type == OP_OK && op->f == giver->f)
            op->out = giver->out;
        else if (op->type == OP_OK && op->in == VALUE_NIL)
            op->out = giver->in2 ? giver->in2 : giver->in;
        break;
    case 1:
        if (op->type == OP_OK && giver->type == OP_OK && op->f == giver->f) {
            op->out = giver->out;
            giver->out = out;
        }
        break;
    case 2:
        for (size_t i = at; i + 1 < history->count; i++)
            history->ops[i] = history->ops[i + 1];
        history->count--;
        break;
    case 3:
        damage_outcome(rng, history, at);
        break;
    case 4:
        damage_times(rng, history, at);
        break;
    default:
        if (op->f == giver->f) {
            value_id in = op->in;
            op->in = giver->in;
            giver->in = in;
        }
        break;
    }
    history->end_ns = 0;
    hist_finish(history);
}

/* -- what cannot be -------------------------------------------------------------------------- */

/* Some operation that succeeded, with this f and a result or argument. */
static const struct op *any_success(struct rng *rng, const struct history *history, uint8_t f)
{
    size_t start = rng_below(rng, history->count);

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[(start + i) % history->count];
        if (op->type == OP_OK && op->f == f && (op->out != VALUE_NIL || op->in != VALUE_NIL))
            return op;
    }
    return NULL;
}

static void add_last(struct history *history, struct op op, int32_t process)
{
    op.process = process;
    op.type = OP_OK;
    op.node = NODE_NONE;
    op.invoke_ns = op.complete_ns = history->end_ns + 1;
    history->end_ns++;
    op.complete_index = INDEX_NONE;
    hist_add(history, &op);
}

void gen_add_impossible(struct rng *rng, const char *model, struct history *history)
{
    static const char *const takes[] = {"dequeue", "pop", "poll"};
    struct values *values = &history->values;
    int32_t fresh = 0;
    struct op op = {.key = history->ops[0].key, .f = OP_F_READ};
    op.out = values_int(values, 987654321);

    for (size_t i = 0; i < history->count; i++)
        fresh = history->ops[i].process >= fresh ? history->ops[i].process + 1 : fresh;
    for (size_t i = 0; i < 3; i++) {
        const struct op *taken = any_success(rng, history, gen_f(takes[i]));
        if (taken)
            op = *taken;
    }
    if (strcmp(model, "set") == 0 || strcmp(model, "append-list") == 0)
        op.out = values_list(values, &op.out, 1);
    if (strcmp(model, "key-value") == 0)
        op.f = OP_F_GET;
    if (strcmp(model, "multi-register") == 0) {
        op.f = OP_F_TXN;
        op.in = gen_txn(values, (struct gen_micro[]){{0, VALUE_NIL}}, 1);
        op.out = gen_txn_answer(values, op.in, &op.out);
    }
    if (strstr(model, "lock") || strstr(model, "mutex") || strcmp(model, "semaphore") == 0) {
        op.f = OP_F_RELEASE;
        op.out = VALUE_NIL;
        for (int i = 0; i < 4; i++)
            add_last(history, op, fresh);
    }
    add_last(history, op, fresh);
    hist_refinish(history);
}
