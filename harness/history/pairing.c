/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "pairing.h"

#include <errno.h>
#include <inttypes.h>

enum slot_state { SLOT_EMPTY, SLOT_OPEN, SLOT_DONE, SLOT_GONE /* outcome unknown */ };

struct pair_slot {
    int32_t process;  /* as in the file */
    int32_t identity; /* as in the history: another one once it was renewed */
    uint32_t op;      /* its last operation */
    uint8_t state;
};

void pairing_init(struct pairing *pairing, struct history *history)
{
    *pairing = (struct pairing){.history = history, .last_index = -1, .next_process = INT32_MAX};
}

void pairing_release(struct pairing *pairing)
{
    budget_free(pairing->history->budget, pairing->slots);
    budget_free(pairing->history->budget, pairing->indexes);
    pairing->slots = NULL;
    pairing->indexes = NULL;
}

static int out_of_memory(const struct pairing *pairing, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(pairing->history->budget));
}

static struct pair_slot *find_slot(struct pair_slot *slots, size_t slot_count, int32_t process)
{
    size_t at = ((uint32_t)process * 0x9e3779b1u) & (slot_count - 1);

    while (slots[at].state != SLOT_EMPTY && slots[at].process != process)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static bool grow_slots(struct pairing *pairing)
{
    size_t count = pairing->slot_count ? pairing->slot_count * 2 : 256;
    struct pair_slot *slots = budget_calloc(pairing->history->budget, count, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < pairing->slot_count; i++) {
        if (pairing->slots[i].state != SLOT_EMPTY)
            *find_slot(slots, count, pairing->slots[i].process) = pairing->slots[i];
    }
    budget_free(pairing->history->budget, pairing->slots);
    pairing->slots = slots;
    pairing->slot_count = count;
    return true;
}

/* -- indexes ---------------------------------------------------------------------------------- */

/* Put `index` + 1 into the set; false if it is there already. */
static bool set_add(uint32_t *set, size_t slot_count, uint32_t index)
{
    size_t at = (index * 0x9e3779b1u) & (slot_count - 1);

    for (; set[at]; at = (at + 1) & (slot_count - 1)) {
        if (set[at] == index + 1)
            return false;
    }
    set[at] = index + 1;
    return true;
}

/* A larger set; the first time with all indexes that the history has so far. */
static bool grow_indexes(struct pairing *pairing)
{
    const struct history *history = pairing->history;
    size_t known = 2 * history->count + history->event_count;
    size_t count = pairing->index_slots ? pairing->index_slots * 2 : 1024;

    while (count < 4 * known)
        count *= 2;
    uint32_t *set = budget_calloc(history->budget, count, sizeof *set);
    if (!set)
        return false;
    for (size_t i = 0; i < history->count; i++) {
        (void)set_add(set, count, history->ops[i].index);
        if (history->ops[i].complete_index != INDEX_NONE)
            (void)set_add(set, count, history->ops[i].complete_index);
    }
    for (size_t i = 0; i < history->event_count; i++)
        (void)set_add(set, count, history->events[i].index);
    budget_free(history->budget, pairing->indexes);
    pairing->indexes = set;
    pairing->index_slots = count;
    pairing->index_count = known;
    return true;
}

int pairing_index(struct pairing *pairing, uint32_t index, struct err *err)
{
    if ((int64_t)index > pairing->last_index && !pairing->indexes) {
        pairing->last_index = index;
        return 0;
    }
    /* Indexes that do not simply grow need a set to find a repeated one. */
    if ((!pairing->indexes || pairing->index_count * 2 >= pairing->index_slots) &&
        !grow_indexes(pairing))
        return out_of_memory(pairing, err);
    pairing->index_count++;
    if (!set_add(pairing->indexes, pairing->index_slots, index))
        return err_set(err, EINVAL, "index %" PRIu32 " is used twice", index);
    return 0;
}

/* -- invocations ------------------------------------------------------------------------------ */

/* A new identity for a process that has lost its own. */
static int renew(struct pairing *pairing, struct pair_slot *slot, struct err *err)
{
    if (!pairing->renew_processes)
        return err_set(err, EINVAL,
                       "process %" PRId32
                       " goes on after an operation of unknown outcome: give it a new number then",
                       slot->process);
    while (find_slot(pairing->slots, pairing->slot_count, pairing->next_process)->state !=
           SLOT_EMPTY)
        pairing->next_process--;
    slot->identity = pairing->next_process--;
    return 0;
}

static int invoke(struct pairing *pairing, const struct pair_event *event, struct err *err)
{
    struct history *history = pairing->history;

    if (pairing->used * 2 >= pairing->slot_count && !grow_slots(pairing))
        return out_of_memory(pairing, err);
    struct pair_slot *slot = find_slot(pairing->slots, pairing->slot_count, event->process);
    if (slot->state == SLOT_OPEN)
        return err_set(err, EINVAL,
                       "process %" PRId32 " invokes while its operation %" PRIu32 " is open",
                       event->process, history->ops[slot->op].index);
    if (slot->state == SLOT_DONE && history->ops[slot->op].complete_ns > event->time_ns)
        return err_set(err, EINVAL,
                       "process %" PRId32 " invokes at %" PRId64
                       ", before its last operation completed at %" PRId64,
                       event->process, event->time_ns, history->ops[slot->op].complete_ns);
    if (slot->state == SLOT_GONE && renew(pairing, slot, err) < 0)
        return -1;
    if (slot->state == SLOT_EMPTY) {
        pairing->used++;
        slot->process = slot->identity = event->process;
    }
    slot->op = (uint32_t)history->count;
    slot->state = SLOT_OPEN;
    struct op op = {.invoke_ns = event->time_ns,
                    .complete_ns = TIME_NEVER,
                    .process = slot->identity,
                    .key = event->key,
                    .in = event->value,
                    .in2 = event->is_pair ? event->value2 : VALUE_NIL,
                    .index = event->index,
                    .complete_index = INDEX_NONE,
                    .type = OP_INFO,
                    .f = event->f,
                    .node = event->node};
    return history_add(history, &op, err);
}

/* -- completions ------------------------------------------------------------------------------ */

static int result_of(struct pairing *pairing, const struct op *op, const struct pair_event *event,
                     value_id *out, struct err *err)
{
    value_id pair[2] = {event->value, event->value2};
    bool repeated = event->is_pair ? op->in == event->value && op->in2 == event->value2
                                   : op->in == event->value && op->in2 == VALUE_NIL;

    *out = VALUE_NIL;
    if (event->type != OP_OK || (repeated && !op_f_returns(op->f)))
        return 0;
    *out = event->is_pair ? values_list(&pairing->history->values, pair, 2) : event->value;
    return *out == VALUE_FAILED ? out_of_memory(pairing, err) : 0;
}

static int complete(struct pairing *pairing, const struct pair_event *event, struct err *err)
{
    struct history *history = pairing->history;
    struct pair_slot *slot =
        pairing->slots ? find_slot(pairing->slots, pairing->slot_count, event->process) : NULL;

    if (!slot || slot->state != SLOT_OPEN)
        return err_set(err, EINVAL,
                       "process %" PRId32 " completes an operation that it has not invoked",
                       event->process);
    struct op *op = &history->ops[slot->op];
    if (event->f != op->f)
        return err_set(err, EINVAL,
                       "process %" PRId32 " completes '%s', but its open operation %" PRIu32
                       " is '%s'",
                       event->process, history_f_name(history, event->f), op->index,
                       history_f_name(history, op->f));
    if (event->key != op->key && event->key != VALUE_NIL)
        return err_set(err, EINVAL,
                       "process %" PRId32 " completes operation %" PRIu32 " with another key",
                       event->process, op->index);
    if (event->time_ns < op->invoke_ns)
        return err_set(err, EINVAL,
                       "operation %" PRIu32 " completes at %" PRId64
                       ", before its invocation at %" PRId64,
                       op->index, event->time_ns, op->invoke_ns);
    if (result_of(pairing, op, event, &op->out, err) < 0)
        return -1;
    op->complete_ns = event->time_ns;
    op->complete_index = event->index;
    op->type = event->type;
    slot->state = event->type == OP_INFO ? SLOT_GONE : SLOT_DONE;
    return 0;
}

int pairing_add(struct pairing *pairing, const struct pair_event *event, struct err *err)
{
    if (pairing_index(pairing, event->index, err) < 0)
        return -1;
    return event->type == OP_INVOKE ? invoke(pairing, event, err) : complete(pairing, event, err);
}
