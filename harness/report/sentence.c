/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sentence.h"

#include "describe.h"
#include "text.h"

enum { VALUE_COLUMNS = 40 };

/* A witness whose operations all read, write or cas one register. */
struct witness {
    const struct history *history;
    const uint32_t *ops;
    size_t count;
    value_id key;
};

static const struct op *op_at(const struct witness *witness, size_t i)
{
    return &witness->history->ops[witness->ops[i]];
}

static bool is_one_register(const struct witness *witness)
{
    for (size_t i = 0; i < witness->count; i++) {
        const struct op *op = op_at(witness, i);
        bool known = op->f == OP_F_READ || op->f == OP_F_WRITE || op->f == OP_F_CAS;
        if (!known || op->key != witness->key)
            return false;
    }
    return witness->count > 1 && witness->history->times_trusted;
}

/* Whether it succeeded in seeing a value; which. */
static bool saw(const struct op *op, value_id *value)
{
    *value = op->f == OP_F_CAS ? op->in : op->out;
    return op->type == OP_OK && op->f != OP_F_WRITE;
}

/* Whether it may have left a value; which. */
static bool left(const struct op *op, value_id *value)
{
    *value = op->f == OP_F_CAS ? op->in2 : op->in;
    return op->type != OP_FAIL && (op->f == OP_F_WRITE || op->f == OP_F_CAS);
}

/* The only operation of the whole history that can have left this value there; NULL if there is
 * none or several. nil is there from the start: *initial if nothing else ever leaves it. */
static const struct op *only_writer(const struct witness *witness, value_id value, bool *initial)
{
    const struct op *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < witness->history->count; i++) {
        const struct op *op = &witness->history->ops[i];
        value_id left_value;
        if (op->key == witness->key && left(op, &left_value) && left_value == value) {
            found = op;
            count++;
        }
    }
    *initial = value == VALUE_NIL && count == 0;
    return count == 1 ? found : NULL;
}

static void say_place(const struct witness *witness, const struct op *op, struct buf *out)
{
    if (op->key != VALUE_NIL) {
        buf_puts(out, " of key ");
        describe_value(witness->history, op->key, VALUE_COLUMNS, out);
    }
    if (op->node != NODE_NONE)
        buf_printf(out, " on %s", witness->history->nodes[op->node]);
}

static void say_value(const struct witness *witness, value_id value, struct buf *out)
{
    describe_value(witness->history, value, VALUE_COLUMNS, out);
}

/* `newer` had ended before `reader` began, and had begun after what the reader saw was there. */
static bool is_stale(const struct witness *witness, const struct op *reader, const struct op *newer)
{
    value_id seen, value;
    bool initial;

    if (!saw(reader, &seen) || newer->type != OP_OK || !left(newer, &value) || value == seen ||
        newer == reader || newer->complete_ns >= reader->invoke_ns)
        return false;
    const struct op *writer = only_writer(witness, seen, &initial);
    return initial || (writer && writer != newer && writer->type == OP_OK &&
                       writer->complete_ns < newer->invoke_ns);
}

static void say_stale(const struct witness *witness, const struct op *reader,
                      const struct op *newer, struct buf *out)
{
    value_id value;

    buf_puts(out, reader->f == OP_F_CAS ? "a cas" : "a read");
    say_place(witness, reader, out);
    buf_puts(out, reader->f == OP_F_CAS ? " succeeded from " : " returned ");
    (void)saw(reader, &value);
    say_value(witness, value, out);
    buf_puts(out, " although ");
    (void)left(newer, &value);
    say_value(witness, value, out);
    buf_puts(out, " had been acknowledged ");
    text_duration(out, reader->invoke_ns - newer->complete_ns);
    buf_puts(out, " before");
}

/* A later read went back to a value that was there before the one that an earlier read saw. */
static bool is_inversion(const struct witness *witness, const struct op *early,
                         const struct op *late)
{
    value_id newer, older;
    bool initial, ignored;

    if (!saw(early, &newer) || !saw(late, &older) || newer == older || early->f != OP_F_READ ||
        late->f != OP_F_READ || early->complete_ns >= late->invoke_ns)
        return false;
    const struct op *newer_writer = only_writer(witness, newer, &ignored);
    const struct op *older_writer = only_writer(witness, older, &initial);
    return newer_writer && (initial || (older_writer && older_writer->type == OP_OK &&
                                        older_writer->complete_ns < newer_writer->invoke_ns));
}

static void say_inversion(const struct witness *witness, const struct op *early,
                          const struct op *late, struct buf *out)
{
    buf_puts(out, "a read");
    say_place(witness, late, out);
    buf_puts(out, " returned ");
    say_value(witness, late->out, out);
    buf_puts(out, " although ");
    if (early->node != NODE_NONE)
        buf_printf(out, "one on %s", witness->history->nodes[early->node]);
    else
        buf_puts(out, "another");
    buf_puts(out, " had returned the newer ");
    say_value(witness, early->out, out);
    buf_puts(out, " ");
    text_duration(out, late->invoke_ns - early->complete_ns);
    buf_puts(out, " before");
}

/* Both replaced the same value, which was there only once. */
static bool is_double_cas(const struct witness *witness, const struct op *a, const struct op *b)
{
    bool initial;

    if (a == b || a->f != OP_F_CAS || b->f != OP_F_CAS || a->type != OP_OK || b->type != OP_OK ||
        a->in != b->in || a->in2 == a->in || b->in2 == b->in)
        return false;
    return only_writer(witness, a->in, &initial) || initial;
}

static void say_double_cas(const struct witness *witness, const struct op *a, const struct op *b,
                           struct buf *out)
{
    const struct op *both[] = {a, b};

    buf_puts(out, "two cas");
    if (a->key != VALUE_NIL) {
        buf_puts(out, " of key ");
        say_value(witness, a->key, out);
    }
    buf_puts(out, " both replaced ");
    say_value(witness, a->in, out);
    buf_puts(out, a->in == VALUE_NIL ? "" : ", written once,");
    for (int i = 0; i < 2; i++) {
        buf_puts(out, i ? " and by " : " by ");
        say_value(witness, both[i]->in2, out);
        if (both[i]->node != NODE_NONE)
            buf_printf(out, " on %s", witness->history->nodes[both[i]->node]);
    }
}

bool sentence_of_witness(const struct history *history, const uint32_t *ops, size_t count,
                         struct buf *out)
{
    static const struct {
        bool (*is)(const struct witness *witness, const struct op *a, const struct op *b);
        void (*say)(const struct witness *witness, const struct op *a, const struct op *b,
                    struct buf *out);
    } shapes[] = {
        {is_stale, say_stale}, {is_inversion, say_inversion}, {is_double_cas, say_double_cas}};
    struct witness witness = {.history = history, .ops = ops, .count = count};

    if (count == 0 || count > 12)
        return false;
    witness.key = op_at(&witness, 0)->key;
    if (!is_one_register(&witness))
        return false;
    for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++) {
        for (size_t i = 0; i < count * count; i++) {
            const struct op *a = op_at(&witness, i / count), *b = op_at(&witness, i % count);
            if (shapes[shape].is(&witness, a, b)) {
                shapes[shape].say(&witness, a, b, out);
                return true;
            }
        }
    }
    return false;
}
