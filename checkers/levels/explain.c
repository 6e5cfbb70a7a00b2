/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Why a witness is a violation, in sentences: the order that the level asks for, step by step,
 * until it contradicts itself. Since witnesses are small, this derives everything again the slow
 * way, and keeps the reason of each conclusion. Where a contradiction only shows by trying all
 * orders, it says that.
 */
#include "schedule.h"
#include "witness.h"

#include <inttypes.h>
#include <string.h>

enum { NODES_MAX = 128, EDGES_MAX = 4096 };

enum reason {
    REASON_PROGRAM,   /* one process did a, then b */
    REASON_FROM,      /* b read what a wrote */
    REASON_FOLLOWS,   /* b's process read a in `cause`, then wrote b */
    REASON_OVERWRITE, /* a is before the read `cause`, which read b */
    REASON_READ_FIRST /* a read `cause`, which b overwrites */
};

struct edge {
    uint8_t a, b, cause;
    enum reason reason;
    bool told;
};

struct argument {
    const struct steps *steps;
    enum weak_level level;
    uint32_t session; /* whose view it is about; STEP_NONE: everybody's */
    struct edge edges[EDGES_MAX];
    size_t edge_count;
    bool before[NODES_MAX][NODES_MAX];
    bool met[NODES_MAX]; /* by step: described already */
    struct buf *text;
};

/* -- the order asked for ----------------------------------------------------------------------- */

static void add_edge(struct argument *argument, uint32_t a, uint32_t b, enum reason reason,
                     uint32_t cause)
{
    if (argument->edge_count == EDGES_MAX)
        return;
    argument->edges[argument->edge_count++] =
        (struct edge){(uint8_t)a, (uint8_t)b, (uint8_t)cause, reason, false};
    argument->before[a][b] = true;
}

static bool is_write(const struct argument *argument, uint32_t step)
{
    return step_is_write(&argument->steps->at[step]);
}

static bool is_own(const struct argument *argument, uint32_t step)
{
    return argument->session == STEP_NONE || argument->steps->session[step] == argument->session;
}

/* Whether the level takes a before b, as one process did them in this order. */
static bool keeps_program_order(const struct argument *argument, uint32_t a, uint32_t b)
{
    bool write_a = is_write(argument, a), write_b = is_write(argument, b);

    switch (argument->level) {
    case WEAK_PRAM:
        return (write_a || is_own(argument, a)) && (write_b || is_own(argument, b));
    case WEAK_READ_YOUR_WRITES:
        return is_own(argument, a) && write_a;
    case WEAK_MONOTONIC_WRITES:
        return write_a == write_b && (write_a || is_own(argument, a));
    case WEAK_MONOTONIC_READS:
    case WEAK_WRITES_FOLLOW_READS:
        return !write_a && !write_b && is_own(argument, a);
    default:
        return true;
    }
}

static bool sees_all_reads(enum weak_level level)
{
    return level <= WEAK_CC;
}

static void add_asked_order(struct argument *argument)
{
    const struct steps *steps = argument->steps;

    for (uint32_t b = 0; b < steps->count; b++) {
        for (uint32_t a = steps->first[steps->session[b]]; a < b; a++) {
            if (keeps_program_order(argument, a, b))
                add_edge(argument, a, b, REASON_PROGRAM, 0);
            if (argument->level == WEAK_WRITES_FOLLOW_READS && is_write(argument, b) &&
                step_reads_from_step(&steps->at[a]) && steps->at[a].from != b)
                add_edge(argument, steps->at[a].from, b, REASON_FOLLOWS, a);
        }
        if (step_reads_from_step(&steps->at[b]) &&
            (sees_all_reads(argument->level) || is_own(argument, b)))
            add_edge(argument, steps->at[b].from, b, REASON_FROM, 0);
    }
}

/* -- conclusions ------------------------------------------------------------------------------- */

static void close_order(struct argument *argument)
{
    uint32_t count = argument->steps->count;

    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t j = 0; argument->before[i][k] && j < count; j++)
                argument->before[i][j] |= argument->before[k][j];
        }
    }
}

/* What follows from w before r in `known`, the order so far. */
static bool conclude(struct argument *argument, const bool (*known)[NODES_MAX])
{
    const struct steps *steps = argument->steps;
    bool changed = false;

    for (uint32_t r = 0; r < steps->count; r++) {
        uint32_t from = steps->at[r].from;
        if (from >= FROM_INITIAL || !(sees_all_reads(argument->level) || is_own(argument, r)))
            continue;
        if (argument->level == WEAK_CAUSAL && !is_own(argument, r))
            continue;
        for (uint32_t w = 0; w < steps->count; w++) {
            if (!is_write(argument, w) || w == from || steps->at[w].key != steps->at[r].key)
                continue;
            uint32_t first = step_enter(steps, from), last = step_leave(steps, r);
            if (argument->level != WEAK_SEQUENTIAL)
                first = from;
            if (known[w][r] && !argument->before[w][first]) {
                add_edge(argument, w, first, REASON_OVERWRITE, r);
                changed = true;
            }
            first = step_enter(steps, w);
            if (argument->level == WEAK_SEQUENTIAL && known[from][w] && last != w &&
                !argument->before[last][first]) {
                add_edge(argument, last, first, REASON_READ_FIRST, from);
                changed = true;
            }
        }
    }
    return changed;
}

