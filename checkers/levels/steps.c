/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "steps.h"

#include "dense.h"
#include "writers.h"

#include <string.h>

/* What is known of an operation while the steps are built; beside ACCESS_*. */
enum { TAKES_EFFECT = 4 };

enum { AHEAD = 12 }; /* operations by which memory is asked for early */

/* More of the `from` of an operation. */
#define FROM_NOBODY (UINT32_MAX - 2)

struct building {
    const struct steps_input *input;
    struct steps *steps;
    struct writers writers;
    struct dense sessions, keys;
    size_t count;
    uint8_t *role;  /* by operation looked at: ACCESS_*, TAKES_EFFECT */
    uint32_t *from; /* by operation looked at: likewise its writer */
    uint32_t *step; /* by operation looked at: its write step */
    uint64_t assignment;
    size_t write_count;
};

bool op_access(const struct op *op, int *access, value_id *reads, value_id *writes)
{
    *access = 0;
    *reads = *writes = VALUE_NIL;
    switch (op->f) {
    case OP_F_READ:
        *access = ACCESS_READS;
        *reads = op->out;
        return true;
    case OP_F_WRITE:
        *access = ACCESS_WRITES;
        *writes = op->in;
        return true;
    case OP_F_CAS:
        *access = ACCESS_READS | ACCESS_WRITES;
        *reads = op->in;
        *writes = op->in2;
        return true;
    default:
        return false;
    }
}

static uint32_t place_of(const struct building *building, size_t i)
{
    return building->input->places ? building->input->places[i] : (uint32_t)i;
}

static const struct op *op_of(const struct building *building, size_t i)
{
    return &building->input->history->ops[place_of(building, i)];
}

/* -- roles ------------------------------------------------------------------------------------- */

static enum steps_state find_roles(struct building *building)
{
    bool any_ok = false;

    for (size_t i = 0; i < building->count; i++) {
        const struct op *op = op_of(building, i);
        value_id reads, writes;
        int access;
        if (op->type == OP_FAIL)
            continue;
        if (!op_access(op, &access, &reads, &writes))
            return STEPS_FOREIGN;
        if (op->type == OP_OK) {
            any_ok = true;
            access |= TAKES_EFFECT;
        } else if (access == ACCESS_READS) {
            continue;
        }
        building->write_count += (access & ACCESS_WRITES) != 0;
        building->role[i] = (uint8_t)access;
    }
    return any_ok ? STEPS_READY : STEPS_EMPTY;
}

/* -- who wrote what ---------------------------------------------------------------------------- */

static bool add_writers(struct building *building)
{
    if (!writers_init(&building->writers, building->write_count, building->steps->budget))
        return false;
    for (size_t i = 0; i < building->count; i++) {
        const struct op *op;
        value_id reads, writes;
        int access;
        if (i + AHEAD < building->count && (building->role[i + AHEAD] & ACCESS_WRITES)) {
            op = op_of(building, i + AHEAD);
            (void)op_access(op, &access, &reads, &writes);
            writers_prefetch(&building->writers, op->key, writes);
        }
        if (!(building->role[i] & ACCESS_WRITES))
            continue;
        op = op_of(building, i);
        (void)op_access(op, &access, &reads, &writes);
        if (!writers_add(&building->writers, op->key, writes, (uint32_t)i))
            return false;
    }
    return true;
}

/* The writer of `value`, one of several as the assignment has it. */
static uint32_t choose_writer(struct building *building, value_id key, value_id value)
{
    const struct writer_slot *slot = writers_find(&building->writers, key, value);
    uint64_t ways = slot ? slot->count : 0, choice = 0;
    bool initial = value == building->input->initial;

    ways += initial;
    if (ways == 0)
        return FROM_NOBODY;
    if (ways > 1) {
        choice = building->assignment % ways;
        building->assignment /= ways;
        if (__builtin_mul_overflow(building->steps->assignments, ways,
                                   &building->steps->assignments))
            building->steps->assignments = UINT64_MAX;
    }
    if (initial && choice == 0)
        return FROM_INITIAL;
    return writers_nth(&building->writers, slot, (uint32_t)choice - initial);
}

static enum steps_state find_writers(struct building *building)
{
    for (size_t i = 0; i < building->count; i++) {
        const struct op *op;
        value_id reads, writes;
        int access;
        if (i + AHEAD < building->count && (building->role[i + AHEAD] & ACCESS_READS)) {
            op = op_of(building, i + AHEAD);
            (void)op_access(op, &access, &reads, &writes);
            writers_prefetch(&building->writers, op->key, reads);
        }
        if (!(building->role[i] & ACCESS_READS))
            continue;
        op = op_of(building, i);
        (void)op_access(op, &access, &reads, &writes);
        building->from[i] = choose_writer(building, op->key, reads);
        if (building->from[i] == FROM_NOBODY && op->type == OP_OK) {
            building->steps->culprit = place_of(building, i);
            building->steps->assignments = 1; /* under none of them is it otherwise */
            return STEPS_THIN_AIR;
        }
    }
    return STEPS_READY;
}

/* Operations of unknown outcome whose value was read took effect: and so did the one whose value
 * such a compare-and-set found. */
static enum steps_state find_effects(struct building *building)
{
    for (size_t i = 0; i < building->count; i++) {
        if ((building->role[i] & (ACCESS_READS | TAKES_EFFECT)) != (ACCESS_READS | TAKES_EFFECT))
            continue;
        uint32_t writer = building->from[i];
        while (writer < FROM_NOBODY && !(building->role[writer] & TAKES_EFFECT)) {
            building->role[writer] |= TAKES_EFFECT;
            if (!(building->role[writer] & ACCESS_READS))
                break;
            if (building->from[writer] == FROM_NOBODY) {
                building->steps->culprit = place_of(building, writer);
                return STEPS_THIN_AIR;
            }
            writer = building->from[writer];
        }
    }
    return STEPS_READY;
}

