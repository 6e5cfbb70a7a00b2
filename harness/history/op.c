/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "op.h"

const char *const op_type_names[4] = {"invoke", "ok", "fail", "info"};

const char *const op_f_names[OP_F_KNOWN] = {
#define X(name, text) text,
    OP_F_MAP(X)
#undef X
};