/* Conclusions of cc and ccv rest on the causal order alone; the others' on each other too. */
static void conclude_all(struct argument *argument)
{
    bool known[NODES_MAX][NODES_MAX];

    do {
        close_order(argument);
        memcpy(known, argument->before, sizeof known);
    } while (conclude(argument, (const bool(*)[NODES_MAX])known) && argument->level != WEAK_CC &&
             argument->level != WEAK_CCV);
    if (argument->level != WEAK_CC)
        close_order(argument);
}

/* -- words ------------------------------------------------------------------------------------- */

static const struct op *op_of(const struct argument *argument, uint32_t step)
{
    return &argument->steps->history->ops[argument->steps->place[step]];
}

static void tell_value(const struct argument *argument, value_id value)
{
    if (value == VALUE_NIL)
        buf_puts(argument->text, "nil");
    else
        values_print(&argument->steps->history->values, value, argument->text);
}

static void tell_key(const struct argument *argument, const struct op *op, const char *before)
{
    if (op->key == VALUE_NIL)
        return;
    buf_puts(argument->text, before);
    tell_value(argument, op->key);
}

static void tell_time(const struct argument *argument, const struct op *op)
{
    if (argument->steps->history->times_trusted)
        buf_printf(argument->text, " at %" PRId64 ".%06" PRId64 " s", op->invoke_ns / 1000000000,
                   op->invoke_ns / 1000 % 1000000);
}

static void tell_deed(const struct argument *argument, const struct op *op)
{
    if (op->f == OP_F_WRITE) {
        buf_puts(argument->text, "wrote ");
        tell_value(argument, op->in);
        tell_key(argument, op, " to ");
    } else if (op->f == OP_F_READ) {
        buf_puts(argument->text, "read ");
        tell_value(argument, op->out);
        tell_key(argument, op, " from ");
    } else {
        buf_puts(argument->text, "changed ");
        tell_key(argument, op, "");
        buf_puts(argument->text, " from ");
        tell_value(argument, op->in);
        buf_puts(argument->text, " to ");
        tell_value(argument, op->in2);
    }
}

/* "operation 4", at its first mention with "(process 1 wrote 2 to x at 0.000012 s)". */
static void tell_op(struct argument *argument, uint32_t step)
{
    const struct op *op = op_of(argument, step);
    uint32_t enter = step_enter(argument->steps, step);

    buf_printf(argument->text, "operation %" PRIu32, op->index);
    if (argument->met[enter])
        return;
    argument->met[enter] = true;
    buf_printf(argument->text, " (process %" PRId32 " ", op->process);
    tell_deed(argument, op);
    tell_time(argument, op);
    buf_puts(argument->text, ")");
}

static bool same_op(const struct argument *argument, uint32_t a, uint32_t b)
{
    return argument->steps->place[a] == argument->steps->place[b];
}

/* -- chains of edges --------------------------------------------------------------------------- */

/* A shortest chain of the first `limit` edges from a to b; its length, 0 if there is none. */
static size_t find_chain(const struct argument *argument, uint32_t a, uint32_t b, size_t limit,
                         size_t *chain)
{
    size_t by[NODES_MAX], count = 0;
    uint32_t queue[NODES_MAX], begin = 0, end = 0;
    bool seen[NODES_MAX] = {false};

    queue[end++] = a;
    while (begin < end && !seen[b]) {
        uint32_t step = queue[begin++];
        for (size_t i = 0; i < limit; i++) {
            const struct edge *edge = &argument->edges[i];
            if (edge->a != step || seen[edge->b])
                continue;
            seen[edge->b] = true;
            by[edge->b] = i;
            queue[end++] = edge->b;
        }
    }
    if (!seen[b])
        return 0;
    uint32_t step = b;
    do {
        chain[count++] = by[step];
        step = argument->edges[by[step]].a;
    } while (step != a);
    for (size_t i = 0; i < count / 2; i++) {
        size_t other = chain[i];
        chain[i] = chain[count - 1 - i];
        chain[count - 1 - i] = other;
    }
    return count;
}

static void tell_conclusion(struct argument *argument, size_t at);

