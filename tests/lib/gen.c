/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* All small histories, and the table of what can be asked and answered. */
#include "gen.h"

#include "gen_internal.h"
#include "hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one model stand together. */
static const struct gen_call calls[] = {
    {"register", "read", "", ANSWERS_VALUE},
    {"register", "write", "#", ANSWERS_NONE},
    {"cas-register", "read", "", ANSWERS_VALUE},
    {"cas-register", "write", "#", ANSWERS_NONE},
    {"cas-register", "cas", "$#", ANSWERS_NONE},
    {"multi-register", "txn", "t", ANSWERS_TXN},
    {"counter", "read", "", ANSWERS_NUMBER},
    {"counter", "add", "=", ANSWERS_NONE},
    {"set", "add", "#", ANSWERS_NONE},
    {"set", "remove", "=", ANSWERS_TRUTH},
    {"set", "contains", "=", ANSWERS_TRUTH},
    {"set", "read", "", ANSWERS_LIST},
    {"append-list", "append", "#", ANSWERS_NONE},
    {"append-list", "read", "", ANSWERS_LIST},
    {"queue", "enqueue", "#", ANSWERS_NONE},
    {"queue", "dequeue", "", ANSWERS_VALUE},
    {"queue", "peek", "", ANSWERS_VALUE},
    {"stack", "push", "#", ANSWERS_NONE},
    {"stack", "pop", "", ANSWERS_VALUE},
    {"stack", "peek", "", ANSWERS_VALUE},
    {"priority-queue", "insert", "#", ANSWERS_NONE},
    {"priority-queue", "poll", "", ANSWERS_VALUE},
    {"priority-queue", "peek", "", ANSWERS_VALUE},
    {"mutex", "acquire", "", ANSWERS_NONE},
    {"mutex", "release", "", ANSWERS_NONE},
    {"owned-mutex", "acquire", "", ANSWERS_NONE},
    {"owned-mutex", "release", "", ANSWERS_NONE},
    {"reentrant-lock", "acquire", "", ANSWERS_NONE},
    {"reentrant-lock", "release", "", ANSWERS_NONE},
    {"fenced-lock", "acquire", "", ANSWERS_TOKEN},
    {"fenced-lock", "release", "", ANSWERS_NONE},
    {"semaphore", "acquire", "$", ANSWERS_NONE},
    {"semaphore", "release", "$", ANSWERS_NONE},
    {"key-value", "get", "", ANSWERS_STRING},
    {"key-value", "put", "s", ANSWERS_NONE},
    {"key-value", "append", "s", ANSWERS_NONE},
    {"key-value", "cas", "Ss", ANSWERS_NONE},
    {"key-value", "delete", "", ANSWERS_NONE},
    {0},
};

size_t gen_calls(const char *model, const struct gen_call **first)
{
    size_t count = 0;

    *first = NULL;
    for (const struct gen_call *call = calls; call->model; call++) {
        if (strcmp(call->model, model) != 0)
            continue;
        if (!*first)
            *first = call;
        count++;
    }
    if (!count) {
        fprintf(stderr, "gen.c has no row for model '%s'\n", model);
        abort();
    }
    return count;
}

/* -- alternatives: what one operation can be ------------------------------------------------- */

enum { ALTERNATIVES_MAX = 512, OPS_MAX = 8 };

struct alternatives {
    struct op at[ALTERNATIVES_MAX];
    size_t count;
};

static void add_alternative(struct alternatives *alternatives, const struct op *op)
{
    if (alternatives->count == ALTERNATIVES_MAX)
        abort();
    alternatives->at[alternatives->count++] = *op;
}

value_id gen_string(struct values *values, int number)
{
    char text[8];
    int len = snprintf(text, sizeof text, "%c", 'a' + number % 26);
    if (number >= 26)
        len = snprintf(text, sizeof text, "%c%d", 'a' + number % 26, number / 26);
    return values_string(values, (struct str){text, (size_t)len});
}

