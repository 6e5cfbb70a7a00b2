/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "explain.h"

#include "../../harness/base/clock.h"
#include "search.h"

#include <inttypes.h>

/* -- one operation
 * --------------------------------------------------------------------------------- */

void explain_time(const struct history *history, int64_t time_ns, struct buf *text)
{
    char digits[16];
    int len = 9;

    if (!history->times_trusted) {
        buf_printf(text, "line %" PRId64, time_ns);
        return;
    }
    int64_t rest = time_ns % NS_PER_SEC;
    for (int i = 8; i >= 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (len > 2 && digits[len - 1] == '0')
        len--;
    buf_printf(text, "%" PRId64 ".%.*s s", time_ns / NS_PER_SEC, len, digits);
}

enum { LIST_TOLD_MAX = 32 };

static void put_value(const struct history *history, value_id value, struct buf *text)
{
    const value_id *elements;
    size_t count;

    if (value == VALUE_NIL)
        buf_puts(text, "nil");
    else if (values_get_list(&history->values, value, &elements, &count) && count > LIST_TOLD_MAX)
        buf_printf(text, "a list of %zu elements", count);
    else
        values_print(&history->values, value, text);
}

/* How each function is told: what was done, and of which value. */
struct telling {
    uint8_t f;
    const char *done;  /* of a known outcome: "read" */
    const char *asked; /* of an unknown one: "a read" */
    enum { TELL_NOTHING, TELL_IN, TELL_OUT, TELL_BOTH, TELL_CAS } value;
    const char *place; /* before the key: "from" */
};

static const struct telling tellings[] = {
    {OP_F_READ, "read", "a read", TELL_OUT, "from"},
    {OP_F_GET, "got", "a get", TELL_OUT, "from"},
    {OP_F_WRITE, "wrote", "a write of", TELL_IN, "to"},
    {OP_F_PUT, "put", "a put of", TELL_IN, "to"},
    {OP_F_CAS, "changed", "a cas of", TELL_CAS, "in"},
    {OP_F_DELETE, "deleted the value", "a deletion", TELL_NOTHING, "of"},
    {OP_F_APPEND, "appended", "an append of", TELL_IN, "to"},
    {OP_F_ADD, "added", "an addition of", TELL_IN, "to"},
    {OP_F_REMOVE, "removed", "a removal of", TELL_IN, "from"},
    {OP_F_ENQUEUE, "enqueued", "an enqueue of", TELL_IN, "to"},
    {OP_F_DEQUEUE, "dequeued", "a dequeue", TELL_OUT, "from"},
    {OP_F_PUSH, "pushed", "a push of", TELL_IN, "to"},
    {OP_F_POP, "popped", "a pop", TELL_OUT, "from"},
    {OP_F_INSERT, "inserted", "an insertion of", TELL_IN, "to"},
    {OP_F_POLL, "polled", "a poll", TELL_OUT, "from"},
    {OP_F_PEEK, "peeked at", "a peek", TELL_OUT, "in"},
    {OP_F_ACQUIRE, "acquired the lock", "an acquisition", TELL_NOTHING, "of"},
    {OP_F_RELEASE, "released the lock", "a release", TELL_NOTHING, "of"},
};

static const struct telling *find_telling(uint8_t f)
{
    for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++) {
        if (tellings[i].f == f)
            return &tellings[i];
    }
    return NULL;
}

static void put_what(const struct history *history, const struct op *op, struct buf *text)
{
    const struct telling *telling = find_telling(op->f);
    bool known = op->type == OP_OK;

    if (!telling) {
        buf_printf(text, "%s %s ", known ? "did" : "invoked", history_f_name(history, op->f));
        put_value(history, op->in, text);
        if (known && op->out != VALUE_NIL) {
            buf_puts(text, " with result ");
            put_value(history, op->out, text);
        }
        return;
    }
    buf_puts(text, known ? telling->done : "invoked ");
    buf_puts(text, known ? "" : telling->asked);
    if (telling->value == TELL_IN || (telling->value == TELL_OUT && known)) {
        buf_puts(text, " ");
        put_value(history, telling->value == TELL_IN ? op->in : op->out, text);
    } else if (telling->value == TELL_CAS) {
        buf_puts(text, " ");
        put_value(history, op->in, text);
        buf_puts(text, " to ");
        put_value(history, op->in2, text);
    }
    if (op->key != VALUE_NIL) {
        buf_printf(text, " %s ", telling->place);
        put_value(history, op->key, text);
    }
}

