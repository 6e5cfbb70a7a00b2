/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* check.h - cmocka with what it needs included first. */
#ifndef ORDEAL_TESTS_LIB_CHECK_H
#define ORDEAL_TESTS_LIB_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* after the four above */

#endif
