/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plugin.h - what every plug-in carries besides its target; the Makefile includes it in each.
 *
 * A plug-in of another build is refused instead of misread: the numbers are the ABI's and the sizes
 * of what passes through it. The second symbol is found in the file's bytes when the library that
 * it names is missing, and nothing in the file can run.
 */
#ifndef ORDEAL_TARGETS_PLUGIN_H
#define ORDEAL_TARGETS_PLUGIN_H

#include "../harness/target.h"

enum { PLUGIN_ABI_NUMBERS = 5 };

#define PLUGIN_ABI                                                                                 \
    {                                                                                              \
        ORDEAL_ABI, sizeof(struct target), sizeof(struct client_op), sizeof(struct cluster),       \
            sizeof(struct test)                                                                    \
    }

#define PLUGIN_PACKAGE_MARK "ordeal-needs-package:"

#ifdef PLUGIN_PACKAGE /* of its library, from the file's first line */
extern const unsigned long ordeal_plugin_abi[PLUGIN_ABI_NUMBERS];
extern const char ordeal_plugin_package[];
const unsigned long ordeal_plugin_abi[PLUGIN_ABI_NUMBERS] = PLUGIN_ABI;
const char ordeal_plugin_package[] = PLUGIN_PACKAGE_MARK PLUGIN_PACKAGE;
#endif

#endif
