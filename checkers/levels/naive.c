/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "naive.h"

#include <string.h>

enum {
    SEARCH_STEPS_MAX = 2 * 1000 * 1000,
    INITIAL = -1, /* read from nobody: the initial value */
    NOBODY = -2,
};

struct naive_event {
    int32_t process;
    bool is_write, is_unknown;
    int8_t other; /* the other half of a compare-and-set; -1 */
    int8_t key;
    value_id value;
    uint64_t writers; /* of a read: the events that may have written its value */
    bool may_be_initial;
};

typedef uint64_t event_set;

struct naive {
    enum weak_level level;
    const struct history *history;
    value_id initial;
    struct budget *budget;
    struct naive_event events[NAIVE_EVENTS_MAX];
    int count, key_count;
    value_id keys[NAIVE_EVENTS_MAX];
    int16_t from[NAIVE_EVENTS_MAX]; /* of a read: the pairing being tried */
    event_set happened;
    uint64_t searched;
    bool gave_up;
};

#define BIT(i) (UINT64_C(1) << (i))

/* What must come before each event. */
struct precedence {
    event_set before[NAIVE_EVENTS_MAX];
};

/* -- is there a legal sequence? ---------------------------------------------------------------- */

/* Sets of placed events, with the writes that stand, from which there is no way on. */
struct memo {
    struct memo_entry {
        event_set placed;
        int8_t standing[NAIVE_EVENTS_MAX];
    } * entries;
    uint32_t *slots;
    size_t count, capacity;
};

struct sequence {
    struct naive *naive;
    const struct precedence *precedence;
    event_set all;
    bool keeps_pairs; /* nothing comes between the halves of a compare-and-set */
    struct memo memo;
};

static uint32_t *memo_slot(const struct memo *memo, const struct memo_entry *entry)
{
    uint64_t words[sizeof *entry / sizeof(uint64_t)], hash = 0;

    memcpy(words, entry, sizeof *entry);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        hash = (hash ^ words[i] ^ hash >> 29) * 0x9e3779b97f4a7c15u;
    size_t mask = memo->capacity * 2 - 1, at = (hash ^ hash >> 32) & mask;
    while (memo->slots[at] &&
           memcmp(&memo->entries[memo->slots[at] - 1], entry, sizeof *entry) != 0)
        at = (at + 1) & mask;
    return &memo->slots[at];
}

static bool memo_grow(struct memo *memo, struct budget *budget)
{
    size_t capacity = memo->capacity ? memo->capacity * 2 : 64;
    void *entries = budget_realloc(budget, memo->entries, capacity * sizeof *memo->entries);
    uint32_t *slots = budget_calloc(budget, capacity * 2, sizeof *slots);

    if (entries)
        memo->entries = entries;
    if (!entries || !slots) {
        budget_free(budget, slots);
        return false;
    }
    budget_free(budget, memo->slots);
    memo->slots = slots;
    memo->capacity = capacity;
    for (size_t i = 0; i < memo->count; i++)
        *memo_slot(memo, &memo->entries[i]) = (uint32_t)i + 1;
    return true;
}

/* True if the state was met before. */
static bool memo_meets(struct sequence *sequence, const struct memo_entry *entry)
{
    struct memo *memo = &sequence->memo;

    if (memo->count == memo->capacity && !memo_grow(memo, sequence->naive->budget)) {
        sequence->naive->gave_up = true;
        return true;
    }
    uint32_t *slot = memo_slot(memo, entry);
    if (*slot)
        return true;
    memo->entries[memo->count++] = *entry;
    *slot = (uint32_t)memo->count;
    return false;
}

/* Put event i after those placed; false if it may not stand there. */
static bool place(const struct sequence *sequence, struct memo_entry *state, int i)
{
    const struct naive *naive = sequence->naive;
    const struct naive_event *event = &naive->events[i];

    if ((state->placed & BIT(i)) ||
        (sequence->precedence->before[i] & sequence->all & ~state->placed))
        return false;
    if (!event->is_write && state->standing[event->key] != naive->from[i])
        return false;
    state->placed |= BIT(i);
    if (event->is_write)
        state->standing[event->key] = (int8_t)i;
    if (sequence->keeps_pairs && event->other >= 0 && !event->is_write)
        return place(sequence, state, event->other);
    return true;
}

