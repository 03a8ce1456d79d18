#pragma once

/* Loads the modules of an initramfs that numavm has made: those that its kernel has not built in, in the
 * order in which they need each other. @complain: of each that cannot be loaded, with errno's text; the
 * others follow. */
void nv_modules_load (void (*complain) (const char *path, const char *reason));
