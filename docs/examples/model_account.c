/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* model_account.c - a model of one's own: an account that is never overdrawn.
 *
 *     cc -shared -fPIC -Iinclude -o model_account.so docs/examples/model_account.c
 *     ordeal check --model ./model_account.so history.jsonl
 *
 * deposit N; withdraw N, which returns whether there was enough; balance, which returns it.
 */
#include "ordeal-model.h"

#include <inttypes.h>
#include <stdio.h>

enum { DEPOSIT, WITHDRAW, BALANCE };

static const struct ordeal_function functions[] = {[DEPOSIT] = {"deposit", 0},
                                                   [WITHDRAW] = {"withdraw", 0},
                                                   [BALANCE] = {"balance", 1},
                                                   {NULL, 0}};

static int begin(const struct ordeal_values *initial, struct ordeal_state *state)
{
    state->count = 1;
    state->words[0] = initial->count ? initial->at[0].number : 0;
    return initial->count <= 1;
}

/* Whether the operation may have returned this. */
static int returned(const struct ordeal_call *call, int64_t number)
{
    return !call->known || (call->results.count == 1 && call->results.at[0].number == number);
}

static int step(const struct ordeal_call *call, struct ordeal_state *state)
{
    int64_t *balance = &state->words[0];
    int64_t amount = call->value.count ? call->value.at[0].number : 0;

    switch (call->function) {
    case DEPOSIT:
        *balance += amount;
        return 1;
    case WITHDRAW:
        if (!returned(call, *balance >= amount))
            return 0;
        *balance -= *balance >= amount ? amount : 0;
        return 1;
    default:
        return returned(call, *balance);
    }
}

static int print(const struct ordeal_state *state, char *text, size_t size)
{
    return snprintf(text, size, "a balance of %" PRId64, state->words[0]);
}

const struct ordeal_model ordeal_model = {ORDEAL_MODEL_ABI,
                                          sizeof(struct ordeal_model),
                                          "account",
                                          "deposits, withdrawals, a balance",
                                          functions,
                                          begin,
                                          step,
                                          print};
