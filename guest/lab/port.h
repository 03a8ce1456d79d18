#pragma once

#include "guest/lab/protocol.h"

#include <stddef.h>

/* Waits for the port, whose driver has just been loaded. Returns: a descriptor. */
int nv_lab_port_open (void);

/* Sends a frame; waits until the host takes it. */
void nv_lab_port_send (int port, enum nv_lab_frame_type type, const void *bytes, size_t length);
