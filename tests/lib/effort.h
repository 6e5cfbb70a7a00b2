/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* effort.h - how much of a test's repetition a build can afford: sanitizers are slow, and what they
 * look for shows in few rounds. */
#ifndef ORDEAL_TESTS_LIB_EFFORT_H
#define ORDEAL_TESTS_LIB_EFFORT_H

#ifndef __SANITIZE_THREAD__
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#endif

/* Of `count` rounds, those to run. At least one. */
static inline unsigned long effort(unsigned long count)
{
#if defined(__SANITIZE_THREAD__)
    return count / 20 + 1;
#elif defined(__SANITIZE_ADDRESS__)
    return count / 4 + 1;
#else
    return count;
#endif
}

/* Operations of the histories of which all are tried, where `ops` are meant. */
static inline int effort_ops(int ops)
{
#if defined(__SANITIZE_THREAD__)
    return ops - 1;
#else
    return ops;
#endif
}

#endif
