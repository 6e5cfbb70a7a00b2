/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* edn_forms.h - a file of EDN as one form after another, without holding more than one.
 *
 * A vector or list around the whole file is taken off: its elements are the forms.
 */
#ifndef ORDEAL_HISTORY_FORMATS_EDN_FORMS_H
#define ORDEAL_HISTORY_FORMATS_EDN_FORMS_H

#include "../../base/buf.h"
#include "../input.h"

struct edn_forms {
    struct input *input;
    struct buf text; /* what was read and not yet taken */
    size_t at;
    uint64_t line; /* where the last form begins */
    bool started, wrapped, closed;
    bool torn; /* the input ended within a form or the vector around all */
};

void edn_forms_init(struct edn_forms *forms, struct input *input);
void edn_forms_release(struct edn_forms *forms);

/* The next form, whose text lives until the next call: 1, or 0 at the end, or -1. */
int edn_forms_next(struct edn_forms *forms, struct str *form, struct err *err) MUST_CHECK;

#endif