void explain_op(const struct history *history, const struct op *op, struct buf *text)
{
    buf_printf(text, "process %" PRId32, op->process);
    if (op->node != NODE_NONE && op->node < history->node_count)
        buf_printf(text, " (%s)", history->nodes[op->node]);
    buf_puts(text, " ");
    put_what(history, op, text);
    if (op->type == OP_OK) {
        buf_puts(text, " between ");
        explain_time(history, op->invoke_ns, text);
        buf_puts(text, " and ");
        explain_time(history, op->complete_ns, text);
    } else {
        buf_puts(text, " at ");
        explain_time(history, op->invoke_ns, text);
        buf_puts(text, ", whose outcome is not known");
    }
}

/* -- why
 * -------------------------------------------------------------------------------------------- */

static const struct op *op_at(const struct excerpt *excerpt, size_t i)
{
    return &excerpt->history->ops[excerpt->places[i]];
}

/* A read (or a cas) that needs what nobody else in the excerpt wrote: then nobody did. */
static bool tell_thin_air(const struct excerpt *excerpt, struct buf *text)
{
    const struct op *op = op_at(excerpt, 0);
    value_id seen = op->f == OP_F_CAS ? op->in : op->out;

    if (excerpt->count != 1 || excerpt->model->omit != OMIT_UNSEEN || op->type != OP_OK)
        return false;
    buf_puts(text, "Nobody wrote ");
    put_value(excerpt->history, seen, text);
    buf_puts(text, ".");
    return true;
}

static value_id written(const struct op *op)
{
    if (op->f == OP_F_WRITE || op->f == OP_F_PUT)
        return op->in;
    return op->f == OP_F_CAS ? op->in2 : VALUE_NIL;
}

/* One reader and one writer, the wrong way round. */
static bool tell_future(const struct excerpt *excerpt, struct buf *text)
{
    const struct op *reader, *writer;

    if (excerpt->count != 2 || excerpt->model->omit != OMIT_UNSEEN)
        return false;
    reader = op_at(excerpt, 0);
    writer = op_at(excerpt, 1);
    if (reader->complete_ns >= writer->invoke_ns || reader->type != OP_OK ||
        written(writer) == VALUE_NIL || reader->out != written(writer))
        return false;
    buf_puts(text, "The value was read at ");
    explain_time(excerpt->history, reader->complete_ns, text);
    buf_puts(text, " at the latest, but only written from ");
    explain_time(excerpt->history, writer->invoke_ns, text);
    buf_puts(text, " on.");
    return true;
}

/* A read of a value that one write, all after another, had overwritten before. */
static bool tell_stale(const struct excerpt *excerpt, struct buf *text)
{
    const struct history *history = excerpt->history;

    if (excerpt->count != 3 || excerpt->model->omit != OMIT_UNSEEN)
        return false;
    const struct op *old = op_at(excerpt, 0), *new = op_at(excerpt, 1), *read = op_at(excerpt, 2);
    if (old->type != OP_OK || new->type != OP_OK || read->type != OP_OK ||
        written(old) == VALUE_NIL || written(new) == VALUE_NIL || read->out != written(old) ||
        old->complete_ns >= new->invoke_ns || new->complete_ns >= read->invoke_ns)
        return false;
    put_value(history, written(old), text);
    buf_puts(text, " was read although it had been overwritten: ");
    put_value(history, written(new), text);
    buf_puts(text, " was written later, and that had completed at ");
    explain_time(history, new->complete_ns, text);
    buf_puts(text, ", before the read was invoked at ");
    explain_time(history, read->invoke_ns, text);
    buf_puts(text, ".");
    return true;
}

