/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The objects that histories are about, each as the plainest program that behaves like it. */
#include "brute_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool says(struct brute_answer *answer, enum brute_answer_kind kind, int64_t number)
{
    answer->kind = kind;
    answer->number = number;
    return true;
}

static bool says_value(struct brute_answer *answer, value_id value)
{
    answer->kind = ANSWER_VALUE;
    answer->value = value;
    return true;
}

static bool says_items(struct brute_answer *answer, enum brute_answer_kind kind,
                       const struct brute_object *object)
{
    answer->kind = kind;
    answer->count = object->count;
    memcpy(answer->items, object->items, sizeof answer->items);
    return true;
}

static bool add_last(struct brute_object *object, value_id value)
{
    if (object->count == BRUTE_ITEMS)
        return false;
    object->items[object->count++] = value;
    return true;
}

static int find_item(const struct brute_object *object, value_id value)
{
    for (int i = 0; i < object->count; i++) {
        if (object->items[i] == value)
            return i;
    }
    return -1;
}

static value_id take_item(struct brute_object *object, int at)
{
    value_id value = object->items[at];
    for (int i = at; i + 1 < object->count; i++)
        object->items[i] = object->items[i + 1];
    object->count--;
    return value;
}

static int64_t number_of(const struct values *values, value_id value)
{
    int64_t number = 0;
    (void)values_get_int(values, value, &number);
    return number;
}

/* -- registers, counter ---------------------------------------------------------------------- */

static bool apply_register(const struct values *values, const struct op *op,
                           struct brute_object *object, struct brute_answer *answer)
{
    (void)values;
    switch (op->f) {
    case OP_F_READ:
        return says_value(answer, object->value);
    case OP_F_WRITE:
        object->value = op->in;
        return true;
    case OP_F_CAS:
        if (object->value != op->in)
            return false;
        object->value = op->in2;
        return true;
    default:
        return false;
    }
}

static bool apply_counter(const struct values *values, const struct op *op,
                          struct brute_object *object, struct brute_answer *answer)
{
    if (op->f == OP_F_READ)
        return says(answer, ANSWER_NUMBER, object->number);
    if (op->f != OP_F_ADD)
        return false;
    object->number += number_of(values, op->in);
    return true;
}

/* -- collections ----------------------------------------------------------------------------- */

static bool apply_set(const struct values *values, const struct op *op, struct brute_object *object,
                      struct brute_answer *answer)
{
    int at = find_item(object, op->in);

    (void)values;
    switch (op->f) {
    case OP_F_ADD:
        return (at >= 0 || add_last(object, op->in)) && says(answer, ANSWER_CHANGED, at < 0);
    case OP_F_REMOVE:
        if (at >= 0)
            (void)take_item(object, at);
        return says(answer, ANSWER_CHANGED, at >= 0);
    case OP_F_CONTAINS:
        return says(answer, ANSWER_TRUTH, at >= 0);
    case OP_F_READ:
        return says_items(answer, ANSWER_BAG, object);
    default:
        return false;
    }
}

static bool apply_append_list(const struct values *values, const struct op *op,
                              struct brute_object *object, struct brute_answer *answer)
{
    (void)values;
    if (op->f == OP_F_READ)
        return says_items(answer, ANSWER_LIST, object);
    if (op->f != OP_F_APPEND)
        return false;
    return add_last(object, op->in);
}

/* Insert, or take the item at `next`; nil is the answer of an empty one. */
static bool apply_bag(const struct op *op, uint8_t insert, uint8_t take, int next,
                      struct brute_object *object, struct brute_answer *answer)
{
    if (op->f == insert)
        return add_last(object, op->in);
    if (op->f != take && op->f != OP_F_PEEK)
        return false;
    if (object->count == 0)
        return says_value(answer, VALUE_NIL);
    return says_value(answer, op->f == take ? take_item(object, next) : object->items[next]);
}

static bool apply_queue(const struct values *values, const struct op *op,
                        struct brute_object *object, struct brute_answer *answer)
{
    (void)values;
    return apply_bag(op, OP_F_ENQUEUE, OP_F_DEQUEUE, 0, object, answer);
}

static bool apply_stack(const struct values *values, const struct op *op,
                        struct brute_object *object, struct brute_answer *answer)
{
    (void)values;
    return apply_bag(op, OP_F_PUSH, OP_F_POP, object->count - 1, object, answer);
}

/* The greatest comes first. */
static bool apply_priority_queue(const struct values *values, const struct op *op,
                                 struct brute_object *object, struct brute_answer *answer)
{
    int next = 0;
    for (int i = 1; i < object->count; i++) {
        if (number_of(values, object->items[i]) > number_of(values, object->items[next]))
            next = i;
    }
    return apply_bag(op, OP_F_INSERT, OP_F_POLL, next, object, answer);
}

