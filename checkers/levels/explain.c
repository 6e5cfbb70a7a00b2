/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Why a witness is a violation, in sentences. Where the contradiction only shows by trying all
 * orders, that is what it says.
 */
#include "argument.h"
#include "schedule.h"
#include "witness.h"

#include <ctype.h>
#include <inttypes.h>

struct story {
    struct argument argument;
    struct buf *text;
    bool met[NODES_MAX]; /* by step: described already */
    size_t begin;        /* of the sentence at hand, in text */
};

/* -- words ------------------------------------------------------------------------------------- */

static void begin_sentence(struct story *story)
{
    if (story->text->len)
        buf_puts(story->text, " ");
    story->begin = story->text->len;
}

static void end_sentence(struct story *story)
{
    buf_puts(story->text, ".");
    if (!story->text->failed)
        story->text->ptr[story->begin] = (char)toupper(story->text->ptr[story->begin]);
}

static const struct op *op_of(const struct story *story, uint32_t step)
{
    const struct steps *steps = story->argument.steps;
    return &steps->history->ops[steps->place[step]];
}

static void tell_value(const struct history *history, value_id value, struct buf *text)
{
    if (value == VALUE_NIL)
        buf_puts(text, "nil");
    else
        values_print(&history->values, value, text);
}

static void tell_key(const struct history *history, const struct op *op, const char *before,
                     struct buf *text)
{
    if (op->key == VALUE_NIL)
        return;
    buf_puts(text, before);
    tell_value(history, op->key, text);
}

/* "(process 1 wrote 2 to "x" at 0.000012 s)" */
static void tell_deed(const struct history *history, const struct op *op, struct buf *text)
{
    buf_printf(text, "(process %" PRId32 " ", op->process);
    if (op->f == OP_F_WRITE) {
        buf_puts(text, "wrote ");
        tell_value(history, op->in, text);
        tell_key(history, op, " to ", text);
    } else if (op->f == OP_F_READ) {
        buf_puts(text, "read ");
        tell_value(history, op->out, text);
        tell_key(history, op, " from ", text);
    } else {
        buf_puts(text, "changed");
        tell_key(history, op, " ", text);
        buf_puts(text, " from ");
        tell_value(history, op->in, text);
        buf_puts(text, " to ");
        tell_value(history, op->in2, text);
    }
    if (history->times_trusted)
        buf_printf(text, " at %" PRId64 ".%06" PRId64 " s", op->invoke_ns / 1000000000,
                   op->invoke_ns / 1000 % 1000000);
    buf_puts(text, ")");
}

/* With its deed the first time. */
static void tell_op(struct story *story, uint32_t step)
{
    uint32_t enter = step_enter(story->argument.steps, step);

    buf_printf(story->text, "operation %" PRIu32, op_of(story, step)->index);
    if (story->met[enter])
        return;
    story->met[enter] = true;
    buf_puts(story->text, " ");
    tell_deed(story->argument.steps->history, op_of(story, step), story->text);
}

static void tell_pair(struct story *story, uint32_t a, const char *between, uint32_t b)
{
    tell_op(story, a);
    buf_puts(story->text, between);
    tell_op(story, b);
}

/* -- chains ------------------------------------------------------------------------------------ */

static void tell_link(struct story *story, const struct edge *edge)
{
    switch (edge->reason) {
    case REASON_PROGRAM:
        buf_printf(story->text, "process %" PRId32 " did ", op_of(story, edge->a)->process);
        tell_pair(story, edge->a, " before ", edge->b);
        break;
    case REASON_FROM:
        tell_pair(story, edge->b, " read what was written by ", edge->a);
        break;
    case REASON_FOLLOWS:
        tell_pair(story, edge->cause, " read what was written by ", edge->a);
        buf_puts(story->text, " and was followed, in its process, by ");
        tell_op(story, edge->b);
        break;
    case REASON_INITIAL:
        tell_pair(story, edge->a, " read the initial value and so comes before ", edge->b);
        break;
    default:
        tell_pair(story, edge->a, " comes before ", edge->b);
    }
}

static void tell_chain(struct story *story, const size_t *chain, size_t count)
{
    const struct steps *steps = story->argument.steps;
    const char *before = ": ";

    for (size_t i = 0; i < count; i++) {
        const struct edge *edge = &story->argument.edges[chain[i]];
        if (steps->place[edge->a] == steps->place[edge->b])
            continue;
        buf_puts(story->text, before);
        tell_link(story, edge);
        before = ", ";
    }
}

static void tell_conclusion(struct story *story, size_t at);

/* First what the chain rests on, each conclusion in a sentence. */
static void tell_conclusions(struct story *story, const size_t *chain, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct edge *edge = &story->argument.edges[chain[i]];
        if (edge->told || !is_conclusion(edge))
            continue;
        edge->told = true;
        tell_conclusion(story, chain[i]);
    }
}

