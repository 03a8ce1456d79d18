#pragma once

/* The kernel's console gets the reason, which the host reads there, and the machine is off. */
void nv_lab_fail (const char *format, ...) __attribute__ ((noreturn, format (printf, 1, 2)));
