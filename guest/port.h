#pragma once

/* Waits for the virtio port NV_CHANNEL_NAME: the host announces it some time after the device is there.
 * Returns: a non-blocking descriptor; -1: this guest has none. */
int nv_port_open (void);
