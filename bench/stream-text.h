#pragma once

#include <stdint.h>
#include <stdio.h>

/* Results in the lines of STREAM 5.10, by which its readers find their way. */

struct nv_stream_head
{
  const char *program;   /* and its version */
  uint64_t array_bytes;  /* of each array; 0: unknown, and left out */
  unsigned n_arrays;     /* 0: unknown */
  unsigned n_iterations; /* 0: unknown */
  unsigned n_threads;    /* 0: unknown */
};

/* All up to the table's heading. */
void nv_stream_text_start (FILE *file, const struct nv_stream_head *head);

/* @label: "Copy". Bandwidth is decimal: MB/s. */
void nv_stream_text_line (FILE *file, const char *label, double best_bytes_per_s, double average_s,
                          double minimum_s, double maximum_s);

/* @complete: all that was asked was measured and is right. */
void nv_stream_text_end (FILE *file, int complete);