static bool extend(struct sequence *sequence, const struct memo_entry *state)
{
    struct naive *naive = sequence->naive;

    if (state->placed == sequence->all)
        return true;
    if (++naive->searched > SEARCH_STEPS_MAX ||
        (naive->searched % 1024 == 0 && budget_spent(naive->budget)))
        naive->gave_up = true;
    if (naive->gave_up || memo_meets(sequence, state))
        return false;
    for (int i = 0; i < naive->count; i++) {
        struct memo_entry next = *state;
        bool second =
            sequence->keeps_pairs && naive->events[i].other >= 0 && naive->events[i].is_write;
        if ((sequence->all & BIT(i)) && !second && place(sequence, &next, i) &&
            extend(sequence, &next))
            return true;
    }
    return false;
}

static bool has_sequence(struct naive *naive, const struct precedence *precedence, event_set all,
                         bool keeps_pairs)
{
    struct sequence sequence = {
        .naive = naive, .precedence = precedence, .all = all, .keeps_pairs = keeps_pairs};
    struct memo_entry empty = {.placed = 0};

    memset(empty.standing, INITIAL, sizeof empty.standing);
    bool found = extend(&sequence, &empty);
    budget_free(naive->budget, sequence.memo.entries);
    budget_free(naive->budget, sequence.memo.slots);
    return found;
}

/* -- orders ------------------------------------------------------------------------------------ */

static bool is_in(event_set set, int i)
{
    return set >> i & 1;
}

/* a before b in program order. */
static bool program_order(const struct naive *naive, int a, int b)
{
    return a < b && naive->events[a].process == naive->events[b].process;
}

/* Program order and reads-from, closed. False if that is a cycle. */
static bool causal_order(const struct naive *naive, struct precedence *order)
{
    memset(order, 0, sizeof *order);
    for (int b = 0; b < naive->count; b++) {
        if (!is_in(naive->happened, b))
            continue;
        for (int a = 0; a < naive->count; a++) {
            bool from = !naive->events[b].is_write && naive->from[b] == a;
            if (is_in(naive->happened, a) && (from || program_order(naive, a, b)))
                order->before[b] |= BIT(a);
        }
    }
    for (int k = 0; k < naive->count; k++) {
        for (int i = 0; i < naive->count; i++) {
            if (is_in(order->before[i], k))
                order->before[i] |= order->before[k];
        }
    }
    for (int i = 0; i < naive->count; i++) {
        if (is_in(order->before[i], i))
            return false;
    }
    return true;
}

static event_set all_writes(const struct naive *naive)
{
    event_set writes = 0;

    for (int i = 0; i < naive->count; i++)
        writes |= naive->events[i].is_write ? BIT(i) & naive->happened : 0;
    return writes;
}

static event_set reads_of(const struct naive *naive, int32_t process)
{
    event_set reads = 0;

    for (int i = 0; i < naive->count; i++) {
        if (!naive->events[i].is_write && naive->events[i].process == process)
            reads |= BIT(i) & naive->happened;
    }
    return reads;
}

/* Whether b's process read what a wrote before it wrote b. */
static bool follows_read(const struct naive *naive, int a, int b)
{
    for (int r = 0; r < naive->count; r++) {
        if (is_in(naive->happened, r) && !naive->events[r].is_write && program_order(naive, r, b) &&
            naive->from[r] == a)
            return true;
    }
    return false;
}

/* Whether the level puts a before b in the sequence of process p, for the levels that say it pair
 * by pair. */
static bool asks_for(const struct naive *naive, int32_t p, int a, int b)
{
    bool po = program_order(naive, a, b), own = po && naive->events[a].process == p;
    bool write_a = naive->events[a].is_write, write_b = naive->events[b].is_write;

    switch (naive->level) {
    case WEAK_PRAM:
        return po;
    case WEAK_READ_YOUR_WRITES:
        return own && write_a;
    case WEAK_MONOTONIC_READS:
        return own && !write_a && !write_b;
    case WEAK_MONOTONIC_WRITES:
        return (own && !write_a && !write_b) || (po && write_a && write_b);
    case WEAK_WRITES_FOLLOW_READS:
        return (own && !write_a && !write_b) || (write_a && write_b && follows_read(naive, a, b));
    default:
        return false;
    }
}

/* -- the levels -------------------------------------------------------------------------------- */

