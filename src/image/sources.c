#include "image/sources.h"
#include "base/error.h"

#include <string.h>

/* A word of a line each; of an origin there may be several words, or none. */
typedef struct
{
  const char *uri, *release, *component, *origin;
} Source;

/* @line is cut up. */
static gboolean
read_source (char *line, Source *ret_source)
{
  const char **const words[] = { &ret_source->uri, &ret_source->release, &ret_source->component };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      char *space = strchr (line, ' ');

      if (!space || space == line)
        return FALSE;
      *space = '\0';
      *words[i] = line;
      line = space + 1;
    }
  ret_source->origin = line;
  return TRUE;
}

static GArray *
read_sources (char *const *lines)
{
  GArray *sources = g_array_new (FALSE, FALSE, sizeof (Source));
  Source source;

  for (guint i = 0; lines[i]; i++)
    if (read_source (lines[i], &source))
      g_array_append_val (sources, source);
  return sources;
}

/* (nullable) */
static const char *
find_origin (const GArray *sources, const char *suite)
{
  for (guint i = 0; i < sources->len; i++)
    {
      const Source *source = &g_array_index (sources, Source, i);

      if (strcmp (source->release, suite) == 0 && strcmp (source->component, "main") == 0)
        return source->origin;
    }
  return NULL;
}

/* Backports are newer than what was asked for. */
static gboolean
belongs_to (const Source *source, const char *suite, const char *origin)
{
  const char *rest =
      g_str_has_prefix (source->release, suite) ? source->release + strlen (suite) : "another suite's";

  return strcmp (source->origin, origin) == 0
         && (strcmp (rest, "") == 0 || strcmp (rest, "-updates") == 0 || strcmp (rest, "-security") == 0);
}

static void
set_unknown_suite (const GArray *sources, const char *suite, GError **error)
{
  g_autoptr (GHashTable) named = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < sources->len; i++)
    {
      const Source *source = &g_array_index (sources, Source, i);

      if (strcmp (source->component, "main") == 0 && !strchr (source->release, '-')
          && g_hash_table_add (named, (gpointer)source->release))
        g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", source->release);
    }
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "distribution '%s': this host's package sources have %s: --mirror URL names another source",
               suite, names->len > 0 ? names->str : "none at all");
}

char *
nv_sources_parse (const char *text, const char *suite, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GArray) sources = read_sources (lines);
  const char *origin = find_origin (sources, suite);
  GString *list;

  if (!origin)
    {
      set_unknown_suite (sources, suite, error);
      return NULL;
    }
  list = g_string_new (NULL);
  for (guint i = 0; i < sources->len; i++)
    {
      const Source *source = &g_array_index (sources, Source, i);
      g_autofree char *line =
          g_strdup_printf ("deb %s %s %s\n", source->uri, source->release, source->component);

      /* A host of two architectures has all of them twice. */
      if (belongs_to (source, suite, origin) && !strstr (list->str, line))
        g_string_append (list, line);
    }
  return g_string_free (list, FALSE);
}

/* Is it one word that cannot be read as anything else in sources.list? */
static gboolean
check_mirror (const char *mirror, GError **error)
{
  gboolean good = strstr (mirror, "://") || g_str_has_prefix (mirror, "file:/");

  for (const char *c = mirror; *c; c++)
    good = good && g_ascii_isgraph (*c) && *c != '[' && *c != '#';
  if (!good)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "mirror '%s': a URL without blanks is allowed, such as http://HOST/debian or file:///PATH",
                 mirror);
  return good;
}

char *
nv_sources_find (const char *suite, const char *mirror, GError **error)
{
  const char *const argv[] = { "apt-get",         "indextargets",         "--format",
                               NV_SOURCES_FORMAT, "Created-By: Packages", NULL };
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  int status;

  if (mirror)
    return check_mirror (mirror, error) ? g_strdup_printf ("deb %s %s main\n", mirror, suite) : NULL;
  if (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                    &text, NULL, &status, &problem)
      && g_spawn_check_wait_status (status, &problem))
    return nv_sources_parse (text, suite, error);
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
               "cannot ask apt for this host's package sources: %s: --mirror URL names one",
               problem->message);
  return NULL;
}
