/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "history.h"

#include "scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct op) == 48, "a million operations are meant to fit in 48 MB");

void history_init(struct history *history, struct budget *budget)
{
    *history = (struct history){.budget = budget, .times_trusted = true};
    values_init(&history->values, budget);
}

static void release_names(struct budget *budget, char **names, int count)
{
    for (int i = 0; i < count; i++)
        budget_free(budget, names[i]);
    budget_free(budget, names);
}

void history_release(struct history *history)
{
    struct budget *budget = history->budget;

    for (size_t i = 0; i < history->event_count; i++) {
        budget_free(budget, (void *)(uintptr_t)history->events[i].f);
        budget_free(budget, (void *)(uintptr_t)history->events[i].value);
        budget_free(budget, (void *)(uintptr_t)history->events[i].extra);
    }
    budget_free(budget, history->events);
    budget_free(budget, history->ops);
    release_names(budget, history->nodes, history->node_count);
    release_names(budget, history->fs, history->f_count);
    budget_free(budget, history->path);
    budget_free(budget, history->offsets);
    budget_free(budget, history->clocks);
    values_release(&history->values);
    *history = (struct history){.budget = budget};
}

static int out_of_memory(const struct history *history, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(history->budget));
}

int history_value(struct history *history, struct str json, value_id *out, struct err *err)
{
    struct scan scan = scan_of(json);
    struct scan_scratch scratch;

    scan_scratch_init(&scratch, history->budget);
    bool read = scan_value(&scan, &scratch, &history->values, out);
    scan_scratch_release(&scratch);
    if (!read)
        return err_set(err, EINVAL, "'%.*s' is no JSON: %s", STR_ARG(json), scan.problem);
    if (scan_peek(&scan) != '\0' || scan.at != scan.end)
        return err_set(err, EINVAL, "'%.*s' is more than one JSON value", STR_ARG(json));
    return 0;
}

/* Room for one more element; by halves once an array is large, since its memory counts. False when
 * the budget is used up. */