static bool is_sequential(struct naive *naive)
{
    struct precedence order = {{0}};

    for (int a = 0; a < naive->count; a++) {
        for (int b = 0; b < naive->count; b++) {
            if (program_order(naive, a, b))
                order.before[b] |= BIT(a);
        }
    }
    return has_sequence(naive, &order, naive->happened, true);
}

/* For each process a sequence of all writes and its reads. `shared`: the order that all respect;
 * NULL: what asks_for says. */
static bool has_views(struct naive *naive, const struct precedence *shared)
{
    for (int i = 0; i < naive->count; i++) {
        int32_t p = naive->events[i].process;
        struct precedence order = {{0}};
        for (int a = 0; a < naive->count && !shared; a++) {
            for (int b = 0; b < naive->count; b++) {
                if (a != b && asks_for(naive, p, a, b))
                    order.before[b] |= BIT(a);
            }
        }
        if (!has_sequence(naive, shared ? shared : &order, all_writes(naive) | reads_of(naive, p),
                          false))
            return false;
    }
    return true;
}

/* Each read alone is explained by an order of its causal past. */
static bool is_cc(struct naive *naive, const struct precedence *co)
{
    for (int r = 0; r < naive->count; r++) {
        if (naive->events[r].is_write || !is_in(naive->happened, r))
            continue;
        if (!has_sequence(naive, co, (co->before[r] & all_writes(naive)) | BIT(r), false))
            return false;
    }
    return true;
}

/* One order of all writes, in which every read finds what it read to be the last in its past: no
 * other write of the key that is in the past of a read may come once its own has. */
static bool arbitrate(struct naive *naive, const struct precedence *co, struct sequence *sequence,
                      const struct memo_entry *state)
{
    if (state->placed == sequence->all)
        return true;
    if (++naive->searched > SEARCH_STEPS_MAX)
        naive->gave_up = true;
    if (naive->gave_up || memo_meets(sequence, state))
        return false;
    for (int w = 0; w < naive->count; w++) {
        bool fits = is_in(sequence->all & ~state->placed, w) &&
                    !(co->before[w] & sequence->all & ~state->placed);
        for (int r = 0; r < naive->count && fits; r++) {
            const struct naive_event *read = &naive->events[r];
            if (read->is_write || !is_in(naive->happened, r) || read->key != naive->events[w].key ||
                !is_in(co->before[r], w) || naive->from[r] == w)
                continue;
            fits = naive->from[r] >= 0 && !is_in(state->placed, naive->from[r]);
        }
        struct memo_entry next = *state;
        next.placed |= BIT(w);
        if (fits && arbitrate(naive, co, sequence, &next))
            return true;
    }
    return false;
}

static bool is_ccv(struct naive *naive, const struct precedence *co)
{
    struct sequence sequence = {.naive = naive, .precedence = co, .all = all_writes(naive)};
    struct memo_entry empty = {.placed = 0};

    bool found = arbitrate(naive, co, &sequence, &empty);
    budget_free(naive->budget, sequence.memo.entries);
    budget_free(naive->budget, sequence.memo.slots);
    return found;
}

static bool holds(struct naive *naive)
{
    struct precedence co;

    if (naive->level == WEAK_SEQUENTIAL)
        return is_sequential(naive);
    if (naive->level != WEAK_CAUSAL && naive->level != WEAK_CC && naive->level != WEAK_CCV)
        return has_views(naive, NULL);
    if (!causal_order(naive, &co))
        return false;
    if (naive->level == WEAK_CAUSAL)
        return has_views(naive, &co);
    return naive->level == WEAK_CC ? is_cc(naive, &co) : is_ccv(naive, &co);
}

/* -- pairings ---------------------------------------------------------------------------------- */

/* Which operations of unknown outcome happened: those whose value is read by what happened. A write
 * that nobody reads may be taken to have never happened. False if something that happened read from
 * nobody. */
static bool settle_unknown(struct naive *naive)
{
    bool changed = true;

    naive->happened = 0;
    for (int i = 0; i < naive->count; i++)
        naive->happened |= naive->events[i].is_unknown ? 0 : BIT(i);
    while (changed) {
        changed = false;
        for (int r = 0; r < naive->count; r++) {
            if (naive->events[r].is_write || !is_in(naive->happened, r))
                continue;
            if (naive->from[r] == NOBODY)
                return false;
            int w = naive->from[r];
            if (w < 0 || is_in(naive->happened, w))
                continue;
            naive->happened |= BIT(w);
            if (naive->events[w].other >= 0)
                naive->happened |= BIT(naive->events[w].other);
            changed = true;
        }
    }
    return true;
}