static void tell_conclusion(struct story *story, size_t at)
{
    struct edge edge = story->argument.edges[at];
    bool overwrite = edge.reason == REASON_OVERWRITE;
    uint32_t a = overwrite ? edge.a : edge.cause;
    uint32_t b = overwrite ? edge.cause : step_leave(story->argument.steps, edge.b);
    size_t chain[NODES_MAX];
    size_t count = argument_chain(&story->argument, a, b, at, chain);

    tell_conclusions(story, chain, count);
    begin_sentence(story);
    tell_pair(story, a, " comes before ", b);
    tell_chain(story, chain, count);
    end_sentence(story);
    begin_sentence(story);
    if (overwrite) {
        tell_pair(story, b, " read what was written by ", edge.b);
        buf_puts(story->text, ", so ");
        tell_pair(story, a, " comes before ", edge.b);
    } else {
        tell_pair(story, edge.a, " still read what was written by ", a);
        buf_puts(story->text, ", so it comes before ");
        tell_op(story, b);
    }
    end_sentence(story);
}

/* -- contradictions ---------------------------------------------------------------------------- */

static void tell_claim(struct story *story)
{
    const struct argument *argument = &story->argument;

    begin_sentence(story);
    if (argument->session != STEP_NONE)
        buf_printf(story->text, "no order of all writes explains what process %" PRId32 " read",
                   op_of(story, argument->steps->first[argument->session])->process);
    else if (argument->level == WEAK_SEQUENTIAL)
        buf_puts(story->text, "no order of all operations explains what they returned");
    else if (argument->level == WEAK_CCV)
        buf_puts(story->text, "no order of the writes, the same for everybody, explains the reads");
    else
        buf_puts(story->text, "a read is not explained by what was causally before it");
    end_sentence(story);
}

static void tell_initial_read(struct story *story, const size_t *chain, size_t count)
{
    uint32_t write = story->argument.edges[chain[0]].a;
    uint32_t read = story->argument.edges[chain[count - 1]].b;

    tell_conclusions(story, chain, count);
    begin_sentence(story);
    tell_pair(story, write, " comes before ", read);
    tell_chain(story, chain, count);
    end_sentence(story);
    begin_sentence(story);
    buf_puts(story->text, "but ");
    tell_op(story, read);
    buf_puts(story->text, " read the initial value");
    end_sentence(story);
}

static void tell_circle(struct story *story, const size_t *chain, size_t count)
{
    tell_conclusions(story, chain, count);
    begin_sentence(story);
    buf_puts(story->text, "this goes in a circle");
    tell_chain(story, chain, count);
    end_sentence(story);
}

static bool tell_contradiction(struct story *story, const char **type)
{
    size_t chain[NODES_MAX];
    size_t count = argument_initial_read(&story->argument, chain);

    if (count) {
        *type = "overwritten-initial-read";
        tell_claim(story);
        tell_initial_read(story, chain, count);
        return true;
    }
    count = argument_circle(&story->argument, chain);
    if (count) {
        *type = "cyclic-order";
        tell_claim(story);
        tell_circle(story, chain, count);
    }
    return count > 0;
}

static bool explain_steps(struct story *story, const char **type)
{
    enum weak_level level = story->argument.level;

    if (level == WEAK_SEQUENTIAL || level == WEAK_CCV || level == WEAK_CC) {
        argument_make(&story->argument, STEP_NONE);
        return tell_contradiction(story, type);
    }
    for (uint32_t s = 0; s < story->argument.steps->session_count; s++) {
        argument_make(&story->argument, s);
        if (tell_contradiction(story, type))
            return true;
    }
    return false;
}

/* The read of a value that nobody wrote. */
static void explain_thin_air(struct story *story, uint32_t culprit)
{
    const struct history *history = story->argument.steps->history;
    const struct op *read = &history->ops[culprit];
    value_id value = read->f == OP_F_CAS ? read->in : read->out;

    begin_sentence(story);
    buf_printf(story->text, "operation %" PRIu32 " ", read->index);
    tell_deed(history, read, story->text);
    buf_puts(story->text, " found ");
    tell_value(history, value, story->text);
    buf_puts(story->text, ", which nobody wrote");
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        value_id reads, writes;
        int access;
        if (op->type == OP_FAIL && op->key == read->key &&
            op_access(op, &access, &reads, &writes) && (access & ACCESS_WRITES) &&
            writes == value) {
            buf_printf(story->text, ": operation %" PRIu32 " would have, but failed", op->index);
            break;
        }
    }
    end_sentence(story);
}

static void explain(struct story *story, const struct witness *witness,
                    const struct level_case *level_case, const char **type)
{
    struct steps steps;
    struct steps_input input = {.history = level_case->history,
                                .places = witness->places,
                                .place_count = witness->count,
                                .initial = level_case->initial};
    enum steps_state state = steps_build(&steps, &input, level_case->budget);
    bool done = false;

    story->argument.steps = &steps;
    if (state == STEPS_THIN_AIR) {
        *type = "thin-air-read";
        explain_thin_air(story, steps.culprit);
        done = true;
    } else if (state == STEPS_READY && steps.assignments == 1 && steps.count <= NODES_MAX) {
        done = explain_steps(story, type);
    }
    if (!done)
        buf_printf(story->text,
                   "All orders of these %zu operations were tried, and none is as '%s' asks.",
                   witness->count, weak_level_names[story->argument.level]);
    steps_release(&steps);
}

void witness_explain(const struct witness *witness, const struct level_case *level_case,
                     enum weak_level level, const char **type, struct buf *text)
{
    struct story *story = budget_calloc(level_case->budget, 1, sizeof *story);

    *type = "no-order";
    if (!story)
        return;
    story->argument.level = level;
    story->text = text;
    explain(story, witness, level_case, type);
    budget_free(level_case->budget, story);
}