static bool make_room(struct budget *budget, void *array_ptr, size_t *capacity, size_t count,
                      size_t size)
{
    enum { LARGE = 4096 };
    void **array = array_ptr;

    if (*array && count < *capacity)
        return true;
    size_t wanted = count < 64 ? 64 : count < LARGE ? count * 2 : count + count / 2;
    void *grown = budget_realloc(budget, *array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

int history_add(struct history *history, const struct op *op, struct err *err)
{
    if (!make_room(history->budget, &history->ops, &history->capacity, history->count,
                   sizeof *history->ops))
        return out_of_memory(history, err);
    history->ops[history->count++] = *op;
    return 0;
}

static char *copy_text(struct budget *budget, struct str text)
{
    char *copy = budget_alloc(budget, text.len + 1);
    if (copy) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

int history_add_event(struct history *history, const struct event *event, struct err *err)
{
    struct budget *budget = history->budget;

    if (!make_room(budget, &history->events, &history->event_capacity, history->event_count,
                   sizeof *history->events))
        return out_of_memory(history, err);
    struct event copy = *event;
    copy.f = copy_text(budget, str_of(event->f));
    copy.value = copy_text(budget, str_of(event->value ? event->value : "null"));
    copy.extra = copy_text(budget, str_of(event->extra ? event->extra : ""));
    if (!copy.f || !copy.value || !copy.extra) {
        budget_free(budget, (void *)(uintptr_t)copy.f);
        budget_free(budget, (void *)(uintptr_t)copy.value);
        budget_free(budget, (void *)(uintptr_t)copy.extra);
        return out_of_memory(history, err);
    }
    history->events[history->event_count++] = copy;
    return 0;
}

int history_add_clock(struct history *history, uint32_t index, value_id clock, struct err *err)
{
    if (!make_room(history->budget, &history->clocks, &history->clock_capacity,
                   history->clock_count, sizeof *history->clocks))
        return out_of_memory(history, err);
    history->clocks[history->clock_count++] = (struct clock_note){index, clock};
    return 0;
}

static int by_index(const void *left, const void *right)
{
    const struct clock_note *a = left, *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

value_id history_clock(const struct history *history, const struct op *op)
{
    struct clock_note key = {.index = op->complete_index};
    const struct clock_note *found =
        op->type == OP_OK && history->clock_count
            ? bsearch(&key, history->clocks, history->clock_count, sizeof key, by_index)
            : NULL;
    return found ? found->clock : VALUE_NIL;
}

static bool clocks_are_sorted(const struct history *history)
{
    for (size_t i = 1; i < history->clock_count; i++) {
        if (history->clocks[i - 1].index > history->clocks[i].index)
            return false;
    }
    return true;
}

/* The place of `name` in a growing list, added if new; -1 if it cannot be. */
static int find_or_add(struct budget *budget, char ***names, int *count, int max, struct str name)
{
    for (int i = 0; i < *count; i++) {
        if (str_eq(str_of((*names)[i]), name))
            return i;
    }
    if (*count == max || (name.len && memchr(name.ptr, '\0', name.len)))
        return -1;
    if (*count % 64 == 0) {
        char **grown = budget_realloc(budget, *names, ((size_t)*count + 64) * sizeof **names);
        if (!grown)
            return -1;
        *names = grown;
    }
    (*names)[*count] = copy_text(budget, name);
    if (!(*names)[*count])
        return -1;
    return (*count)++;
}

int history_f(struct history *history, struct str name)
{
    for (int i = 0; i < OP_F_KNOWN; i++) {
        if (str_eq(str_of(op_f_names[i]), name))
            return i;
    }
    int at = find_or_add(history->budget, &history->fs, &history->f_count, 255 - OP_F_KNOWN, name);
    return at < 0 ? -1 : at + OP_F_KNOWN;
}

int history_node(struct history *history, struct str name)
{
    return find_or_add(history->budget, &history->nodes, &history->node_count, NODE_NONE, name);
}

const char *history_f_name(const struct history *history, uint8_t f)
{
    return f < OP_F_KNOWN ? op_f_names[f] : history->fs[f - OP_F_KNOWN];
}

static int by_invocation(const void *left, const void *right)
{
    const struct op *a = left, *b = right;
    if (a->invoke_ns != b->invoke_ns)
        return a->invoke_ns < b->invoke_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static bool events_are_sorted(const struct history *history)
{
    for (size_t i = 1; i < history->event_count; i++) {
        if (by_time(&history->events[i - 1], &history->events[i]) > 0)
            return false;
    }
    return true;
}

/* The last operation of each process seen so far: open addressing by process id. */
struct processes {
    uint32_t *slots; /* 1 + place of the last operation; 0 is empty */
    size_t slot_count;
    size_t used;
    const struct op *ops;
    struct budget *budget;
};

static uint32_t *process_slot(struct processes *processes, int32_t process)
{
    size_t mask = processes->slot_count - 1;
    size_t at = ((uint32_t)process * 0x9e3779b1u) & mask;

    while (processes->slots[at] && processes->ops[processes->slots[at] - 1].process != process)
        at = (at + 1) & mask;
    return &processes->slots[at];
}

static bool processes_grow(struct processes *processes)
{
    struct processes grown = *processes;

    grown.slot_count = processes->slot_count ? processes->slot_count * 2 : 256;
    grown.slots = budget_calloc(processes->budget, grown.slot_count, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < processes->slot_count; i++) {
        uint32_t last = processes->slots[i];
        if (last)
            *process_slot(&grown, processes->ops[last - 1].process) = last;
    }
    budget_free(processes->budget, processes->slots);
    *processes = grown;
    return true;
}

/* Whether `op` may follow `previous` in one process. */
static int check_successor(const struct op *previous, const struct op *op, struct err *err)
{
    if (previous->type == OP_INFO)
        return err_set(err, EINVAL,
                       "process %" PRId32 " goes on with operation %" PRIu32
                       " after operation %" PRIu32 ", whose outcome is unknown",
                       op->process, op->index, previous->index);
    if (previous->complete_index > op->index || previous->complete_ns > op->invoke_ns)
        return err_set(err, EINVAL,
                       "process %" PRId32 " invokes operation %" PRIu32
                       " while its operation %" PRIu32 " is open",
                       op->process, op->index, previous->index);
    return 0;
}

static int check_processes(struct history *history, struct err *err)
{
    struct processes processes = {.ops = history->ops, .budget = history->budget};
    int result = 0;

    for (size_t i = 0; i < history->count && result == 0; i++) {
        const struct op *op = &history->ops[i];
        if (op->type != OP_INFO && op->complete_ns < op->invoke_ns) {
            result = err_set(err, EINVAL, "operation %" PRIu32 " completes before it is invoked",
                             op->index);
            break;
        }
        if (processes.used * 2 >= processes.slot_count && !processes_grow(&processes)) {
            result = out_of_memory(history, err);
            break;
        }
        uint32_t *last = process_slot(&processes, op->process);
        if (*last)
            result = check_successor(&history->ops[*last - 1], op, err);
        else
            processes.used++;
        *last = (uint32_t)i + 1;
    }
    budget_free(history->budget, processes.slots);
    return result;
}

/* A success whose value is false: recorded otherwise than we understand it, and nobody may be
 * blamed for that. */
static int check_successes(const struct history *history, struct err *err)
{
    struct str said;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->type == OP_OK && op->out != VALUE_NIL &&
            (op->f == OP_F_CAS || op->f == OP_F_ACQUIRE || op->f == OP_F_RELEASE) &&
            values_get_text(&history->values, op->out, &said) && str_eq(said, STR("false")))
            return err_set(err, EINVAL,
                           "operation %" PRIu32 ", a '%s', is 'ok' with the value false: where "
                           "nothing was done, record 'fail'",
                           op->index, history_f_name(history, op->f));
    }
    return 0;
}

static bool is_sorted(const struct history *history)
{
    for (size_t i = 1; i < history->count; i++) {
        if (by_invocation(&history->ops[i - 1], &history->ops[i]) > 0)
            return false;
    }
    return true;
}

/* Give back what growing took too much; to fail changes nothing. */
static void trim(struct history *history)
{
    if (history->capacity / 8 * 7 <= history->count || history->count == 0)
        return;
    struct op *trimmed =
        budget_realloc(history->budget, history->ops, history->count * sizeof *trimmed);
    if (!trimmed)
        return;
    history->ops = trimmed;
    history->capacity = history->count;
}

int history_finish(struct history *history, struct err *err)
{
    trim(history);
    if (!is_sorted(history))
        qsort(history->ops, history->count, sizeof *history->ops, by_invocation);
    if (!events_are_sorted(history))
        qsort(history->events, history->event_count, sizeof *history->events, by_time);
    if (!clocks_are_sorted(history))
        qsort(history->clocks, history->clock_count, sizeof *history->clocks, by_index);
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->invoke_ns > history->end_ns)
            history->end_ns = op->invoke_ns;
        if (op->complete_ns != TIME_NEVER && op->complete_ns > history->end_ns)
            history->end_ns = op->complete_ns;
    }
    if (history->event_count && history->events[history->event_count - 1].time_ns > history->end_ns)
        history->end_ns = history->events[history->event_count - 1].time_ns;
    return check_processes(history, err) < 0 ? -1 : check_successes(history, err);
}
