/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The levels at which processes may see different orders, by enumeration.
 *
 * cc, ccv and causal (CM) are Bouajjani, Enea, Guerraoui and Hamza, "On Verifying Causal
 * Consistency", POPL 2017, section 3: there is a strict partial order co that contains program
 * order such that, for every operation o, cc:     the causal past of o has a linear extension after
 * which o returns what it returned; ccv:    the same with one total order arb, containing co, for
 * everybody; causal: as cc, but the extension must explain also everything that o's process
 * returned before.
 */
#include "brute_internal.h"

#include <stdlib.h>
#include <string.h>

/* past[i]: the set of events strictly before i. */
struct order {
    uint64_t past[BRUTE_MAX];
};

static struct order program_order(const struct brute_events *events)
{
    struct order order = {{0}};

    for (int a = 0; a < events->count; a++) {
        for (int b = 0; b < events->count; b++) {
            if (brute_po(events, a, b))
                order.past[b] |= UINT64_C(1) << a;
        }
    }
    return order;
}

/* Close under transitivity; false if that makes a cycle. */
static bool close_order(struct order *order, int count)
{
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < count; i++) {
            if (order->past[i] >> k & 1)
                order->past[i] |= order->past[k];
        }
    }
    for (int i = 0; i < count; i++) {
        if (order->past[i] >> i & 1)
            return false;
    }
    return true;
}

/* -- sequences ------------------------------------------------------------------------------- */

/* A sequence under construction: of the events in `all`, in an order that contains `order`, in
 * which every read in `checked` returns the value written last among those in sight of it. */
struct sequence {
    const struct brute_events *events;
    const struct order *order;
    const struct order *sight; /* a read sees the writes in its past; NULL: all that come before */
    uint64_t all, checked;
    int last[BRUTE_MAX];
    int count;
    struct brute_memo in_vain;
};

static int by_byte(const void *left, const void *right)
{
    return *(const unsigned char *)left - *(const unsigned char *)right;
}

static bool read_is_explained(const struct sequence *sequence, int read)
{
    const struct brute_events *events = sequence->events;

    for (int i = sequence->count - 1; i >= 0; i--) {
        int at = sequence->last[i];
        bool seen = !sequence->sight || (sequence->sight->past[read] >> at & 1);
        if (seen && events->at[at].is_write && events->at[at].key == events->at[read].key)
            return events->at[at].value == events->at[read].value;
    }
    return events->at[read].value == events->initial;
}

/* Whether the same events were placed before, in vain, so that the same is in sight: without
 * `sight` the last write of each key, with it the order of all writes. */
static bool was_tried(struct sequence *sequence, uint64_t placed)
{
    unsigned char key[sizeof placed + BRUTE_MAX];
    size_t size = sizeof placed;

    memcpy(key, &placed, size);
    for (int i = sequence->count - 1; i >= 0; i--) {
        int at = sequence->last[i];
        const struct brute_event *event = &sequence->events->at[at];
        bool hidden = !event->is_write;
        for (size_t k = sizeof placed; k < size && !hidden && !sequence->sight; k++)
            hidden = sequence->events->at[key[k]].key == event->key;
        if (!hidden)
            key[size++] = (unsigned char)at;
    }
    if (!sequence->sight) /* the keys in no particular order */
        qsort(key + sizeof placed, size - sizeof placed, 1, by_byte);
    return brute_memo_seen(&sequence->in_vain, key, size);
}

/* Whether what is not yet in `placed` can follow. */
static bool extend(struct sequence *sequence, uint64_t placed)
{
    if (placed == sequence->all)
        return true;
    if (brute_too_much(sequence->events->effort) || was_tried(sequence, placed))
        return false;
    for (int i = 0; i < sequence->events->count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (!(sequence->all & bit) || (placed & bit) ||
            (sequence->order->past[i] & sequence->all & ~placed))
            continue;
        if ((sequence->checked & bit) && !sequence->events->at[i].is_write &&
            !read_is_explained(sequence, i))
            continue;
        sequence->last[sequence->count++] = i;
        bool found = extend(sequence, placed | bit);
        sequence->count--;
        if (found)
            return true;
    }
    return false;
}

