/* Names of metrics, with their workload's command where they need it. */

#include "store/metric-names.h"
#include "base/text.h"

#include <string.h>

#define MAX_LABEL 32 /* characters of a command: a table has more columns */

static gboolean
are_rivals (const NvMetricName *one, const NvMetricName *other)
{
  return strcmp (one->name, other->name) == 0 && g_strcmp0 (one->workload, other->workload) != 0;
}

static gboolean
has_rival (const NvMetricName *names, guint n, const NvMetricName *name)
{
  for (guint i = 0; i < n; i++)
    if (are_rivals (&names[i], name))
      return TRUE;
  return FALSE;
}

/* Where all that are called the same begin to differ from this one: the beginning of a word. 0: nobody says
 * how. */
static gsize
find_difference (const NvMetricName *names, guint n, const NvMetricName *name)
{
  gsize common = strlen (name->workload);
  gboolean is_known = FALSE;

  for (guint i = 0; i < n; i++)
    {
      gsize length = 0;

      if (!names[i].workload || !are_rivals (&names[i], name))
        continue;
      is_known = TRUE;
      while (length < common && name->workload[length] == names[i].workload[length])
        length++;
      common = length;
    }
  while (common > 0 && !strchr (" \n", name->workload[common - 1]))
    common--;
  return is_known ? common : 0;
}

/* The program, and what begins where it differs: of its command, or behind that. Returns: (transfer full). */
static char *
shorten (const char *workload, gsize difference)
{
  gsize program = strcspn (workload, " \n"), command = strcspn (workload, "\n");
  gboolean is_cut = difference > program + 1;
  const char *rest = workload + (is_cut ? difference : 0);
  g_autofree char *text = g_strdup_printf (
      "%.*s%s%.*s", is_cut ? (int)program : 0, workload, is_cut ? " … " : "",
      (int)(difference < command ? command - (gsize)(rest - workload) : strlen (rest)), rest);
  g_autofree char *clean = nv_text_clean (g_strchomp (g_strdelimit (text, "\n\t", ' ')));
  g_autofree char *start = NULL;

  if (g_utf8_strlen (clean, -1) <= MAX_LABEL)
    return g_steal_pointer (&clean);
  start = g_utf8_substring (clean, 0, MAX_LABEL - 1);
  return g_strconcat (start, "…", NULL);
}

static guint
count (GHashTable *counts, const char *key)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));
}

/* Which of those it is that have the same label. @counts: of labels; @numbers: of labels with workloads. */
static guint
find_number (GHashTable *counts, GHashTable *numbers, const char *label, const char *workload)
{
  g_autofree char *key = g_strconcat (label, "\n", workload, NULL);

  if (!g_hash_table_contains (numbers, key))
    {
      g_hash_table_insert (counts, g_strdup (label), GUINT_TO_POINTER (count (counts, label) + 1));
      g_hash_table_insert (numbers, g_strdup (key), GUINT_TO_POINTER (count (counts, label)));
    }
  return count (numbers, key);
}

char **
nv_metric_names_tell_apart (const NvMetricName *names, guint n)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  char **shown = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    if (names[i].workload && has_rival (names, n, &names[i]))
      {
        g_autofree char *command = shorten (names[i].workload, find_difference (names, n, &names[i]));
        g_autofree char *label = g_strdup_printf ("%s (%s", names[i].name, command);
        guint number = find_number (counts, numbers, label, names[i].workload);

        shown[i] = number > 1 ? g_strdup_printf ("%s, %u)", label, number) : g_strconcat (label, ")", NULL);
      }
    else
      shown[i] = g_strdup (names[i].name);
  return shown;
}
