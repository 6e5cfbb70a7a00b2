/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.h - the seam between the listener and the sessions of peers. */
#ifndef ORDEAL_REFERENCE_NETWORK_H
#define ORDEAL_REFERENCE_NETWORK_H

#include "stream.h"

/* If `line` is a peer's greeting, take the stream over and return true. */
bool session_accept(struct stream *stream, struct str line);

#endif