value_id gen_txn(struct values *values, const struct gen_micro *micros, size_t count)
{
    value_id list[2];

    if (count > 2)
        abort();
    for (size_t i = 0; i < count; i++) {
        const char *f = micros[i].value == VALUE_NIL ? "r" : "w";
        value_id parts[3] = {values_string(values, str_of(f)),
                             gen_string(values, 'x' - 'a' + micros[i].key), micros[i].value};
        list[i] = values_list(values, parts, 3);
    }
    return values_list(values, list, count);
}

value_id gen_txn_answer(struct values *values, value_id txn, const value_id *reads)
{
    value_id read = values_string(values, STR("r")), list[2], copy[2];
    const value_id *micros, *parts;
    size_t count, part_count;

    if (!values_get_list(values, txn, &micros, &count) || count > 2)
        abort();
    memcpy(copy, micros, count * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        list[i] = copy[i];
        if (!values_get_list(values, copy[i], &parts, &part_count) || part_count != 3)
            abort();
        if (parts[0] == read)
            list[i] = values_list(values, (value_id[]){read, parts[1], *reads++}, 3);
    }
    return values_list(values, list, count);
}

/* Each read of the transaction returns nil or 1. */
static size_t txn_answers(struct values *values, value_id txn, value_id *out)
{
    const value_id one = values_int(values, 1);
    size_t count = 0;

    for (unsigned bits = 0; bits < 4; bits++) {
        value_id reads[2] = {bits & 1 ? one : VALUE_NIL, bits & 2 ? one : VALUE_NIL};
        value_id answer = gen_txn_answer(values, txn, reads);
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || out[i] == answer;
        if (!known)
            out[count++] = answer;
    }
    return count;
}

size_t gen_answers(struct values *values, enum gen_answers kind, value_id in, int max,
                   value_id out[GEN_ANSWERS_MAX])
{
    size_t count = 0;
    const value_id one = values_int(values, 1), two = values_int(values, 2);

    switch (kind) {
    case ANSWERS_NONE:
        out[count++] = VALUE_NIL;
        break;
    case ANSWERS_VALUE:
        for (int i = 0; i <= max; i++)
            out[count++] = i ? values_int(values, i) : VALUE_NIL;
        break;
    case ANSWERS_NUMBER:
        for (int i = -1; i <= max + 1; i++)
            out[count++] = values_int(values, i);
        break;
    case ANSWERS_TOKEN:
        for (int i = 1; i <= max + 1; i++)
            out[count++] = values_int(values, i);
        break;
    case ANSWERS_TRUTH:
        out[count++] = values_json(values, STR("true"));
        out[count++] = values_json(values, STR("false"));
        break;
    case ANSWERS_LIST:
        out[count++] = values_list(values, NULL, 0);
        out[count++] = values_list(values, &one, 1);
        out[count++] = values_list(values, &two, 1);
        out[count++] = values_list(values, (value_id[]){one, two}, 2);
        out[count++] = values_list(values, (value_id[]){two, one}, 2);
        out[count++] = values_list(values, (value_id[]){one, one}, 2);
        break;
    case ANSWERS_STRING:
        out[count++] = VALUE_NIL;
        for (int i = 0; i < 2; i++)
            out[count++] = gen_string(values, i);
        out[count++] = values_string(values, STR("ab"));
        out[count++] = values_string(values, STR("aa"));
        break;
    case ANSWERS_TXN:
        return txn_answers(values, in, out);
    }
    return count;
}

/* The outcomes of a call whose arguments are given. */
static void add_outcomes(struct alternatives *alternatives, const struct gen_all *space,
                         struct values *values, const struct gen_call *call, struct op op)
{
    value_id answers[GEN_ANSWERS_MAX];
    size_t count = gen_answers(values, call->answers, op.in, space->values, answers);

    op.type = OP_OK;
    for (size_t i = 0; i < count; i++) {
        op.out = answers[i];
        add_alternative(alternatives, &op);
    }
    op.out = VALUE_NIL;
    if (space->info) {
        op.type = OP_INFO;
        add_alternative(alternatives, &op);
    }
    if (space->fail) {
        op.type = OP_FAIL;
        add_alternative(alternatives, &op);
    }
}

enum { ARGUMENTS_MAX = 32 };

