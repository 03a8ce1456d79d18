#pragma once

#include <sys/types.h>

/* A shell on the console, for a person who looks for an error, if the image has one. Returns: its process;
 * -1: none. */
pid_t nv_shell_start (void);
