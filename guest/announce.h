#pragma once

/* Prints that the guest is up, and what it has; the host program waits for it. */
void nv_announce (void);
