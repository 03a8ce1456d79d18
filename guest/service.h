#pragma once

/* In a guest with a system of its own: waits for the port, holds the guest's end of the conversation, and
 * powers the guest off when the host has said bye. SIGTERM ends it. Returns: the exit status. */
int nv_service_run (void);