static bool has_sequence(const struct brute_events *events, const struct order *order,
                         const struct order *sight, uint64_t all, uint64_t checked)
{
    struct sequence sequence = {
        .events = events, .order = order, .sight = sight, .all = all, .checked = checked};
    bool found = extend(&sequence, 0);

    brute_memo_release(&sequence.in_vain);
    return found;
}

/* -- the axioms, for a given co -------------------------------------------------------------- */

/* AxCausalValue for every o. */
static bool is_cc(const struct brute_events *events, const struct order *co)
{
    for (int o = 0; o < events->count; o++) {
        uint64_t self = UINT64_C(1) << o;
        if (!has_sequence(events, co, NULL, co->past[o] | self, self))
            return false;
    }
    return true;
}

/* AxCausalArb: some arb containing co serves every o. */
static bool is_ccv(const struct brute_events *events, const struct order *co)
{
    uint64_t everything = (UINT64_C(1) << events->count) - 1;
    return has_sequence(events, co, co, everything, everything);
}

/* AxCausalSeq for every o. */
static bool is_cm(const struct brute_events *events, const struct order *co)
{
    for (int o = 0; o < events->count; o++) {
        uint64_t self = UINT64_C(1) << o, own = self;
        for (int i = 0; i < o; i++)
            own |= brute_po(events, i, o) ? UINT64_C(1) << i : 0;
        if (!has_sequence(events, co, NULL, co->past[o] | self, own))
            return false;
    }
    return true;
}

typedef bool axiom(const struct brute_events *events, const struct order *co);

/* -- every co that matters ------------------------------------------------------------------- */

/* Try all orders made of program order and a set of edges from writes to reads. No other co can do
 * what these cannot: take a co that serves, and let co' be the closure of program order and of co's
 * pairs of a write and a read. Each read has the same writes in its past, so its sequence, less
 * some reads of others, serves under co'; and a write's sequence is that of the last read of its
 * process followed by its own writes since. */
static bool any_visibility(const struct brute_events *events, const struct order *so_far, int read,
                           axiom *serves)
{
    if (brute_too_much(events->effort))
        return false;
    while (read < events->count && events->at[read].is_write)
        read++;
    if (read == events->count) {
        struct order co = *so_far;
        return close_order(&co, events->count) && serves(events, &co);
    }
    uint64_t writes = 0;
    for (int i = 0; i < events->count; i++)
        writes |= events->at[i].is_write && !(so_far->past[read] >> i & 1) ? UINT64_C(1) << i : 0;
    for (uint64_t seen = writes;; seen = (seen - 1) & writes) {
        struct order next = *so_far;
        next.past[read] |= seen;
        if (any_visibility(events, &next, read + 1, serves))
            return true;
        if (!seen)
            return false;
    }
}

/* For levels whose axiom about a read mentions no other read, one writer per read is enough: a
 * smaller past only takes writes away from before the last one. */
static bool any_reads_from(const struct brute_events *events, const struct order *so_far, int read,
                           axiom *serves)
{
    while (read < events->count && events->at[read].is_write)
        read++;
    if (read == events->count) {
        struct order co = *so_far;
        return close_order(&co, events->count) && serves(events, &co);
    }
    if (events->at[read].value == events->initial &&
        any_reads_from(events, so_far, read + 1, serves))
        return true;
    for (int i = 0; i < events->count; i++) {
        const struct brute_event *write = &events->at[i];
        if (!write->is_write || write->key != events->at[read].key ||
            write->value != events->at[read].value)
            continue;
        struct order next = *so_far;
        next.past[read] |= UINT64_C(1) << i;
        if (any_reads_from(events, &next, read + 1, serves))
            return true;
    }
    return false;
}

bool brute_cc(const struct brute_events *events)
{
    struct order po = program_order(events);
    return any_reads_from(events, &po, 0, is_cc);
}

bool brute_ccv(const struct brute_events *events)
{
    struct order po = program_order(events);
    return any_reads_from(events, &po, 0, is_ccv);
}