/* First what the chain's conclusions rest on, each in a sentence. */
static void tell_conclusions(struct argument *argument, const size_t *chain, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct edge *edge = &argument->edges[chain[i]];
        if (edge->told || edge->reason < REASON_OVERWRITE)
            continue;
        edge->told = true;
        tell_conclusion(argument, chain[i]);
    }
}

/* ", since process 1 did 4 before 6, and 7 read from 6" */
static void tell_chain(struct argument *argument, const size_t *chain, size_t count)
{
    const char *before = ", since ";

    for (size_t i = 0; i < count; i++) {
        const struct edge *edge = &argument->edges[chain[i]];
        if (same_op(argument, edge->a, edge->b) || edge->reason >= REASON_OVERWRITE)
            continue;
        buf_puts(argument->text, before);
        if (edge->reason == REASON_FROM) {
            tell_op(argument, edge->b);
            buf_puts(argument->text, " read from ");
            tell_op(argument, edge->a);
        } else if (edge->reason == REASON_FOLLOWS) {
            tell_op(argument, edge->cause);
            buf_puts(argument->text, " read from ");
            tell_op(argument, edge->a);
            buf_puts(argument->text, " and its process went on to ");
            tell_op(argument, edge->b);
        } else {
            tell_op(argument, edge->a);
            buf_printf(argument->text, " was process %" PRId32 "'s before ",
                       op_of(argument, edge->a)->process);
            tell_op(argument, edge->b);
        }
        before = ", and ";
    }
}

static void tell_before(struct argument *argument, uint32_t a, uint32_t b, const size_t *chain,
                        size_t count)
{
    tell_op(argument, a);
    buf_puts(argument->text, " comes before ");
    tell_op(argument, b);
    tell_chain(argument, chain, count);
}

static void tell_conclusion(struct argument *argument, size_t at)
{
    struct edge edge = argument->edges[at];
    uint32_t cause = edge.cause;
    bool overwrite = edge.reason == REASON_OVERWRITE;
    uint32_t a = overwrite ? edge.a : cause,
             b = overwrite ? cause : step_leave(argument->steps, edge.b);
    size_t chain[NODES_MAX];
    size_t count = find_chain(argument, a, b, at, chain);

    tell_conclusions(argument, chain, count);
    buf_puts(argument->text, " ");
    tell_before(argument, a, b, chain, count);
    if (overwrite) {
        buf_puts(argument->text, "; but that read what ");
        tell_op(argument, edge.b);
        buf_puts(argument->text, " wrote, so ");
        tell_op(argument, edge.a);
        buf_puts(argument->text, " comes before ");
        tell_op(argument, edge.b);
    } else {
        buf_puts(argument->text, "; but ");
        tell_op(argument, edge.a);
        buf_puts(argument->text, " still read what ");
        tell_op(argument, cause);
        buf_puts(argument->text, " wrote, so it comes before ");
        tell_op(argument, edge.b);
    }
    buf_puts(argument->text, ".");
}

/* -- contradictions ---------------------------------------------------------------------------- */

/* A read of the initial value with a write of its key before it. */
static bool tell_initial_read(struct argument *argument, bool tell)
{
    const struct steps *steps = argument->steps;
    size_t chain[NODES_MAX];

    for (uint32_t r = 0; r < steps->count; r++) {
        if (steps->at[r].from != FROM_INITIAL ||
            !(is_own(argument, r) || argument->level == WEAK_CC || argument->level == WEAK_CCV))
            continue;
        for (uint32_t w = 0; w < steps->count; w++) {
            if (!is_write(argument, w) || steps->at[w].key != steps->at[r].key ||
                !argument->before[w][r])
                continue;
            size_t count = find_chain(argument, w, r, argument->edge_count, chain);
            if (!count || !tell)
                return count > 0;
            tell_conclusions(argument, chain, count);
            buf_puts(argument->text, " ");
            tell_before(argument, w, r, chain, count);
            buf_puts(argument->text, "; but that read the initial value.");
            return true;
        }
    }
    return false;
}

/* cc looks at one read at a time: a conclusion from it may contradict the causal order only, not
 * one from another read. */
static bool is_cc_cycle(const struct argument *argument, const size_t *chain, size_t count)
{
    size_t conclusions = 0;

    for (size_t i = 0; i < count; i++)
        conclusions += argument->edges[chain[i]].reason >= REASON_OVERWRITE;
    return argument->level != WEAK_CC || conclusions <= 1;
}

static size_t find_cycle(struct argument *argument, size_t *chain)
{
    size_t best = 0, candidate[NODES_MAX];

    for (uint32_t step = 0; step < argument->steps->count; step++) {
        if (!argument->before[step][step] && argument->level != WEAK_CC)
            continue;
        size_t count = find_chain(argument, step, step, argument->edge_count, candidate);
        if (!count || !is_cc_cycle(argument, candidate, count) || (best && count >= best))
            continue;
        memcpy(chain, candidate, count * sizeof *chain);
        best = count;
    }
    return best;
}

