/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* collections.h - what the models of collections share: begin as a list, print as a list. */
#ifndef ORDEAL_ENGINE_COLLECTIONS_H
#define ORDEAL_ENGINE_COLLECTIONS_H

#include "../../harness/model.h"

/* How they number their functions, so that the fast paths need not know them one by one. */
enum collection_op { COLLECTION_INSERT, COLLECTION_TAKE, COLLECTION_PEEK, COLLECTION_EMPTY };

/* The flat state of the elements of env->initial (nil: none), in its order. */
uint32_t collection_begin(const struct model_env *env, struct err *err);

/* Insert, take or peek by their fs; a known take or peek whose result is nil found the collection
 * empty. */
int collection_prepare(const struct model_env *env, const struct op *op, struct call *call,
                       struct err *err);

/* OMIT_ELEMENTS. */
void collection_effect(const struct call *call, uint32_t *leaves, uint32_t *needs);

void collection_print(const struct model_env *env, uint32_t state, struct buf *buf);

#endif
