/* The workloads of examples/workloads against what their programs printed (tests/golden/workloads: recorded;
 * STREAM's is its text with the values of test-stream-text). That they can be read is test-workload-file's.
 */

#include "guest/metrics.h"

#include <glib.h>
#include <string.h>

static const char *const expected[][2] = {
  { "redis", "set 52631.58; get 58823.53; " },
  { "stream", "copy 17308.3; scale 16677; add 15301.3; triad 14473.8; " },
  { "stress-ng", "vm 6206.41; " },
  { "sysbench-memory", "write 2556.97; " },
};

static char *
path_of (const char *folder, const char *name, const char *extension)
{
  g_autofree char *file = g_strconcat (name, extension, NULL);

  return g_build_filename (g_getenv ("NV_SOURCE_DIR"), folder, file, NULL);
}

/* Returns: as a guest is asked; json_decref(). */
static json_t *
read_workload (const char *name)
{
  g_autofree char *path = path_of ("examples/workloads", name, ".workload");
  json_t *metrics = json_array ();
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix (*line, "metric="))
      {
        const char *colon = strchr (*line, ':');

        json_array_append_new (metrics,
                               json_pack ("{s:s%, s:s, s:s, s:s}", "name", *line + strlen ("metric="),
                                          (size_t)(colon - *line) - strlen ("metric="), "pattern", colon + 1,
                                          "unit", "u", "better", "higher"));
      }
  return json_pack ("{s:s, s:o}", "format", "text", "metrics", metrics);
}

/* Returns: (transfer full): "metric value; " of all. */
static char *
find_values (const char *name)
{
  g_autofree char *path = path_of ("tests/golden/workloads", name, ".txt");
  json_t *workload = read_workload (name);
  GString *found = g_string_new (NULL);
  g_autofree char *printed = NULL;
  struct nv_metrics metrics;
  struct nv_message message;
  gsize length;

  g_assert_true (g_file_get_contents (path, &printed, &length, NULL));
  g_assert_cmpint (nv_metrics_read (&metrics, workload, &message), ==, 0);
  if (nv_metrics_match (&metrics, printed, length, &message) != 0)
    g_error ("%s: %s", name, message.text);
  for (gsize i = 0; i < metrics.n; i++)
    for (gsize j = 0; j < metrics.items[i].n; j++)
      g_string_append_printf (found, "%s %.9g; ", metrics.items[i].name, metrics.items[i].values[j]);
  nv_metrics_clear (&metrics);
  json_decref (workload);
  return g_string_free (found, FALSE);
}

static void
every_example_is_known_here (void)
{
  g_autofree char *folder = path_of ("examples", "workloads", "");
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (expected));
}

static void
metrics_find_what_the_programs_print (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *values = find_values (expected[i][0]);

      g_assert_cmpstr (values, ==, expected[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/example-workloads/every_example_is_known_here", every_example_is_known_here);
  g_test_add_func ("/example-workloads/metrics_find_what_the_programs_print",
                   metrics_find_what_the_programs_print);
  return g_test_run ();
}