/* Whether the level holds under some pairing of the reads from r on. */
static bool any_pairing(struct naive *naive, int r)
{
    while (r < naive->count && naive->events[r].is_write)
        r++;
    if (r == naive->count)
        return settle_unknown(naive) && holds(naive);
    const struct naive_event *read = &naive->events[r];
    naive->from[r] = INITIAL;
    if (read->may_be_initial && any_pairing(naive, r + 1))
        return true;
    for (int w = 0; w < naive->count; w++) {
        naive->from[r] = (int16_t)w;
        if (is_in(read->writers, w) && any_pairing(naive, r + 1))
            return true;
    }
    naive->from[r] = NOBODY;
    return !read->may_be_initial && !read->writers && any_pairing(naive, r + 1);
}

/* -- the events -------------------------------------------------------------------------------- */

static int8_t key_number(struct naive *naive, value_id key)
{
    int i = 0;

    while (i < naive->key_count && naive->keys[i] != key)
        i++;
    if (i == naive->key_count)
        naive->keys[naive->key_count++] = key;
    return (int8_t)i;
}

static bool add_event(struct naive *naive, const struct op *op, bool is_write, value_id value)
{
    if (naive->count == NAIVE_EVENTS_MAX)
        return false;
    naive->events[naive->count] = (struct naive_event){.process = op->process,
                                                       .is_write = is_write,
                                                       .is_unknown = op->type == OP_INFO,
                                                       .other = -1,
                                                       .key = key_number(naive, op->key),
                                                       .value = value};
    naive->count++;
    return true;
}

static bool add_op(struct naive *naive, const struct op *op)
{
    if (op->type == OP_FAIL || (op->f == OP_F_READ && op->type != OP_OK))
        return true;
    if (op->f == OP_F_READ)
        return add_event(naive, op, false, op->out);
    if (op->f == OP_F_WRITE)
        return add_event(naive, op, true, op->in);
    if (op->f != OP_F_CAS || !add_event(naive, op, false, op->in) ||
        !add_event(naive, op, true, op->in2))
        return false;
    naive->events[naive->count - 2].other = (int8_t)(naive->count - 1);
    naive->events[naive->count - 1].other = (int8_t)(naive->count - 2);
    return true;
}

static bool may_write(const struct op *op, value_id key, value_id value)
{
    if (op->type == OP_FAIL || op->key != key)
        return false;
    return (op->f == OP_F_WRITE && op->in == value) || (op->f == OP_F_CAS && op->in2 == value);
}

/* Who in the whole history may have written what event r read: all must be among the events. */
static bool find_all_writers(struct naive *naive, int r)
{
    struct naive_event *read = &naive->events[r];
    value_id key = naive->keys[read->key];
    size_t in_history = 0, found = 0;

    for (size_t i = 0; i < naive->history->count; i++)
        in_history += may_write(&naive->history->ops[i], key, read->value);
    for (int w = 0; w < naive->count; w++) {
        const struct naive_event *write = &naive->events[w];
        if (!write->is_write || write->key != read->key || write->value != read->value)
            continue;
        read->writers |= BIT(w);
        found++;
    }
    read->may_be_initial = read->value == naive->initial;
    return found == in_history;
}

enum opinion naive_opinion(enum weak_level level, const struct history *history,
                           const uint32_t *places, size_t count, value_id initial,
                           struct budget *budget)
{
    struct naive naive = {.level = level, .history = history, .initial = initial, .budget = budget};

    for (size_t i = 0; i < count; i++) {
        if (!add_op(&naive, &history->ops[places[i]]))
            return OPINION_NONE;
    }
    for (int r = 0; r < naive.count; r++) {
        if (!naive.events[r].is_write && !find_all_writers(&naive, r))
            return OPINION_UNSOUND;
    }
    if (any_pairing(&naive, 0))
        return OPINION_HOLDS;
    return naive.gave_up ? OPINION_NONE : OPINION_VIOLATES;
}
