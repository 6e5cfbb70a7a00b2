/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - the few process calls that the C library does not offer as the lab needs them. */
#ifndef ORDEAL_LAB_PROCESS_H
#define ORDEAL_LAB_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* fork() into the new namespaces that the CLONE_NEW* flags name: twice-returning like fork(), -1
 * with errno. A raw system call, because fork() and unshare(CLONE_NEWUSER) fails where a sanitizer
 * keeps a thread of its own in every child. Only from a process with one thread. *pidfd (or NULL)
 * becomes a descriptor of the child, in the parent only. The child sends no SIGCHLD, so that
 * neither handlers nor other waiters of the caller meet it; wait for it with __WALL. */
pid_t process_clone(int flags, int *pidfd);

/* Read up to `size` - 1 bytes of a file into `text`, NUL-terminated; false if it cannot be read. */
bool process_read_file(const char *path, char *text, size_t size);

/* Write `text` by one write() to a file that exists; -1 with errno. */
int process_write_file(const char *path, const char *text);

/* The integer that a file of /proc holds; `fallback` if there is none. */
long process_read_number(const char *path, long fallback);

/* Whether the caller may administer the namespaces it is in (CAP_SYS_ADMIN is effective). */
bool process_is_admin(void);

#endif
