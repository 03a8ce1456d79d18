#pragma once

#include <stdbool.h>

/**
 * nv_agent_run:
 * @port: non-blocking: where the host is, or will be
 * @stop_fd: readable: return; -1: never
 *
 * Holds the guest's end of the conversation of bench/protocol.h. A host that goes away, or says what it must
 * not, loses its job; whoever comes then is greeted anew.
 *
 * Returns: did the host say bye?
 */
bool nv_agent_run (int port, int stop_fd);
