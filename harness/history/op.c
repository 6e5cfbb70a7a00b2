/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "op.h"

const char *const op_type_names[4] = {"invoke", "ok", "fail", "info"};

const char *const op_f_names[OP_F_KNOWN] = {
#define X(name, text) text,
    OP_F_MAP(X)
#undef X
};

bool op_f_returns(uint8_t f)
{
    switch (f) {
    case OP_F_WRITE:
    case OP_F_CAS:
    case OP_F_APPEND:
    case OP_F_ADD:
    case OP_F_REMOVE:
    case OP_F_ENQUEUE:
    case OP_F_PUSH:
    case OP_F_INSERT:
    case OP_F_PUT:
    case OP_F_DELETE:
        return false;
    default:
        return true;
    }
}
