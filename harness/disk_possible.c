/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_possible.h"

#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define DEVICE "/dev/fuse"

int disk_possible(struct err *err)
{
    char path[PATH_MAX];

    if (helper_find("ordeal-lossfs", path, sizeof path, err))
        return err_set(err, ENOENT,
                       "disks that fail need 'ordeal-lossfs', which was not built; run: "
                       "sudo apt-get install libfuse3-dev && make");
    if (access(DEVICE, F_OK))
        return err_set(err, ENOENT, "disks that fail need '" DEVICE "'; run: sudo modprobe fuse");
    if (geteuid() != 0 && access(DEVICE, R_OK | W_OK))
        return err_set(err, EACCES,
                       "disks that fail need '" DEVICE "', which you may not open; run: "
                       "sudo chmod 666 " DEVICE);
    return 0;
}
