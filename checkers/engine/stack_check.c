/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A stack's elements are there for intervals that are nested or disjoint.
 *
 * Element v must be there from the end of its push to the beginning of its pop, if the one comes
 * before the other. Places of time that no such stay covers may be taken to find the stack empty:
 * whatever is there then could have been popped by then, or pushed from then on. So every other
 * element fits into one covered stretch, and in a stretch, where the stack is never empty, one
 * element is below all others: its push may begin before the stretch does, its pop may end after.
 * If several may, any will do, since it can be put around the others as well as within. Take it
 * away; what it alone covered splits the stretch; go on with the parts (decrease and conquer, after
 * Lee and Mathur, OOPSLA 2025, section 5). A stretch without such an element refutes.
 *
 * An element that need not stay and whose push and pop can be at one uncovered place is no trouble.
 * When a stretch splits, the largest part keeps what is sorted, and the others are sorted anew, so
 * that all of it takes O(n log^2 n).
 */
#include "cover.h"
#include "elements.h"

#include <stdlib.h>
#include <string.h>

/* An element by places of time: see cover.h. */
struct piece {
    uint32_t in_start, out_end;
    uint32_t first, last; /* stays: covers these places; else its push and pop may be at these */
    uint32_t at;          /* in the order */
    uint32_t stretch;     /* that it is in */
    bool stays, is_left;  /* is_left: it is taken away or no trouble */
    bool early, late;     /* may begin before its stretch, end after it */
};

/* A covered stretch: the elements in it by the three ways in which they can qualify, each with how
 * many are already looked at. What moved to another stretch stays here and is passed over. */
struct stretch {
    uint32_t left, right;                          /* uncovered places on both sides */
    uint32_t *by_start, *by_end, *by_last, *below; /* one allocation */
    uint32_t size, starts, ends, lasts, below_count;
};

struct stack {
    const struct elements *elements;
    struct budget *budget;
    struct piece *pieces;
    uint32_t *order;  /* pieces by first */
    uint32_t *next;   /* by place in the order: at or before the next piece not taken away */
    uint32_t *counts; /* of those: sums over ranges of the order (Fenwick 1994), from 1 */
    struct cover cover;
    struct stretch *stretches; /* still to be looked at, the last one first */
    uint32_t stretch_count, stretch_capacity;
    uint32_t *splits; /* places found uncovered by the last taking away */
    uint32_t split_count, split_capacity;
    uint32_t *members; /* room for all pieces */
};

/* -- sorting pieces -----------------------------------------------------------------------------
 */

static int by_start(const void *left, const void *right, void *ctx)
{
    const struct piece *pieces = ctx;
    uint32_t a = pieces[*(const uint32_t *)left].in_start;
    uint32_t b = pieces[*(const uint32_t *)right].in_start;
    return a < b ? -1 : a > b;
}

static int by_end(const void *left, const void *right, void *ctx)
{
    const struct piece *pieces = ctx;
    uint32_t a = pieces[*(const uint32_t *)left].out_end;
    uint32_t b = pieces[*(const uint32_t *)right].out_end;
    return a > b ? -1 : a < b;
}

static int by_last(const void *left, const void *right, void *ctx)
{
    const struct piece *pieces = ctx;
    uint32_t a = pieces[*(const uint32_t *)left].last;
    uint32_t b = pieces[*(const uint32_t *)right].last;
    return a > b ? -1 : a < b;
}

/* -- pieces in order ----------------------------------------------------------------------------
 */

/* The place in the order of the first piece, at or behind one, that is not taken away. */
static uint32_t next_left(struct stack *stack, uint32_t at)
{
    uint32_t found = at;

    while (stack->next[found] != found)
        found = stack->next[found];
    while (stack->next[at] != found) {
        uint32_t next = stack->next[at];
        stack->next[at] = found;
        at = next;
    }
    return found;
}

