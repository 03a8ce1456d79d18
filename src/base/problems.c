#include "base/problems.h"

struct NvProblems
{
  char *file;
  GArray *entries; /* of NvProblem */
  GHashTable *lines;
  gboolean sorted;
};

static void
problem_clear (gpointer data)
{
  NvProblem *problem = data;

  g_free (problem->message);
}

NvProblems *
nv_problems_new (const char *file)
{
  NvProblems *problems = g_new0 (NvProblems, 1);

  problems->file = g_strdup (file);
  problems->entries = g_array_new (FALSE, FALSE, sizeof (NvProblem));
  g_array_set_clear_func (problems->entries, problem_clear);
  problems->lines = g_hash_table_new (NULL, NULL);
  problems->sorted = TRUE;
  return problems;
}

void
nv_problems_free (NvProblems *problems)
{
  if (!problems)
    return;
  g_free (problems->file);
  g_array_unref (problems->entries);
  g_hash_table_unref (problems->lines);
  g_free (problems);
}

static void
add_taken (NvProblems *problems, guint line, char *message)
{
  NvProblem problem = { .line = line, .message = message };

  g_array_append_val (problems->entries, problem);
  g_hash_table_add (problems->lines, GUINT_TO_POINTER (line));
  problems->sorted = FALSE;
}

void
nv_problems_add (NvProblems *problems, guint line, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  add_taken (problems, line, g_strdup_vprintf (format, args));
  va_end (args);
}

void
nv_problems_take_error (NvProblems *problems, guint line, GError *error)
{
  add_taken (problems, line, g_strdup (error->message));
  g_error_free (error);
}

guint
nv_problems_count (const NvProblems *problems)
{
  return problems->entries->len;
}

guint
nv_problems_count_lines (const NvProblems *problems)
{
  return g_hash_table_size (problems->lines);
}

gboolean
nv_problems_line_is_bad (const NvProblems *problems, guint line)
{
  return g_hash_table_contains (problems->lines, GUINT_TO_POINTER (line));
}

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  guint line_a = ((const NvProblem *)a)->line;
  guint line_b = ((const NvProblem *)b)->line;

  return (line_a > line_b) - (line_a < line_b);
}

const NvProblem *
nv_problems_get (NvProblems *problems, guint index)
{
  g_return_val_if_fail (index < problems->entries->len, NULL);

  /* g_array_sort() is stable: the problems of one line stay in the order in which they were found. */
  if (!problems->sorted)
    g_array_sort (problems->entries, compare_lines);
  problems->sorted = TRUE;
  return &g_array_index (problems->entries, NvProblem, index);
}

char *
nv_problems_format (NvProblems *problems, guint index)
{
  const NvProblem *problem = nv_problems_get (problems, index);

  if (problem->line == 0)
    return g_strdup_printf ("%s: %s", problems->file, problem->message);
  return g_strdup_printf ("%s:%u: %s", problems->file, problem->line, problem->message);
}
