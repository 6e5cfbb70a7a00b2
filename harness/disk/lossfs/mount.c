/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.c - the disk's FUSE mount. A crash ends it and begins a new one, so that nothing is left of
 * what the kernel had cached: as after a boot. */
#include "lossfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { THREADS_MAX = 8 };

static struct fuse_session *session;

static void begin(void *context, struct fuse_conn_info *connection)
{
    const unsigned unwanted =
        FUSE_CAP_WRITEBACK_CACHE |                    /* writes must be known when they are made */
        FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_POSIX_LOCKS | /* the kernel's */
        FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_HANDLE_KILLPRIV | FUSE_CAP_READDIRPLUS;

    (void)context;
    connection->want &= ~unwanted;
    connection->want |= connection->capable & (FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_SPLICE_READ);
    connection->max_write = 1 << 20;
}

/* Opened here and not handed down: a FUSE device belongs to the user namespace that opened it. */
static int mount_device(const char *at, int *device, struct err *err)
{
    char options[128];

    *device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (*device < 0)
        return err_errno(err, errno, "cannot open '/dev/fuse'");
    (void)snprintf(options, sizeof options,
                   "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
                   *device);
    if (mount("ordeal-lossfs", at, "fuse", MS_NOSUID | MS_NODEV, options) == 0)
        return 0;
    (void)err_errno(err, errno, "cannot mount the disk on '%s'", at);
    (void)close(*device);
    return -1;
}

int mount_begin(const char *at, struct err *err)
{
    static char name[] = "ordeal-lossfs";
    char *argv[] = {name, NULL}, place[32];
    struct fuse_args args = FUSE_ARGS_INIT(1, argv);
    struct fuse_lowlevel_ops ops = {.init = begin};
    int device;

    calls_add_names(&ops);
    calls_add_data(&ops);
    session = fuse_session_new(&args, &ops, sizeof ops, NULL);
    fuse_opt_free_args(&args);
    if (!session)
        return err_set(err, ENOMEM, "libfuse refuses to begin");
    if (mount_device(at, &device, err) == 0) {
        (void)snprintf(place, sizeof place, "/dev/fd/%d", device);
        if (fuse_session_mount(session, place) == 0)
            return 0;
        (void)umount2(at, MNT_DETACH);
        (void)err_set(err, EIO, "libfuse does not take the mount on '%s'", at);
    }
    fuse_session_destroy(session);
    session = NULL;
    return -1;
}

int mount_serve(struct err *err)
{
    struct fuse_loop_config *config = fuse_loop_cfg_create();

    fuse_loop_cfg_set_max_threads(config, THREADS_MAX);
    fuse_loop_cfg_set_clone_fd(config, 0);
    int code = fuse_session_loop_mt(session, config);
    fuse_loop_cfg_destroy(config);
    fuse_session_destroy(session);
    session = NULL;
    handles_close_all();
    return code < 0 ? err_errno(err, -code, "the disk's mount failed") : 0;
}

int mount_detach(const char *at, struct err *err)
{
    if (umount2(at, MNT_DETACH))
        return err_errno(err, errno, "cannot unmount the disk from '%s'", at);
    return 0;
}
