/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - keys with values, and the commands on them: the state machine that the stores
 * replicate.
 *
 * A table is a JSON object from the key's JSON text to the value, so that it can be stored and sent
 * as it is. Keys and values are any JSON.
 */
#ifndef ORDEAL_REFERENCE_TABLE_H
#define ORDEAL_REFERENCE_TABLE_H

#include <jansson.h>
#include <stdbool.h>

/* The value (borrowed); NULL if the key is not there. */
json_t *table_get(const json_t *table, const json_t *key);

/* The value is borrowed and shared, not copied. */
void table_put(json_t *table, const json_t *key, json_t *value);

/* Carry out a command and return the body of the answer: read_ok with "value", "TYPE_ok", or an
 * error. A new reference. Commands are
 *   {"type":"read","key":k}
 *   {"type":"write","key":k,"value":v}
 *   {"type":"cas","key":k,"from":a,"to":b}; "from" null: the key is not there
 *   {"type":"append","key":k,"value":v} to a list
 *   {"type":"add","key":k,"element":e} to a set, {"type":"add","key":k,"delta":d} to a counter
 * Lists and sets begin empty, counters at 0. */
json_t *table_apply(json_t *table, const json_t *command);

/* Whether an answer is an acknowledgement and not an error. */
bool answer_is_ok(const json_t *answer);

#endif
