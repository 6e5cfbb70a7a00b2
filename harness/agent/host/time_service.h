/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time_service.h - whoever keeps this host's clock right, held off while it is to be wrong.
 *
 * Looked for among the running processes, by name. Where systemd runs, the service's unit is
 * stopped and started again; elsewhere the process itself is stopped (SIGSTOP) and goes on
 * (SIGCONT).
 */
#ifndef ORDEAL_AGENT_HOST_TIME_SERVICE_H
#define ORDEAL_AGENT_HOST_TIME_SERVICE_H

#include "journal.h"

/* Hold off all that run, each written down before. */
int time_services_hold(struct journal *journal, struct err *err) MUST_CHECK;

/* Let the one of the entry run again; nothing to do if it does, and in another boot than the
 * entry's, where the host has started its services by itself. */
int time_service_release(const struct journal *journal, const struct entry *entry,
                         struct err *err) MUST_CHECK;

#endif
