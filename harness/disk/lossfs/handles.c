/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handles.c - what is open. The kernel says when something is closed, but not when its mount ends
 * first, and power cuts may be many. */
#include "lossfs.h"

#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct handle *first;

struct handle *handle_new(int fd, DIR *dir)
{
    struct handle *handle = malloc(sizeof *handle);

    if (!handle)
        return NULL;
    *handle = (struct handle){.fd = fd, .dir = dir};
    pthread_mutex_lock(&lock);
    handle->next = first;
    handle->link = &first;
    if (first)
        first->link = &handle->next;
    first = handle;
    pthread_mutex_unlock(&lock);
    return handle;
}

void handle_close(struct handle *handle)
{
    pthread_mutex_lock(&lock);
    *handle->link = handle->next;
    if (handle->next)
        handle->next->link = handle->link;
    pthread_mutex_unlock(&lock);
    if (handle->dir)
        (void)closedir(handle->dir);
    else
        (void)close(handle->fd);
    free(handle);
}

void handles_close_all(void)
{
    for (struct handle *handle = first, *next; handle; handle = next) {
        next = handle->next;
        handle_close(handle);
    }
}