/* -- locks ----------------------------------------------------------------------------------- */

/* number: how often it is held, by holder. */
static bool apply_lock(const struct op *op, int64_t depth, bool owned, struct brute_object *object)
{
    bool mine = object->number == 0 || object->holder == op->process || !owned;

    if (op->f == OP_F_ACQUIRE && object->number < depth && mine) {
        object->holder = op->process;
        object->number++;
        return true;
    }
    if (op->f == OP_F_RELEASE && object->number > 0 && mine) {
        object->number--;
        return true;
    }
    return false;
}

/* Whoever holds it. */
static bool apply_mutex(const struct values *values, const struct op *op,
                        struct brute_object *object, struct brute_answer *answer)
{
    (void)values, (void)answer;
    return apply_lock(op, 1, false, object);
}

static bool apply_owned_mutex(const struct values *values, const struct op *op,
                              struct brute_object *object, struct brute_answer *answer)
{
    (void)values, (void)answer;
    return apply_lock(op, 1, true, object);
}

static bool apply_reentrant_lock(const struct values *values, const struct op *op,
                                 struct brute_object *object, struct brute_answer *answer)
{
    (void)values, (void)answer;
    return apply_lock(op, INT64_MAX, true, object);
}

static bool apply_fenced_lock(const struct values *values, const struct op *op,
                              struct brute_object *object, struct brute_answer *answer)
{
    if (!apply_lock(op, 1, true, object))
        return false;
    if (op->f != OP_F_ACQUIRE)
        return true;
    int64_t previous = object->token;
    if (op->type == OP_OK && values_get_int(values, op->out, &object->token))
        return says(answer, ANSWER_TOKEN, previous);
    return true;
}

/* value: how many permits there are; number: how many are taken. Nil is one. */
static bool apply_semaphore(const struct values *values, const struct op *op,
                            struct brute_object *object, struct brute_answer *answer)
{
    int64_t all = object->value == VALUE_NIL ? 1 : number_of(values, object->value);
    int64_t some = op->in == VALUE_NIL ? 1 : number_of(values, op->in);
    int64_t taken = object->token + (op->f == OP_F_ACQUIRE ? some : -some);

    (void)answer;
    if (taken < 0 || taken > all)
        return false;
    object->token = taken;
    return true;
}

/* -- key-value ------------------------------------------------------------------------------- */

/* The value as JSON; nil is "". */
static void text_of(const struct values *values, value_id value, char text[BRUTE_TEXT])
{
    struct buf buf;

    buf_init(&buf, 0);
    text[0] = '\0';
    if (value != VALUE_NIL)
        values_print(values, value, &buf);
    if (buf.len)
        (void)snprintf(text, BRUTE_TEXT, "%.*s", BRUTE_TEXT - 1, buf.ptr);
    buf_release(&buf);
}

/* To nothing or to a string, within its quotes. */
static bool append_text(char text[BRUTE_TEXT], const char *more)
{
    char whole[BRUTE_TEXT * 2];
    size_t len = strlen(text);

    if (len && text[0] != '"')
        return false;
    (void)snprintf(whole, sizeof whole, "%.*s%s", len ? (int)len - 1 : 0, text,
                   more + (len ? 1 : 0));
    if (strlen(whole) >= BRUTE_TEXT)
        return false;
    memcpy(text, whole, strlen(whole) + 1);
    return true;
}

static bool apply_key_value(const struct values *values, const struct op *op,
                            struct brute_object *object, struct brute_answer *answer)
{
    char in[BRUTE_TEXT];

    text_of(values, op->in, in);
    switch (op->f) {
    case OP_F_GET:
    case OP_F_READ:
        answer->kind = ANSWER_TEXT;
        memcpy(answer->text, object->text, BRUTE_TEXT);
        return true;
    case OP_F_PUT:
    case OP_F_WRITE:
        memcpy(object->text, in, BRUTE_TEXT);
        return true;
    case OP_F_DELETE:
        object->text[0] = '\0';
        return true;
    case OP_F_APPEND:
        return append_text(object->text, in);
    case OP_F_CAS:
        if (strcmp(object->text, in) != 0)
            return false;
        text_of(values, op->in2, object->text);
        return true;
    default:
        return false;
    }
}

/* -- multi-register -------------------------------------------------------------------------- */

bool brute_micro(const struct values *values, value_id id, struct brute_micro *micro)
{
    const value_id *parts;
    struct str f;
    size_t count;

    if (!values_get_list(values, id, &parts, &count) || count != 3 ||
        !values_get_text(values, parts[0], &f))
        return false;
    *micro = (struct brute_micro){str_eq(f, STR("\"w\"")), parts[1], parts[2]};
    return true;
}