/* The place in the order of the first piece whose `first` is `place` or more. */
static uint32_t find_in_order(const struct stack *stack, uint32_t place)
{
    uint32_t low = 0, high = stack->elements->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stack->pieces[stack->order[middle]].first < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many pieces before `at` in the order are not taken away. */
static uint32_t count_before(const struct stack *stack, uint32_t at)
{
    uint32_t count = 0;

    for (; at > 0; at -= at & -at)
        count += stack->counts[at];
    return count;
}

static void take_away(struct stack *stack, uint32_t i)
{
    struct piece *piece = &stack->pieces[i];

    piece->is_left = true;
    stack->next[piece->at] = piece->at + 1;
    for (uint32_t at = piece->at + 1; at <= stack->elements->count; at += at & -at)
        stack->counts[at]--;
}

/* -- stretches ----------------------------------------------------------------------------------
 */

/* A stretch of the first `count` pieces in `members`. False when the budget is used up. */
static bool make_stretch(struct stack *stack, uint32_t left, uint32_t right, uint32_t count)
{
    if (stack->stretch_count == stack->stretch_capacity) {
        uint32_t capacity = stack->stretch_capacity ? stack->stretch_capacity * 2 : 64;
        struct stretch *grown =
            budget_realloc(stack->budget, stack->stretches, capacity * sizeof *grown);
        if (!grown)
            return false;
        stack->stretches = grown;
        stack->stretch_capacity = capacity;
    }
    struct stretch stretch = {.left = left, .right = right, .size = count};
    size_t size = count * sizeof *stack->members;
    stretch.by_start = budget_alloc(stack->budget, 4 * size + 1);
    if (!stretch.by_start)
        return false;
    stretch.by_end = stretch.by_start + count;
    stretch.by_last = stretch.by_end + count;
    stretch.below = stretch.by_last + count;
    memcpy(stretch.by_start, stack->members, size);
    memcpy(stretch.by_end, stack->members, size);
    memcpy(stretch.by_last, stack->members, size);
    qsort_r(stretch.by_start, count, sizeof *stack->members, by_start, stack->pieces);
    qsort_r(stretch.by_end, count, sizeof *stack->members, by_end, stack->pieces);
    qsort_r(stretch.by_last, count, sizeof *stack->members, by_last, stack->pieces);
    for (uint32_t i = 0; i < count; i++) {
        struct piece *piece = &stack->pieces[stack->members[i]];
        piece->stretch = stack->stretch_count;
        piece->early = piece->late = false;
    }
    stack->stretches[stack->stretch_count++] = stretch;
    return true;
}

static bool is_here(const struct stack *stack, uint32_t piece, uint32_t stretch)
{
    return !stack->pieces[piece].is_left && stack->pieces[piece].stretch == stretch;
}

/* What need not stay and reaches the uncovered place on the right is no trouble. */
static void let_go(struct stack *stack, uint32_t number)
{
    struct stretch *stretch = &stack->stretches[number];

    for (; stretch->lasts < stretch->size; stretch->lasts++) {
        uint32_t i = stretch->by_last[stretch->lasts];
        if (stack->pieces[i].last < stretch->right)
            return;
        if (is_here(stack, i, number) && !stack->pieces[i].stays)
            take_away(stack, i);
    }
}

/* A piece that can be below all others. ELEMENT_NONE: none can. */
static uint32_t find_below(struct stack *stack, uint32_t number)
{
    struct stretch *stretch = &stack->stretches[number];

    for (; stretch->starts < stretch->size; stretch->starts++) {
        struct piece *piece = &stack->pieces[stretch->by_start[stretch->starts]];
        if (piece->in_start > stretch->left)
            break;
        if (!is_here(stack, stretch->by_start[stretch->starts], number))
            continue;
        piece->early = true;
        if (piece->late)
            stretch->below[stretch->below_count++] = stretch->by_start[stretch->starts];
    }
    for (; stretch->ends < stretch->size; stretch->ends++) {
        struct piece *piece = &stack->pieces[stretch->by_end[stretch->ends]];
        if (piece->out_end < stretch->right)
            break;
        if (!is_here(stack, stretch->by_end[stretch->ends], number))
            continue;
        piece->late = true;
        if (piece->early)
            stretch->below[stretch->below_count++] = stretch->by_end[stretch->ends];
    }
    while (stretch->below_count > 0) {
        uint32_t i = stretch->below[--stretch->below_count];
        if (is_here(stack, i, number))
            return i;
    }
    return ELEMENT_NONE;
}

/* -- splitting ----------------------------------------------------------------------------------
 */

/* Note the places between `left` and `right` that are covered no more. */
static bool find_splits(struct stack *stack, uint32_t left, uint32_t right)
{
    stack->split_count = 0;
    for (uint32_t place = left;;) {
        place = cover_find(&stack->cover, place + 1, right - 1);
        if (place == COVER_NONE)
            return true;
        if (stack->split_count == stack->split_capacity) {
            uint32_t capacity = stack->split_capacity ? stack->split_capacity * 2 : 64;
            uint32_t *grown =
                budget_realloc(stack->budget, stack->splits, capacity * sizeof *grown);
            if (!grown)
                return false;
            stack->splits = grown;
            stack->split_capacity = capacity;
        }
        stack->splits[stack->split_count++] = place;
    }
}

/* Put the pieces between two uncovered places into `members`; how many. Those that reach the right
 * one and need not stay are no trouble. */
static uint32_t gather(struct stack *stack, uint32_t left, uint32_t right)
{
    uint32_t count = 0, end = stack->elements->count;

    for (uint32_t at = next_left(stack, find_in_order(stack, left + 1)); at < end;
         at = next_left(stack, at + 1)) {
        uint32_t i = stack->order[at];
        const struct piece *piece = &stack->pieces[i];
        if (piece->first >= right)
            break;
        if (!piece->stays && piece->last >= right)
            take_away(stack, i);
        else
            stack->members[count++] = i;
    }
    return count;
}

/* What need not stay and has its place where nothing stays is no trouble. */
static void clear_place(struct stack *stack, uint32_t place)
{
    uint32_t end = stack->elements->count;

    for (uint32_t at = next_left(stack, find_in_order(stack, place));
         at < end && stack->pieces[stack->order[at]].first == place; at = next_left(stack, at + 1))
        take_away(stack, stack->order[at]);
}

/* Part k of a stretch lies between splits k - 1 and k. */
static uint32_t part_left(const struct stack *stack, uint32_t number, uint32_t k)
{
    return k ? stack->splits[k - 1] : stack->stretches[number].left;
}

static uint32_t part_right(const struct stack *stack, uint32_t number, uint32_t k)
{
    return k < stack->split_count ? stack->splits[k] : stack->stretches[number].right;
}

/* Part the stretch at its splits: the part with the most pieces stays what it is. */
static bool split(struct stack *stack, uint32_t number)
{
    uint32_t most = 0, largest = 0;

    for (uint32_t k = 0; k < stack->split_count; k++)
        clear_place(stack, stack->splits[k]);
    for (uint32_t k = 0; k <= stack->split_count; k++) {
        uint32_t from = find_in_order(stack, part_left(stack, number, k) + 1);
        uint32_t to = find_in_order(stack, part_right(stack, number, k));
        uint32_t count = count_before(stack, to) - count_before(stack, from);
        if (count > most) {
            most = count;
            largest = k;
        }
    }
    for (uint32_t k = 0; k <= stack->split_count; k++) {
        uint32_t left = part_left(stack, number, k), right = part_right(stack, number, k);
        uint32_t count = k == largest ? 0 : gather(stack, left, right);
        if (count && !make_stretch(stack, left, right, count))
            return false;
    }
    uint32_t left = part_left(stack, number, largest), right = part_right(stack, number, largest);
    stack->stretches[number].left = left;
    stack->stretches[number].right = right;
    return true;
}

/* -- the check ----------------------------------------------------------------------------------
 */

/* The fewest pieces that cover the stretch: none of them can be below the others either. */
static enum fast tell(struct stack *stack, uint32_t number, struct refuted *refuted)
{
    const struct stretch *stretch = &stack->stretches[number];
    uint32_t place = stretch->left + 1, at = find_in_order(stack, place), best = ELEMENT_NONE;

    while (place < stretch->right) {
        for (; at < stack->elements->count; at++) {
            uint32_t i = stack->order[at];
            const struct piece *piece = &stack->pieces[i];
            if (piece->first > place)
                break;
            if (is_here(stack, i, number) && piece->stays &&
                (best == ELEMENT_NONE || piece->last > stack->pieces[best].last))
                best = i;
        }
        if (!refuted_add(refuted, best, stack->budget))
            return FAST_SPENT;
        place = stack->pieces[best].last + 1;
    }
    return FAST_INVALID;
}

static bool is_empty(const struct stack *stack, uint32_t number)
{
    const struct stretch *stretch = &stack->stretches[number];
    uint32_t from = find_in_order(stack, stretch->left + 1);

    return count_before(stack, find_in_order(stack, stretch->right)) == count_before(stack, from);
}

/* Take one piece away from the last stretch, or be done with it. */
static enum fast reduce(struct stack *stack, struct refuted *refuted)
{
    uint32_t number = stack->stretch_count - 1;

    let_go(stack, number);
    if (is_empty(stack, number)) {
        budget_free(stack->budget, stack->stretches[number].by_start);
        stack->stretch_count--;
        return FAST_VALID;
    }
    uint32_t below = find_below(stack, number);
    if (below == ELEMENT_NONE)
        return tell(stack, number, refuted);
    const struct piece *piece = &stack->pieces[below];
    take_away(stack, below);
    if (!piece->stays)
        return FAST_VALID;
    cover_remove(&stack->cover, piece->first, piece->last);
    if (!find_splits(stack, stack->stretches[number].left, stack->stretches[number].right) ||
        (stack->split_count && !split(stack, number)))
        return FAST_SPENT;
    return FAST_VALID;
}

/* The stretches that all stays make together. */
static bool make_first_stretches(struct stack *stack, const int32_t *counts, uint32_t places)
{
    uint32_t left = COVER_NONE;

    for (uint32_t place = 0; place < places; place++) {
        if (counts[place])
            continue;
        if (left != COVER_NONE && left + 1 < place) {
            uint32_t count = gather(stack, left, place);
            if (count && !make_stretch(stack, left, place, count))
                return false;
        }
        left = place;
    }
    return true;
}

static enum fast reduce_all(struct stack *stack, const int32_t *counts, uint32_t places,
                            struct refuted *refuted)
{
    enum fast result = make_first_stretches(stack, counts, places) ? FAST_VALID : FAST_SPENT;

    for (uint32_t steps = 0; stack->stretch_count && result == FAST_VALID; steps++) {
        result = reduce(stack, refuted);
        if (steps % 256 == 0 && budget_spent(stack->budget))
            result = FAST_SPENT;
    }
    while (stack->stretch_count)
        budget_free(stack->budget, stack->stretches[--stack->stretch_count].by_start);
    return result;
}

/* -- places -------------------------------------------------------------------------------------
 */

/* The moments at which stays begin and end. */
struct moments {
    int64_t *at;
    uint32_t count;
};

/* Moment i is place 2i + 1, what lies before it place 2i. */
static uint32_t place_of(const struct moments *moments, int64_t time_ns)
{
    uint32_t low = 0, high = moments->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (moments->at[middle] < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return 2 * low + (low < moments->count && moments->at[low] == time_ns);
}

static bool list_moments(const struct elements *elements, struct moments *moments)
{
    struct keyed *keyed =
        budget_alloc(elements->budget, (2 * (size_t)elements->count + 1) * sizeof *keyed);
    size_t count = 0;

    moments->at =
        budget_alloc(elements->budget, (2 * (size_t)elements->count + 1) * sizeof *moments->at);
    for (uint32_t i = 0; i < elements->count && keyed; i++) {
        const struct element *element = &elements->at[i];
        if (element->in_end >= element->out_start)
            continue;
        keyed[count++] = (struct keyed){element->in_end, i};
        keyed[count++] = (struct keyed){element->out_start, i};
    }
    bool sorted = keyed && moments->at && keyed_sort(keyed, count, elements->budget);
    for (size_t i = 0; i < count && sorted; i++) {
        if (i == 0 || keyed[i].key != keyed[i - 1].key)
            moments->at[moments->count++] = keyed[i].key;
    }
    budget_free(elements->budget, keyed);
    return sorted;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Pieces, and differences of how often places are covered. */
static void make_pieces(struct stack *stack, const struct moments *moments, int32_t *counts)
{
    for (uint32_t i = 0; i < stack->elements->count; i++) {
        const struct element *element = &stack->elements->at[i];
        struct piece *piece = &stack->pieces[i];
        *piece = (struct piece){.in_start = place_of(moments, element->in_start),
                                .out_end = place_of(moments, element->out_end),
                                .stays = element->in_end < element->out_start};
        if (piece->stays) {
            piece->first = place_of(moments, element->in_end) + 1;
            piece->last = place_of(moments, element->out_start) - 1;
            counts[piece->first]++;
            counts[piece->last + 1]--;
        } else {
            piece->first = place_of(moments, later(element->in_start, element->out_start));
            piece->last = place_of(moments, sooner(element->in_end, element->out_end));
        }
    }
}

static bool sort_pieces(struct stack *stack)
{
    uint32_t count = stack->elements->count;
    struct keyed *keyed = budget_alloc(stack->budget, ((size_t)count + 1) * sizeof *keyed);

    for (uint32_t i = 0; i < count && keyed; i++)
        keyed[i] = (struct keyed){stack->pieces[i].first, i};
    bool sorted = keyed && keyed_sort(keyed, count, stack->budget);
    for (uint32_t at = 0; at < count && sorted; at++) {
        stack->order[at] = keyed[at].at;
        stack->pieces[keyed[at].at].at = at;
    }
    for (uint32_t at = 0; at <= count && sorted; at++) {
        stack->next[at] = at;
        stack->counts[at] = at & -at;
    }
    budget_free(stack->budget, keyed);
    return sorted;
}

static enum fast check_nesting(const struct elements *elements, struct refuted *refuted)
{
    struct stack stack = {.elements = elements, .budget = elements->budget};
    struct moments moments = {0};
    size_t room = (size_t)elements->count + 1;
    enum fast result = FAST_SPENT;
    int32_t *counts = NULL;

    if (list_moments(elements, &moments)) {
        counts = budget_calloc(stack.budget, 2 * (size_t)moments.count + 2, sizeof *counts);
        stack.pieces = budget_alloc(stack.budget, room * sizeof *stack.pieces);
        stack.order = budget_alloc(stack.budget, room * sizeof *stack.order);
        stack.next = budget_alloc(stack.budget, room * sizeof *stack.next);
        stack.counts = budget_alloc(stack.budget, room * sizeof *stack.counts);
        stack.members = budget_alloc(stack.budget, room * sizeof *stack.members);
    }
    if (counts && stack.pieces && stack.order && stack.next && stack.counts && stack.members) {
        uint32_t places = 2 * moments.count + 1;
        make_pieces(&stack, &moments, counts);
        for (uint32_t i = 1; i < places; i++)
            counts[i] += counts[i - 1];
        budget_free(stack.budget, moments.at);
        moments.at = NULL;
        if (sort_pieces(&stack) && cover_init(&stack.cover, counts, places, stack.budget))
            result = reduce_all(&stack, counts, places, refuted);
    }
    cover_release(&stack.cover);
    budget_free(stack.budget, moments.at);
    budget_free(stack.budget, counts);
    budget_free(stack.budget, stack.pieces);
    budget_free(stack.budget, stack.order);
    budget_free(stack.budget, stack.next);
    budget_free(stack.budget, stack.counts);
    budget_free(stack.budget, stack.members);
    budget_free(stack.budget, stack.splits);
    budget_free(stack.budget, stack.stretches);
    return result;
}

enum fast stack_check(const struct elements *elements, struct refuted *refuted)
{
    enum fast result = check_nesting(elements, refuted);
    return result == FAST_VALID ? empties_check(elements, refuted) : result;
}