static bool tell_cycle(struct argument *argument, bool tell)
{
    size_t chain[NODES_MAX], count = find_cycle(argument, chain);

    if (!count || !tell)
        return count > 0;
    tell_conclusions(argument, chain, count);
    buf_puts(argument->text, " So ");
    for (size_t i = 0; i < count; i++) {
        const struct edge *edge = &argument->edges[chain[i]];
        if (same_op(argument, edge->a, edge->b))
            continue;
        tell_op(argument, edge->a);
        buf_puts(argument->text, " comes before ");
    }
    tell_op(argument, argument->edges[chain[0]].a);
    tell_chain(argument, chain, count);
    buf_puts(argument->text, ": a circle.");
    return true;
}

/* -- entry ------------------------------------------------------------------------------------- */

static void begin(struct argument *argument, uint32_t session)
{
    argument->session = session;
    argument->edge_count = 0;
    memset(argument->before, 0, sizeof argument->before);
    add_asked_order(argument);
    conclude_all(argument);
}

static bool tell_contradiction(struct argument *argument, const char **type)
{
    static const char *const of_all = "No order of these operations is the same for everybody and "
                                      "explains what they returned.";
    bool is_shared = argument->level == WEAK_SEQUENTIAL || argument->level == WEAK_CCV;

    if (!tell_initial_read(argument, false) && !tell_cycle(argument, false))
        return false;
    if (argument->session == STEP_NONE)
        buf_puts(argument->text,
                 is_shared ? of_all
                           : "A read cannot be explained by what came causally before it.");
    else
        buf_printf(argument->text, "No order of all writes explains what process %" PRId32 " read.",
                   op_of(argument, argument->steps->first[argument->session])->process);
    if (tell_initial_read(argument, true)) {
        *type = "overwritten-initial-read";
        return true;
    }
    *type = "cyclic-order";
    return tell_cycle(argument, true);
}

static bool explain_steps(struct argument *argument, const char **type)
{
    bool has_views = argument->level == WEAK_CAUSAL || argument->level >= WEAK_PRAM;

    for (uint32_t s = 0; has_views && s < argument->steps->session_count; s++) {
        begin(argument, s);
        if (tell_contradiction(argument, type))
            return true;
    }
    if (has_views)
        return false;
    begin(argument, STEP_NONE);
    return tell_contradiction(argument, type);
}

/* The read of a value that nobody wrote. */
static void explain_thin_air(struct argument *argument, const struct level_case *level_case,
                             uint32_t culprit)
{
    const struct history *history = level_case->history;
    const struct op *read = &history->ops[culprit];
    value_id value = read->f == OP_F_CAS ? read->in : read->out;

    buf_printf(argument->text, "Operation %" PRIu32 " (process %" PRId32 " ", read->index,
               read->process);
    tell_deed(argument, read);
    tell_time(argument, read);
    buf_puts(argument->text, ") found ");
    tell_value(argument, value);
    buf_puts(argument->text, ", which nobody wrote");
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        value_id reads, writes = VALUE_NIL;
        int access = 0;
        if (op->type == OP_FAIL && op->key == read->key &&
            op_access(op, &access, &reads, &writes) && (access & ACCESS_WRITES) &&
            writes == value) {
            buf_printf(argument->text, ": operation %" PRIu32 " would have, but failed", op->index);
            break;
        }
    }
    buf_puts(argument->text, ".");
}

static void explain(struct argument *argument, const struct witness *witness,
                    const struct level_case *level_case, const char **type)
{
    struct steps steps;
    struct steps_input input = {.history = level_case->history,
                                .places = witness->places,
                                .place_count = witness->count,
                                .initial = level_case->initial};
    enum steps_state state = steps_build(&steps, &input, level_case->budget);
    bool done = false;

    argument->steps = &steps;
    if (state == STEPS_THIN_AIR) {
        *type = "thin-air-read";
        explain_thin_air(argument, level_case, steps.culprit);
        done = true;
    } else if (state == STEPS_READY && steps.assignments == 1 && steps.count <= NODES_MAX) {
        done = explain_steps(argument, type);
    }
    if (!done)
        buf_printf(argument->text,
                   "All orders of these %zu operations were tried, and none is as '%s' asks.",
                   witness->count, weak_level_names[argument->level]);
    steps_release(&steps);
}

void witness_explain(const struct witness *witness, const struct level_case *level_case,
                     enum weak_level level, const char **type, struct buf *text)
{
    struct argument *argument = budget_calloc(level_case->budget, 1, sizeof *argument);

    *type = "no-order";
    if (!argument)
        return;
    argument->level = level;
    argument->text = text;
    explain(argument, witness, level_case, type);
    budget_free(level_case->budget, argument);
}
