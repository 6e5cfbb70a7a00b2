/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* plume.c - the text of Plume and AWDIT: "r(key,value,session,transaction)", "w(...)", a line each.
 *
 * Sessions are processes, and their lines are in their order; nothing is said about real time. A
 * transaction of one operation is an operation. Longer ones cannot be judged yet, unless the caller
 * wants their operations taken one by one. Transaction -1 was aborted. A read of 0 where 0 is never
 * written found the initial value.
 */
#include "formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct reader {
    struct history *history;
    bool ignore_transactions;
    bool zero_written;
    int64_t *grown; /* transactions met so far, each greater than all before it */
    size_t grown_count, grown_capacity;
    int64_t *transactions; /* a set of the others */
    bool *used;
    size_t slot_count, count;
};

static int out_of_memory(const struct reader *reader, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(reader->history->budget));
}

/* -- transactions ----------------------------------------------------------------------------- */

/* Put the transaction into the set; false if it is there. */
static bool set_add(int64_t *set, bool *used, size_t slot_count, int64_t transaction)
{
    size_t at = (size_t)((uint64_t)transaction * 0x9e3779b97f4a7c15u >> 20) & (slot_count - 1);

    for (; used[at]; at = (at + 1) & (slot_count - 1)) {
        if (set[at] == transaction)
            return false;
    }
    set[at] = transaction;
    used[at] = true;
    return true;
}

static bool grow(struct reader *reader)
{
    struct budget *budget = reader->history->budget;
    size_t count = reader->slot_count ? reader->slot_count * 2 : 1024;
    int64_t *set = budget_calloc(budget, count, sizeof *set);
    bool *used = budget_calloc(budget, count, sizeof *used);

    if (!set || !used) {
        budget_free(budget, set);
        budget_free(budget, used);
        return false;
    }
    for (size_t i = 0; i < reader->slot_count; i++) {
        if (reader->used[i])
            (void)set_add(set, used, count, reader->transactions[i]);
    }
    budget_free(budget, reader->transactions);
    budget_free(budget, reader->used);
    reader->transactions = set;
    reader->used = used;
    reader->slot_count = count;
    return true;
}

static bool add_grown(struct reader *reader, int64_t transaction)
{
    if (reader->grown_count == reader->grown_capacity) {
        size_t capacity = reader->grown_capacity ? reader->grown_capacity * 2 : 1024;
        int64_t *larger =
            budget_realloc(reader->history->budget, reader->grown, capacity * sizeof *larger);
        if (!larger)
            return false;
        reader->grown = larger;
        reader->grown_capacity = capacity;
    }
    reader->grown[reader->grown_count++] = transaction;
    return true;
}

static int by_number(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* -1 if the transaction has an operation already. */
static int check_transaction(struct reader *reader, int64_t transaction, struct err *err)
{
    if (reader->ignore_transactions)
        return 0;
    if (reader->grown_count == 0 || transaction > reader->grown[reader->grown_count - 1])
        return add_grown(reader, transaction) ? 0 : out_of_memory(reader, err);
    if (reader->count * 2 >= reader->slot_count && !grow(reader))
        return out_of_memory(reader, err);
    reader->count++;
    if (bsearch(&transaction, reader->grown, reader->grown_count, sizeof transaction, by_number) ||
        !set_add(reader->transactions, reader->used, reader->slot_count, transaction))
        return err_set(err, ENOTSUP,
                       "transaction %" PRId64 " has more than one operation, and transactions are "
                       "not judged yet; --ignore-transactions takes their operations one by one",
                       transaction);
    return 0;
}

/* -- lines ------------------------------------------------------------------------------------ */

/* An integer up to `stop`, which is stepped over. */
static bool take_int(struct str *text, char stop, int64_t *out)
{
    const char *end = memchr(text->ptr, stop, text->len);
    struct str number = {text->ptr, end ? (size_t)(end - text->ptr) : 0};

    while (number.len && number.ptr[0] == ' ')
        number = (struct str){number.ptr + 1, number.len - 1};
    if (!end || !str_to_int(number, out))
        return false;
    *text = (struct str){end + 1, text->len - (size_t)(end - text->ptr) - 1};
    return true;
}

static int add_line(struct reader *reader, struct str line, struct err *err)
{
    struct history *history = reader->history;
    int64_t key, value, session, transaction;
    char kind = line.ptr[0];
    struct str rest = {line.ptr + 2, line.len < 2 ? 0 : line.len - 2};

    if ((kind != 'r' && kind != 'w') || line.len < 2 || line.ptr[1] != '(' ||
        !take_int(&rest, ',', &key) || !take_int(&rest, ',', &value) ||
        !take_int(&rest, ',', &session) || !take_int(&rest, ')', &transaction) ||
        format_skip_blank(rest).len)
        return err_set(err, EINVAL, "it is not r(key,value,session,transaction) or w(...)");
    if (session != (int32_t)session)
        return err_set(err, EINVAL, "the session is beyond 32 bits");
    if (history->count >= INDEX_NONE / 2)
        return err_set(err, EFBIG, "a history has at most 4294967295 events");
    if (transaction >= 0 && check_transaction(reader, transaction, err) < 0)
        return -1;
    value_id id = values_int(&history->values, value);
    struct op op = {.process = (int32_t)session,
                    .key = values_int(&history->values, key),
                    .in = kind == 'w' ? id : VALUE_NIL,
                    .out = kind == 'r' ? id : VALUE_NIL,
                    .index = (uint32_t)history->count * 2,
                    .complete_index = (uint32_t)history->count * 2 + 1,
                    .type = transaction < 0 ? OP_FAIL : OP_OK,
                    .f = kind == 'w' ? OP_F_WRITE : OP_F_READ,
                    .node = NODE_NONE};
    if (id == VALUE_FAILED || op.key == VALUE_FAILED)
        return out_of_memory(reader, err);
    reader->zero_written |= kind == 'w' && value == 0;
    return history_add(history, &op, err);
}

/* Reads of 0 that nobody wrote. */
static void restore_initial(struct history *history)
{
    value_id zero = values_int(&history->values, 0);

    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].out == zero)
            history->ops[i].out = VALUE_NIL;
    }
}

static int read_plume(struct input *input, const struct read_options *options,
                      struct history *history, struct err *err)
{
    struct reader reader = {.history = history,
                            .ignore_transactions = options->ignore_transactions};
    struct str line;
    int got;

    while ((got = input_line(input, &line, err)) > 0) {
        if (input_line_number(input) == 1)
            line = format_skip_mark(line);
        if (format_skip_blank(line).len == 0 || add_line(&reader, line, err) == 0)
            continue;
        if (!input_line_ended(input) && err->code == EINVAL) {
            history->torn = true;
            got = 0;
        } else {
            got =
                err->code == ENOMEM ? -1 : format_line_error(input, input_line_number(input), err);
        }
        break;
    }
    if (got == 0 && !reader.zero_written)
        restore_initial(history);
    history->times_trusted = false;
    history->timeless = true;
    history->torn |= input_torn(input);
    budget_free(history->budget, reader.grown);
    budget_free(history->budget, reader.transactions);
    budget_free(history->budget, reader.used);
    return got;
}

static bool detect(struct str first)
{
    struct str text = format_skip_blank(first);
    return text.len > 1 && (text.ptr[0] == 'r' || text.ptr[0] == 'w') && text.ptr[1] == '(';
}

const struct format format_plume = {
    .name = "plume",
    .about = "Plume's and AWDIT's text: r(key,value,session,transaction)",
    .detect = detect,
    .read = read_plume,
};
