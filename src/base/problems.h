#pragma once

#include <glib.h>

/**
 * NvProblems: what is wrong with a text that a person wrote, all of it.
 *
 * Collects one message a problem, each bound to a line, so that a user sees every bad line at once and not
 * one a run. Not thread-safe.
 */
typedef struct NvProblems NvProblems;

typedef struct
{
  guint line; /* 1-based; 0: the text as a whole */
  char *message;
} NvProblem;

/**
 * nv_problems_new:
 * @file: the name to print before each line number, "-" for standard input
 *
 * Returns: (transfer full): free with nv_problems_free().
 */
NvProblems *nv_problems_new (const char *file);
void nv_problems_free (NvProblems *problems);

void nv_problems_add (NvProblems *problems, guint line, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Takes the message of @error and frees it. */
void nv_problems_take_error (NvProblems *problems, guint line, GError *error);

guint nv_problems_count (const NvProblems *problems);

/* How many different lines have a problem. */
guint nv_problems_count_lines (const NvProblems *problems);

gboolean nv_problems_line_is_bad (const NvProblems *problems, guint line);

/* Problems in order of their lines; @index from 0 to nv_problems_count() - 1. */
const NvProblem *nv_problems_get (NvProblems *problems, guint index);

/**
 * nv_problems_format:
 *
 * Returns: (transfer full): `FILE:LINE: message`, without a newline.
 */
char *nv_problems_format (NvProblems *problems, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvProblems, nv_problems_free)