/* Reads and writes of 1, of two keys, alone and in pairs. */
static size_t txn_arguments(struct values *values, value_id out[ARGUMENTS_MAX])
{
    const value_id one = values_int(values, 1);
    size_t count = 0;

    for (int a = 0; a < 4; a++) {
        struct gen_micro micros[2] = {{a / 2, a % 2 ? one : VALUE_NIL}};
        out[count++] = gen_txn(values, micros, 1);
        for (int b = 0; b < 2; b++) {
            micros[1] = (struct gen_micro){1 - a / 2, b ? one : VALUE_NIL};
            out[count++] = gen_txn(values, micros, 2);
        }
    }
    return count;
}

/* All values that an argument can have; a call without arguments has the nil one. */
static size_t argument_values(struct values *values, char kind, int max,
                              value_id out[ARGUMENTS_MAX])
{
    size_t count = 0;

    if (kind == 't')
        return txn_arguments(values, out);
    if (kind == '\0' || kind == '$' || kind == 'S')
        out[count++] = VALUE_NIL;
    for (int i = 1; kind != '\0' && i <= max; i++)
        out[count++] =
            kind == 's' || kind == 'S' ? gen_string(values, i - 1) : values_int(values, i);
    return count;
}

static void list_alternatives(struct alternatives *alternatives, const struct gen_all *space,
                              struct values *values, value_id key)
{
    const struct gen_call *first;
    size_t count = gen_calls(space->model, &first);

    for (const struct gen_call *call = first; call < first + count; call++) {
        value_id ins[ARGUMENTS_MAX], in2s[ARGUMENTS_MAX];
        char second = call->arguments[0] ? call->arguments[1] : '\0';
        size_t in_count = argument_values(values, call->arguments[0], space->values, ins);
        size_t in2_count = argument_values(values, second, space->values, in2s);
        for (size_t a = 0; a < in_count; a++) {
            for (size_t b = 0; b < in2_count; b++) {
                struct op op = {.key = key, .in = ins[a], .in2 = in2s[b], .node = NODE_NONE};
                op.f = gen_f(call->f);
                add_outcomes(alternatives, space, values, call, op);
            }
        }
    }
}

uint8_t gen_f(const char *name)
{
    for (uint8_t f = 0; f < OP_F_KNOWN; f++) {
        if (strcmp(op_f_names[f], name) == 0)
            return f;
    }
    abort();
}

/* -- enumeration ----------------------------------------------------------------------------- */

struct enumeration {
    const struct gen_all *space;
    struct alternatives alternatives;
    struct history *history;
    gen_visit *visit;
    void *ctx;
    uint64_t count;
    bool distinct;
    struct op ops[OPS_MAX];
    int last_over[OPS_MAX]; /* the last operation invoked while it was open */
    value_id keys[OPS_MAX];
};

/* Whether no read of the first `count` operations contradicts that what it read was written, by
 * one of them or by one to come. */
static bool is_plausible(const struct enumeration *all, int count)
{
    for (int r = 0; r < count; r++) {
        const struct op *read = &all->ops[r];
        int64_t writer;
        if (read->f != OP_F_READ || !values_get_int(&all->history->values, read->out, &writer) ||
            writer > count)
            continue;
        const struct op *write = &all->ops[writer - 1];
        if (write->f != OP_F_WRITE || write->key != read->key)
            return false;
    }
    return true;
}

static void emit(struct enumeration *all)
{
    struct history *history = all->history;

    history->count = 0;
    history->end_ns = 0;
    for (int i = 0; i < all->space->ops; i++)
        hist_add(history, &all->ops[i]);
    hist_finish(history);
    all->count++;
    all->visit(all->ctx, history);
}

/* Whether `process` can invoke operation i. */
static bool is_free(const struct enumeration *all, int32_t process, int i)
{
    for (int k = 0; k < i; k++) {
        if (all->ops[k].process == process &&
            (all->last_over[k] >= i || all->ops[k].type == OP_INFO))
            return false;
    }
    return true;
}

static void choose(struct enumeration *all, int i, int32_t processes, int keys);