/* -- steps ------------------------------------------------------------------------------------- */

static uint32_t steps_in(uint8_t role)
{
    if (!(role & TAKES_EFFECT))
        return 0;
    return (role & ACCESS_READS ? 1u : 0) + (role & ACCESS_WRITES ? 1u : 0);
}

/* Number the sessions and find where each begins. */
static bool find_sessions(struct building *building)
{
    struct steps *steps = building->steps;
    uint32_t capacity = 0, total = 0;

    for (size_t i = 0; i < building->count; i++) {
        uint32_t more = steps_in(building->role[i]);
        if (!more)
            continue;
        uint32_t session = dense_number(&building->sessions, (uint32_t)op_of(building, i)->process);
        if (session == DENSE_FAILED)
            return false;
        if (session + 2 > capacity) {
            uint32_t wanted = capacity ? capacity * 2 : 64;
            uint32_t *grown = budget_realloc(steps->budget, steps->first, wanted * sizeof *grown);
            if (!grown)
                return false;
            memset(grown + capacity, 0, (wanted - capacity) * sizeof *grown);
            steps->first = grown;
            capacity = wanted;
        }
        steps->first[session] += more;
    }
    steps->session_count = building->sessions.count;
    for (uint32_t s = 0; s <= steps->session_count; s++) {
        uint32_t size = steps->first[s];
        steps->first[s] = total;
        total += size;
    }
    steps->count = total;
    return true;
}

static bool alloc_steps(struct steps *steps)
{
    size_t count = steps->count ? steps->count : 1;

    steps->at = budget_alloc(steps->budget, count * sizeof *steps->at);
    steps->place = budget_alloc(steps->budget, count * sizeof *steps->place);
    steps->session = budget_alloc(steps->budget, count * sizeof *steps->session);
    return steps->at && steps->place && steps->session;
}

/* Lay the steps out; a read's `from` is still an operation. */
static bool place_steps(struct building *building)
{
    struct steps *steps = building->steps;
    uint32_t *next = budget_alloc(steps->budget, (steps->session_count + 1) * sizeof *next);

    if (!next)
        return false;
    memcpy(next, steps->first, (steps->session_count + 1) * sizeof *next);
    for (size_t i = 0; i < building->count; i++) {
        uint8_t role = building->role[i];
        const struct op *op = op_of(building, i);
        if (!steps_in(role))
            continue;
        uint32_t session = dense_number(&building->sessions, (uint32_t)op->process);
        uint32_t key = dense_number(&building->keys, op->key);
        if (key == DENSE_FAILED) {
            budget_free(steps->budget, next);
            return false;
        }
        for (int access = ACCESS_READS; access <= ACCESS_WRITES; access++) {
            if (!(role & access))
                continue;
            uint32_t step = next[session]++;
            uint32_t from = access == ACCESS_WRITES ? FROM_WRITE : building->from[i];
            steps->at[step] = (struct step){key, from};
            steps->place[step] = place_of(building, i);
            steps->session[step] = session;
            building->step[i] = step;
        }
    }
    steps->key_count = building->keys.count;
    budget_free(steps->budget, next);
    return true;
}

static bool make_steps(struct building *building)
{
    struct steps *steps = building->steps;

    building->step = budget_alloc(steps->budget, (building->count + 1) * sizeof *building->step);
    if (!building->step || !find_sessions(building) || !alloc_steps(steps) ||
        !place_steps(building))
        return false;
    for (uint32_t i = 0; i < steps->count; i++) {
        if (step_reads_from_step(&steps->at[i]))
            steps->at[i].from = building->step[steps->at[i].from];
    }
    return true;
}

/* -- entry ------------------------------------------------------------------------------------- */

static enum steps_state build(struct building *building)
{
    struct budget *budget = building->steps->budget;

    building->role = budget_calloc(budget, building->count + 1, 1);
    building->from = budget_alloc(budget, (building->count + 1) * sizeof *building->from);
    if (!building->role || !building->from || building->count > STEPS_MAX / 2)
        return STEPS_NO_BUDGET;
    enum steps_state state = find_roles(building);
    if (state != STEPS_READY)
        return state;
    if (budget_spent(budget) || !add_writers(building))
        return STEPS_NO_BUDGET;
    state = find_writers(building);
    if (state == STEPS_READY)
        state = find_effects(building);
    if (state != STEPS_READY)
        return state;
    writers_release(&building->writers);
    return !budget_spent(budget) && make_steps(building) ? STEPS_READY : STEPS_NO_BUDGET;
}

enum steps_state steps_build(struct steps *steps, const struct steps_input *input,
                             struct budget *budget)
{
    struct building building = {.input = input,
                                .steps = steps,
                                .writers = {.budget = budget},
                                .assignment = input->assignment,
                                .count =
                                    input->places ? input->place_count : input->history->count};

    *steps =
        (struct steps){.history = input->history, .assignments = 1, .threads = 1, .budget = budget};
    dense_init(&building.sessions, budget);
    dense_init(&building.keys, budget);
    enum steps_state state = build(&building);
    writers_release(&building.writers);
    dense_release(&building.sessions);
    dense_release(&building.keys);
    budget_free(budget, building.role);
    budget_free(budget, building.from);
    budget_free(budget, building.step);
    return state;
}

void steps_release(struct steps *steps)
{
    budget_free(steps->budget, steps->at);
    budget_free(steps->budget, steps->place);
    budget_free(steps->budget, steps->session);
    budget_free(steps->budget, steps->first);
    steps->at = NULL;
    steps->place = steps->session = steps->first = NULL;
}
