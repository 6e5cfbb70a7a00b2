/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plug-in's model in the terms of harness/model.h. States and calls are lists of words, interned:
 * equal ones have equal numbers, which is all that the search looks at. */
#include "own_model.h"

#include "../../include/ordeal-model.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALUE_WORDS = 3, /* kind, number */
    CALL_WORDS = 2 + 2 * ORDEAL_VALUES_MAX * VALUE_WORDS,
};

static const struct ordeal_model *own;

/* -- words ------------------------------------------------------------------------------------- */

static uint32_t *put_number(uint32_t *words, int64_t number)
{
    *words++ = (uint32_t)number;
    *words++ = (uint32_t)((uint64_t)number >> 32);
    return words;
}

static int64_t number_of(const uint32_t *words)
{
    return (int64_t)((uint64_t)words[1] << 32 | words[0]);
}

static uint32_t *put_values(uint32_t *words, const struct ordeal_values *values)
{
    *words++ = (uint32_t)values->count;
    for (size_t i = 0; i < values->count; i++) {
        *words++ = (uint32_t)values->at[i].kind;
        words = put_number(words, values->at[i].number);
    }
    return words;
}

static const uint32_t *get_values(const uint32_t *words, struct ordeal_values *values)
{
    values->count = *words++;
    for (size_t i = 0; i < values->count; i++, words += VALUE_WORDS)
        values->at[i] =
            (struct ordeal_value){(enum ordeal_value_kind)words[0], number_of(words + 1)};
    return words;
}

static uint32_t put_state(struct states *states, const struct ordeal_state *state)
{
    uint32_t words[1 + 2 * ORDEAL_STATE_WORDS], *end = words;

    if (state->count > ORDEAL_STATE_WORDS) { /* the model is broken: nothing may be concluded */
        states->failed = true;
        return STATE_NO;
    }
    *end++ = (uint32_t)state->count;
    for (size_t i = 0; i < state->count; i++)
        end = put_number(end, state->words[i]);
    return states_intern(states, words, (uint32_t)(end - words));
}

static void get_state(const struct states *states, uint32_t id, struct ordeal_state *state)
{
    uint32_t count;
    const uint32_t *words = states_get(states, id, &count);

    state->count = words[0];
    for (size_t i = 0; i < state->count; i++)
        state->words[i] = number_of(words + 1 + 2 * i);
}

/* -- values ------------------------------------------------------------------------------------ */

static struct ordeal_value element(const struct values *values, value_id id)
{
    struct ordeal_value value = {ORDEAL_OTHER, id};
    struct str text;

    if (values_get_int(values, id, &value.number))
        value.kind = ORDEAL_INTEGER;
    else if (values_get_text(values, id, &text) &&
             (str_eq(text, STR("true")) || str_eq(text, STR("false"))))
        value = (struct ordeal_value){ORDEAL_BOOLEAN, text.ptr[0] == 't'};
    return value;
}