/* With operation and interval chosen, choose the process: one used already, or the next new one. */
static void choose_process(struct enumeration *all, int i, int32_t processes, int keys)
{
    int32_t first = 0;

    /* Where time does not matter, neither does how processes interleave. */
    if (!all->space->real_time && i > 0)
        first = all->ops[i - 1].process;
    if (all->space->processes == 0)
        first = processes;
    for (int32_t p = first; p <= processes; p++) {
        if (all->space->processes && p == all->space->processes)
            break;
        all->ops[i].process = p;
        if (is_free(all, p, i))
            choose(all, i + 1, processes + (p == processes), keys);
    }
}

static void choose(struct enumeration *all, int i, int32_t processes, int keys)
{
    const struct gen_all *space = all->space;
    size_t per_key = all->alternatives.count / (size_t)space->keys;

    if (space->plausible && !is_plausible(all, i))
        return;
    if (i == space->ops) {
        emit(all);
        return;
    }
    /* Keys come in order of their first use. */
    int key_choices = keys < space->keys ? keys + 1 : space->keys;
    for (size_t a = 0; a < per_key * (size_t)key_choices; a++) {
        struct op *op = &all->ops[i];
        *op = all->alternatives.at[a];
        op->invoke_ns = i * 10;
        op->complete_index = INDEX_NONE;
        if (all->distinct && op->f == OP_F_WRITE)
            op->in = values_int(&all->history->values, i + 1);
        int next_keys = a / per_key == (size_t)keys ? keys + 1 : keys;
        /* When an operation of unknown outcome ended does not matter, nor when a failed one did. */
        int from = op->type == OP_INFO ? space->ops - 1 : i;
        int to = op->type == OP_FAIL || !space->real_time ? i : space->ops - 1;
        for (int over = from; over <= (from > to ? from : to); over++) {
            all->last_over[i] = over;
            op->complete_ns = op->type == OP_INFO ? TIME_NEVER : over * 10 + 1 + i;
            choose_process(all, i, processes, next_keys);
        }
    }
}

static uint64_t run(struct enumeration *all, struct history *history)
{
    if (all->space->ops > OPS_MAX)
        abort();
    all->history = history;
    choose(all, 0, 0, 0);
    return all->count;
}

static value_id key_at(struct values *values, int at)
{
    char name[8];
    (void)snprintf(name, sizeof name, "%c", 'x' + at);
    return values_string(values, str_of(name));
}

uint64_t gen_all(const struct gen_all *space, gen_visit *visit, void *ctx)
{
    struct enumeration *all = calloc(1, sizeof *all);
    struct hist *hist = hist_new("");

    if (!all)
        abort();
    *all = (struct enumeration){.space = space, .visit = visit, .ctx = ctx};
    for (int k = 0; k < space->keys; k++)
        list_alternatives(&all->alternatives, space, &hist->history.values,
                          key_at(&hist->history.values, k));
    uint64_t count = run(all, &hist->history);
    hist_free(hist);
    free(all);
    return count;
}

uint64_t gen_all_distinct(const struct gen_all *space, gen_visit *visit, void *ctx)
{
    struct gen_all sized = *space;
    struct enumeration *all = calloc(1, sizeof *all);
    struct hist *hist = hist_new("");
    struct values *values = &hist->history.values;

    if (!all)
        abort();
    sized.real_time = false;
    *all = (struct enumeration){.space = &sized, .visit = visit, .ctx = ctx, .distinct = true};
    for (int k = 0; k < space->keys; k++) {
        struct op op = {.key = key_at(values, k), .node = NODE_NONE, .type = OP_OK};
        op.f = OP_F_READ;
        for (int v = 0; v <= space->ops; v++) {
            op.out = v ? values_int(values, v) : VALUE_NIL;
            add_alternative(&all->alternatives, &op);
        }
        op.f = OP_F_WRITE;
        op.out = VALUE_NIL;
        add_alternative(&all->alternatives, &op);
        op.type = OP_INFO;
        if (space->info)
            add_alternative(&all->alternatives, &op);
        op.type = OP_FAIL;
        if (space->fail)
            add_alternative(&all->alternatives, &op);
    }
    uint64_t count = run(all, &hist->history);
    hist_free(hist);
    free(all);
    return count;
}