/* Where a value has one writer, every sequence takes the read from it: one writer is enough then.
 */
static bool has_one_writer_each(const struct brute_events *events)
{
    for (int r = 0; r < events->count; r++) {
        int writers = events->at[r].value == events->initial;
        for (int w = 0; w < events->count; w++)
            writers += events->at[w].is_write && events->at[w].key == events->at[r].key &&
                       events->at[w].value == events->at[r].value;
        if (!events->at[r].is_write && writers > 1)
            return false;
    }
    return true;
}

bool brute_cm(const struct brute_events *events)
{
    struct order po = program_order(events);
    if (has_one_writer_each(events))
        return any_reads_from(events, &po, 0, is_cm);
    return any_visibility(events, &po, 0, is_cm);
}

/* -- literally every co ---------------------------------------------------------------------- */

static bool is_transitive(const struct order *order, int count)
{
    struct order closed = *order;
    return close_order(&closed, count) && memcmp(&closed, order, sizeof closed) == 0;
}

/* Decide about each pair from `pair` on whether it is in co. */
static bool any_relation(const struct brute_events *events, struct order *co, int pair,
                         axiom *serves)
{
    int a = pair / events->count, b = pair % events->count;

    events->effort->steps = 0; /* as much as it takes */
    if (pair == events->count * events->count)
        return is_transitive(co, events->count) && serves(events, co);
    if (any_relation(events, co, pair + 1, serves))
        return true;
    if (a == b || (co->past[b] >> a & 1) || (co->past[a] >> b & 1))
        return false;
    co->past[b] |= UINT64_C(1) << a;
    bool found = any_relation(events, co, pair + 1, serves);
    co->past[b] &= ~(UINT64_C(1) << a);
    return found;
}

bool brute_literally(const struct brute_events *events, const char *level)
{
    struct order co = program_order(events);
    axiom *serves = strcmp(level, "cc") == 0 ? is_cc : strcmp(level, "ccv") == 0 ? is_ccv : is_cm;
    return any_relation(events, &co, 0, serves);
}

/* -- PRAM and the session guarantees --------------------------------------------------------- */

/* Whether write b's process read what write a wrote, before it wrote b. */
static bool follows_read(const struct brute_events *events, int a, int b)
{
    for (int r = 0; r < events->count; r++) {
        const struct brute_event *read = &events->at[r];
        if (!read->is_write && brute_po(events, r, b) && read->key == events->at[a].key &&
            read->value == events->at[a].value)
            return true;
    }
    return false;
}

/* Whether `level` puts a before b in the sequence of `process`; both are in it. */
static bool is_ordered(const struct brute_events *events, const char *level, int32_t process, int a,
                       int b)
{
    bool po = brute_po(events, a, b);
    bool own = events->at[a].process == process && po;
    bool write_a = events->at[a].is_write, write_b = events->at[b].is_write;

    if (strcmp(level, "pram") == 0)
        return po;
    if (strcmp(level, "read-your-writes") == 0)
        return own && write_a;
    if (!write_a && !write_b)
        return own; /* read-read: the three others ask for it */
    if (strcmp(level, "monotonic-writes") == 0)
        return po && write_a && write_b;
    if (strcmp(level, "writes-follow-reads") == 0)
        return write_a && write_b && follows_read(events, a, b);
    return false;
}

bool brute_sessions(const struct brute_events *events, const char *level)
{
    for (int p = 0; p < events->count; p++) {
        int32_t process = events->at[p].process;
        struct order order = {{0}};
        uint64_t all = 0;
        for (int i = 0; i < events->count; i++)
            all |=
                events->at[i].is_write || events->at[i].process == process ? UINT64_C(1) << i : 0;
        for (int a = 0; a < events->count; a++) {
            for (int b = 0; b < events->count; b++) {
                if (a != b && is_ordered(events, level, process, a, b))
                    order.past[b] |= UINT64_C(1) << a;
            }
        }
        if (!has_sequence(events, &order, NULL, all, all))
            return false;
    }
    return true;
}
