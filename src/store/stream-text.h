#pragma once

#include "store/store.h"

/* STREAM 5.10's text, run after run, as it is found: with other text in it, cut off, with decimal commas. */

enum
{
  NV_STREAM_KERNELS = 4,
  NV_STREAM_TEXT_KERNELS = 16, /* of one run of the benchmark; more begin the next */
  NV_STREAM_TEXT_NAME = 16,
  NV_STREAM_TEXT_LINE = 1 << 20, /* no line of such a text is longer */
};

/* Rates of the original's modified STREAM: it moved an eighth of what it reported. */
#define NV_STREAM_MOD_DIVISOR 8

/* Zeroed, but for the caller's part. */
typedef struct
{
  /* Filled by the caller. */
  gboolean is_original_mod; /* rates are divided */
  gboolean is_guess; /* until nv_stream_text_recognises() a line: what is before it is other text, though it
                        may look like results */
  gboolean (*take) (const NvStoreStream *result,
                    gpointer data); /* without run and VM; FALSE ends the reading */
  void (*leave_out) (guint64 line, const char *reason,
                     gpointer data); /* a line, or a part that begins there */
  gpointer data;

  guint64 line;       /* that was read last, from 1 */
  guint64 since_line; /* of a run of the benchmark; 0: not within one */
  guint sequence;
  guint64 array_bytes;
  guint threads;
  gboolean is_ours; /* which may have been asked for one kernel alone */
  char kernels[NV_STREAM_TEXT_KERNELS][NV_STREAM_TEXT_NAME];
  guint n_kernels;
} NvStreamText;

/* One line, without its end. FALSE: take() had enough. */
gboolean nv_stream_text_take_line (NvStreamText *text, const char *line, gsize length);

/**
 * nv_stream_text_take_lines:
 * @ret_length: (out): how much of it was whole lines; the rest belongs before what follows
 *
 * Returns: FALSE: take() had enough.
 */
gboolean nv_stream_text_take_lines (NvStreamText *text, const char *block, gsize length, gsize *ret_length);

/* After the last line: says what the last run lacks. */
void nv_stream_text_finish (NvStreamText *text);

/* Is it a line that only STREAM has? */
gboolean nv_stream_text_recognises (const char *line, gsize length);

/* STREAM's own kernels, in its order; NULL-terminated. */
extern const char *const nv_stream_kernels[NV_STREAM_KERNELS + 1];

/* The rate of one thread if no core gets that from memory, for arrays of that size; else 0. */
double nv_stream_implausible_rate (const NvStoreStream *result);

/* Is all of @text a number that begins with a digit, with a point or a comma, and that a double holds? It is
 * the one that strtod() finds. */
gboolean nv_stream_text_parse_number (const char *text, gsize length, double *ret_number);
