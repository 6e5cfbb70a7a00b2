/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_model.h - models from plug-ins (include/ordeal-model.h). */
#ifndef ORDEAL_COMMANDS_OWN_MODEL_H
#define ORDEAL_COMMANDS_OWN_MODEL_H

#include "../base/err.h"
#include "../model.h"

/* Whether --model names a file rather than a model: it has a slash, or ends in .so or .c. */
bool own_model_is_file(const char *model);

/* Open the plug-in, for good, and let model_find know its model; one at a time. Its name, or NULL
 * with *err. */
const char *own_model_load(const char *path, struct err *err);

#endif