/* False if it has too many elements. */
static bool spread(const struct values *values, value_id id, struct ordeal_values *out)
{
    const value_id *elements = &id;
    size_t count = id != VALUE_NIL;

    if (count)
        (void)values_get_list(values, id, &elements, &count);
    if (count > ORDEAL_VALUES_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        out->at[i] = element(values, elements[i]);
    out->count = count;
    return true;
}

static bool spread_in(const struct values *values, const struct op *op, struct ordeal_values *out)
{
    if (op->f != OP_F_CAS || (op->in2 == VALUE_NIL && op->in == VALUE_NIL))
        return spread(values, op->in, out);
    out->count = 2;
    out->at[0] = element(values, op->in);
    out->at[1] = element(values, op->in2);
    return true;
}

/* -- the model --------------------------------------------------------------------------------- */

static int function_of(const char *name)
{
    for (int i = 0; own->functions[i].name; i++) {
        if (strcmp(own->functions[i].name, name) == 0)
            return i;
    }
    return -1;
}

static bool own_knows(const char *f)
{
    return function_of(f) >= 0;
}

static uint32_t own_begin(const struct model_env *env, struct err *err)
{
    struct ordeal_state state = {0};
    struct ordeal_values initial;

    if (!spread(&env->history->values, env->initial, &initial) ||
        (own->begin ? !own->begin(&initial, &state) : initial.count != 0)) {
        (void)err_set(err, EINVAL, "model '%s' cannot begin with this initial value", own->name);
        return STATE_NO;
    }
    return put_state(env->states, &state);
}

static int own_prepare(const struct model_env *env, const struct op *op, struct call *call,
                       struct err *err)
{
    int function = function_of(history_f_name(env->history, op->f));
    struct ordeal_values value, results = {0};
    uint32_t words[CALL_WORDS], *end = words;

    if (function < 0)
        return err_set(err, EINVAL, "model '%s' has no such function", own->name);
    if (!spread_in(&env->history->values, op, &value) ||
        (op->type == OP_OK && !spread(&env->history->values, op->out, &results)))
        return err_set(err, EINVAL, "a list has more than %d elements", ORDEAL_VALUES_MAX);
    *call = (struct call){.op = (uint8_t)function,
                          .kind = own->functions[function].is_pure ? CALL_PURE : CALL_UPDATE,
                          .known = op->type == OP_OK};
    end = put_values(end, &value);
    end = put_values(end, &results);
    call->a = states_intern(env->states, words, (uint32_t)(end - words));
    return call->kind != CALL_PURE || call->known;
}

static uint32_t own_step(struct states *states, uint32_t id, const struct call *call)
{
    struct ordeal_call plain = {.function = call->op, .known = call->known};
    struct ordeal_state state;
    uint32_t count;

    if (call->a == STATE_NO)
        return STATE_NO;
    (void)get_values(get_values(states_get(states, call->a, &count), &plain.value), &plain.results);
    get_state(states, id, &state);
    return own->step(&plain, &state) ? put_state(states, &state) : STATE_NO;
}

static void own_print(const struct model_env *env, uint32_t id, struct buf *buf)
{
    struct ordeal_state state;
    char text[200] = "";

    get_state(env->states, id, &state);
    if (own->print)
        (void)own->print(&state, text, sizeof text);
    text[sizeof text - 1] = '\0';
    buf_puts(buf, text[0] ? text : "what it was");
}

static struct model adapted = {.omit = OMIT_PURE,
                               .knows = own_knows,
                               .begin = own_begin,
                               .prepare = own_prepare,
                               .step = own_step,
                               .print = own_print};

/* -- loading ----------------------------------------------------------------------------------- */

bool own_model_is_file(const char *model)
{
    size_t len = strlen(model);

    return strchr(model, '/') || (len > 3 && strcmp(model + len - 3, ".so") == 0) ||
           (len > 2 && strcmp(model + len - 2, ".c") == 0);
}

static const char *use(const void *symbol, const char *path, struct err *err)
{
    const struct ordeal_model *model = symbol;
    int functions = 0;

    if (model->abi != ORDEAL_MODEL_ABI || model->size != sizeof *model) {
        (void)err_set(err, ENOEXEC,
                      "'%s' was built for another version of ordeal-model.h; build it again", path);
        return NULL;
    }
    while (model->functions && model->functions[functions].name && functions <= UINT8_MAX)
        functions++;
    if (!model->name || !*model->name || !model->step || functions == 0 || functions > UINT8_MAX) {
        (void)err_set(err, EINVAL,
                      "the model in '%s' needs a name, functions (255 at most) and step", path);
        return NULL;
    }
    model_add(NULL);
    if (model_find(model->name)) {
        (void)err_set(err, EEXIST,
                      "there is a model '%s' already; give the one in '%s' another name",
                      model->name, path);
        return NULL;
    }
    own = model;
    adapted.name = model->name;
    adapted.about = model->about ? model->about : "";
    model_add(&adapted);
    return model->name;
}

const char *own_model_load(const char *path, struct err *err)
{
    size_t len = strlen(path);
    char full[PATH_MAX];

    if (len > 2 && strcmp(path + len - 2, ".c") == 0) {
        (void)err_set(
            err, ENOEXEC,
            "'%s' is source: build it with `cc -shared -fPIC -Iinclude -o %.*s.so %s` and "
            "give that",
            path, (int)len - 2, path, path);
        return NULL;
    }
    if (!realpath(path, full)) {
        (void)err_set(err, errno, "cannot open the model '%s': %s", path, strerror(errno));
        return NULL;
    }
    void *plugin = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) {
        (void)err_set(err, ENOEXEC, "'%s' is no plug-in that can be loaded: %s", path, dlerror());
        return NULL;
    }
    const void *symbol = dlsym(plugin, "ordeal_model");
    const char *name = symbol ? use(symbol, path, err) : NULL;
    if (!symbol)
        (void)err_set(err, ENOEXEC, "'%s' defines no ordeal_model (include/ordeal-model.h)", path);
    if (!name)
        (void)dlclose(plugin);
    return name;
}
