#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* A row an iteration, each of which stands alone: what was measured, how and where. Raw: bytes, ns, bytes/s;
 * empty: does not apply. RFC 4180, but with plain line ends. */

void nv_csv_write_header (FILE *file);

/* 0 or -errno. */
int nv_csv_write_result (const struct nv_setup *setup, const struct nv_result *result, FILE *file);