/* What the object can have been when the first return came that no order allows. */
static void tell_states(const struct object *object, const struct search_result *result,
                        struct buf *text)
{
    const struct op *op = object_op(object, EVENT_ITEM(object->events[result->furthest]));

    if (!object->model->print || result->state_count == 0 || result->state_count > SEARCH_STATES ||
        object->part_count > 1)
        return;
    buf_puts(text, " When ");
    buf_printf(text, "the %s of process %" PRId32 " returned at ",
               history_f_name(object->history, op->f), op->process);
    explain_time(object->history, op->complete_ns, text);
    buf_puts(text, ", the object can only have been ");
    for (uint32_t i = 0; i < result->state_count; i++) {
        if (i)
            buf_puts(text, i + 1 == result->state_count ? " or " : ", ");
        object->model->print(&object->env, result->states[i], text);
    }
    buf_puts(text, ".");
}

static void tell_search(const struct excerpt *excerpt, struct budget *budget, struct buf *text)
{
    struct object_source source = {.history = excerpt->history,
                                   .model = excerpt->model,
                                   .initial = excerpt->initial,
                                   .places = excerpt->places,
                                   .count = excerpt->count,
                                   .relaxed = excerpt->relaxed,
                                   .begin_place = PLACE_NONE};
    struct levels_options options = {.steps = 100000, .width = 1000};
    struct search_result result = {.outcome = SEARCH_SPENT};
    struct object object;
    struct err err;

    buf_puts(text, "No order of these operations, each within its own time, gives all of them the "
                   "results that they had");
    if (excerpt->from_ns != INT64_MIN) {
        buf_puts(text, ", whatever came before ");
        explain_time(excerpt->history, excerpt->from_ns, text);
    }
    buf_puts(text, ".");
    if (excerpt->from_ns != INT64_MIN)
        return;
    for (size_t i = 1; i < excerpt->count; i++) {
        if (op_at(excerpt, i)->key != op_at(excerpt, 0)->key)
            return;
    }
    if (object_init(&object, &source, budget, &err) == 1)
        search_levels(&object, &options, &result);
    if (result.outcome == SEARCH_INVALID)
        tell_states(&object, &result, text);
    object_release(&object);
}

static bool has_element(const struct history *history, value_id list, value_id element)
{
    const value_id *elements;
    size_t count;

    if (!values_get_list(&history->values, list, &elements, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (elements[i] == element)
            return true;
    }
    return false;
}

void explain_elements(const struct excerpt *excerpt, struct buf *text)
{
    const struct history *history = excerpt->history;

    for (size_t i = 0; i < excerpt->count && excerpt->only_count; i++) {
        const struct op *op = op_at(excerpt, i);
        if (op->f != OP_F_READ)
            continue;
        buf_printf(text, "What process %" PRId32 " read ", op->process);
        for (size_t k = 0; k < excerpt->only_count; k++) {
            bool has = has_element(history, op->out, excerpt->only[k]);
            buf_printf(text, "%s%s ", k ? "and " : "", has ? "has" : "has not");
            put_value(history, excerpt->only[k], text);
            buf_puts(text, k + 1 < excerpt->only_count ? " " : ". ");
        }
    }
}

static bool tell_elements(const struct excerpt *excerpt, struct buf *text)
{
    explain_elements(excerpt, text);
    if (excerpt->only_count)
        buf_puts(text, "No order of these operations, each within its own time, explains that, "
                       "whatever else was added.");
    return excerpt->only_count > 0;
}

void explain_excerpt(const struct excerpt *excerpt, struct budget *budget, struct buf *text)
{
    for (size_t i = 0; i < excerpt->count; i++) {
        size_t start = text->len;
        explain_op(excerpt->history, op_at(excerpt, i), text);
        if (text->len > start)
            text->ptr[start] = 'P';
        buf_puts(text, ". ");
    }
    if (!tell_elements(excerpt, text) && !tell_thin_air(excerpt, text) &&
        !tell_future(excerpt, text) && !tell_stale(excerpt, text))
        tell_search(excerpt, budget, text);
}
