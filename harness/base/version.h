/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* version.h - which commit this is: `git describe`, written anew by make whenever it changes. */
#ifndef ORDEAL_BASE_VERSION_H
#define ORDEAL_BASE_VERSION_H

extern const char ordeal_version[];

#endif
