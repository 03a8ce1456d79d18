#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer, or replay.c in its place, calls with each input. Returns: 0; a wrong result aborts. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