/* items: keys and values in turn. */
static value_id *register_of(struct brute_object *object, value_id key)
{
    for (int i = 0; i < object->count; i += 2) {
        if (object->items[i] == key)
            return &object->items[i + 1];
    }
    if (object->count + 2 > BRUTE_ITEMS)
        abort();
    object->items[object->count] = key;
    object->items[object->count + 1] = object->value;
    object->count += 2;
    return &object->items[object->count - 1];
}

static bool apply_multi_register(const struct values *values, const struct op *op,
                                 struct brute_object *object, struct brute_answer *answer)
{
    const value_id *micros;
    size_t count;

    answer->kind = ANSWER_TXN;
    if (op->f != OP_F_TXN || !values_get_list(values, op->in, &micros, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct brute_micro micro;
        if (!brute_micro(values, micros[i], &micro))
            return false;
        if (micro.is_write)
            *register_of(object, micro.key) = micro.value;
        else
            answer->items[answer->count++] = *register_of(object, micro.key);
    }
    return true;
}

static const struct brute_model models[] = {
    {"register", apply_register},
    {"cas-register", apply_register},
    {"counter", apply_counter},
    {"set", apply_set},
    {"append-list", apply_append_list},
    {"queue", apply_queue},
    {"stack", apply_stack},
    {"priority-queue", apply_priority_queue},
    {"mutex", apply_mutex},
    {"owned-mutex", apply_owned_mutex},
    {"semaphore", apply_semaphore},
    {"key-value", apply_key_value},
    {"multi-register", apply_multi_register},
    {"reentrant-lock", apply_reentrant_lock},
    {"fenced-lock", apply_fenced_lock},
};

const struct brute_model *brute_model_find(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    }
    return NULL;
}

void brute_begin(struct brute_object *object, const struct values *values, value_id initial)
{
    const value_id *items;
    size_t count;

    *object = (struct brute_object){.value = initial, .number = number_of(values, initial)};
    text_of(values, initial, object->text);
    if (!values_get_list(values, initial, &items, &count))
        return;
    for (size_t i = 0; i < count && i < BRUTE_ITEMS; i++)
        (void)add_last(object, items[i]);
}

/* -- comparing answers ----------------------------------------------------------------------- */

static bool is_list(const struct values *values, value_id out, const struct brute_answer *answer,
                    bool any_order)
{
    const value_id *items;
    size_t count;
    bool used[BRUTE_ITEMS] = {false};

    if (!values_get_list(values, out, &items, &count))
        return answer->count == 0 && out == VALUE_NIL;
    if (count != (size_t)answer->count)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        if (any_order) {
            for (at = 0; at < count && (used[at] || answer->items[at] != items[i]);)
                at++;
        }
        if (at == count || answer->items[at] != items[i])
            return false;
        used[at] = true;
    }
    return true;
}

static bool is_truth(const struct values *values, value_id out, int64_t truth)
{
    struct str text;
    return values_get_text(values, out, &text) && str_eq(text, truth ? STR("true") : STR("false"));
}

/* Whether the reads of transaction `out` returned the items. */
static bool is_txn(const struct values *values, value_id out, const struct brute_answer *answer)
{
    const value_id *micros;
    size_t count;
    int reads = 0;

    if (!values_get_list(values, out, &micros, &count))
        return out == VALUE_NIL;
    for (size_t i = 0; i < count; i++) {
        struct brute_micro micro;
        if (!brute_micro(values, micros[i], &micro))
            return false;
        if (!micro.is_write && micro.value != answer->items[reads++])
            return false;
    }
    return reads == answer->count;
}

static bool is_answer(const struct values *values, value_id out, const struct brute_answer *answer)
{
    int64_t number = 0;
    char text[BRUTE_TEXT];

    switch (answer->kind) {
    case ANSWER_NOTHING:
        return true;
    case ANSWER_VALUE:
        return out == answer->value;
    case ANSWER_NUMBER:
        return (out == VALUE_NIL || values_get_int(values, out, &number)) &&
               number == answer->number;
    case ANSWER_TOKEN:
        return !values_get_int(values, out, &number) || number > answer->number;
    case ANSWER_TRUTH:
        return is_truth(values, out, answer->number);
    case ANSWER_CHANGED:
        return out == VALUE_NIL || is_truth(values, out, answer->number);
    case ANSWER_TEXT:
        text_of(values, out, text);
        return strcmp(text, answer->text) == 0;
    case ANSWER_TXN:
        return is_txn(values, out, answer);
    case ANSWER_LIST:
    case ANSWER_BAG:
        return is_list(values, out, answer, answer->kind == ANSWER_BAG);
    }
    return false;
}

bool brute_step(const struct brute_model *model, const struct values *values, const struct op *op,
                struct brute_object *object)
{
    struct brute_answer answer = {.kind = ANSWER_NOTHING};

    if (!model->apply(values, op, object, &answer))
        return false;
    return op->type == OP_INFO || is_answer(values, op->out, &answer);
}
