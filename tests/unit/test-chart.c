#include "base/error.h"
#include "report/axis.h"
#include "report/chart.h"
#include "report/chart-text.h"
#include "report/gnuplot-script.h"

#include <glib/gstdio.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <string.h>

#define HOSTILE "\"q\" it's `touch x` $(touch y) {/Bold a}_b^c @d & <e> \\n \\ #f %s 'g"

/* --- a folder of one's own --- */

typedef struct
{
  char *dir;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("test-chart-XXXXXX", NULL);
}

static guint
count_files (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  GDir *dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (fixture->dir);
  g_free (fixture->dir);
}

static double *
copy (const double *values, gsize n)
{
  return g_memdup2 (values, n * sizeof *values);
}

#define COPY(...) copy ((const double[]){ __VA_ARGS__ }, sizeof ((double[]){ __VA_ARGS__ }) / sizeof (double))

static NvChart *
make_chart (const char *name)
{
  NvChart *chart = nv_chart_new (name);
  NvPanel *panel = nv_chart_add_panel (chart, name, name, name);

  nv_panel_add_line (panel, name, 4, COPY (1, 2, 3, 4), COPY (0, 10, 5, 20));
  return chart;
}

static gboolean
has_gnuplot (void)
{
  g_autofree char *program = g_find_program_in_path ("gnuplot");

  if (!program)
    g_test_skip ("'gnuplot' is missing: run tools/deps");
  return program != NULL;
}

/* --- axes --- */

static void
axes_begin_at_zero_where_that_costs_little (void)
{
  NvAxis axis;

  nv_axis_choose (&axis, 3, 19, 5, 0);
  g_assert_cmpfloat (axis.low, ==, 0);
  g_assert_cmpfloat (axis.high, ==, 20);
  g_assert_false (axis.is_cut);
  g_assert_cmpstr (axis.texts[1], ==, "5");
  nv_axis_choose (&axis, 17100, 19900, 6, NV_AXIS_FROM_ZERO);
  g_assert_cmpfloat (axis.low, ==, 0);
}

static void
axes_that_do_not_begin_at_zero_are_known (void)
{
  NvAxis axis;

  nv_axis_choose (&axis, 17100, 19900, 6, 0);
  g_assert_cmpfloat (axis.low, ==, 17000);
  g_assert_cmpfloat (axis.high, ==, 20000);
  g_assert_true (axis.is_cut);
  g_assert_cmpstr (axis.texts[0], ==,
                   "17\xe2\x80\x89"
                   "000");
}

static void
logarithmic_axes_have_whole_decades (void)
{
  NvAxis axis;

  nv_axis_choose (&axis, 3, 70000000, 6, NV_AXIS_LOG);
  g_assert_cmpfloat (axis.low, ==, 1);
  g_assert_cmpfloat_with_epsilon (axis.high, 1e8, 1);
  g_assert_cmpstr (axis.texts[1], ==, "10\xc2\xb2");
  nv_axis_choose (&axis, 3, 70, 6, NV_AXIS_LOG);
  g_assert_cmpuint (axis.n_ticks, ==, 7);
  g_assert_cmpstr (axis.texts[4], ==, "20");
}

static void
counted_things_have_no_fractions (void)
{
  NvAxis axis;

  nv_axis_choose (&axis, 1, 3, 12, NV_AXIS_TIGHT | NV_AXIS_WHOLE);
  g_assert_cmpuint (axis.n_ticks, ==, 3);
  g_assert_cmpstr (axis.texts[2], ==, "3");
}

static void
any_range_has_an_axis (void)
{
  static const double ranges[][2] = { { 0, 0 },           { 5, 5 },           { -5, -5 },
                                      { 1, 0 },           { 1e199, 1e199 },   { -1e199, 1e199 },
                                      { 1e-199, 1e-198 }, { 1e15, 1e15 + 1 }, { -3, 7 } };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    for (guint flags = 0; flags < 16; flags++)
      {
        NvAxis axis;

        if (flags & NV_AXIS_LOG && ranges[i][0] <= 0)
          continue;
        nv_axis_choose (&axis, ranges[i][0], ranges[i][1], 6, flags);
        g_assert_true (isfinite (axis.low) && isfinite (axis.high));
        g_assert_cmpfloat (axis.low, <, axis.high);
        g_assert_cmpuint (axis.n_ticks, <=, NV_AXIS_MAX_TICKS);
      }
}

/* --- texts --- */

static void
long_names_keep_both_ends (void)
{
  g_autofree char *name = g_strnfill (200, 'x');
  g_autofree char *fit = NULL;

  memcpy (name, "begin", 5);
  memcpy (name + 197, "end", 3);
  fit = nv_chart_text_fit (name, 10, 200);
  g_assert_true (g_str_has_prefix (fit, "begin") && g_str_has_suffix (fit, "end"));
  g_assert_nonnull (strstr (fit, "\xe2\x80\xa6"));
  g_assert_cmpfloat (nv_chart_text_width (fit, 10), <=, 200);
  g_assert_cmpfloat (nv_chart_text_width (fit, 10), >, 160);
}

static void
titles_are_broken_at_blanks (void)
{
  g_auto (GStrv) lines = nv_chart_text_wrap ("one two three four", 10, 80, 2);

  g_assert_cmpstr (lines[0], ==, "one two");
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
}

static void
a_long_title_is_broken_as_soon_as_a_short_one (void)
{
  g_autofree char *title = g_strnfill (4 << 20, ' ');
  g_auto (GStrv) lines = NULL;

  memcpy (title, "begin", 5);
  lines = nv_chart_text_wrap (title, 10, 800, 2);
  g_assert_true (g_str_has_prefix (lines[0], "begin"));
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
}

/* --- scripts --- */

static void
names_are_data_and_no_script (void)
{
  g_autoptr (NvChart) chart = make_chart (HOSTILE "\nE\nset output 'z'");
  GString *script = nv_gnuplot_script (chart, NV_PICTURE_PNG, "out");
  g_auto (GStrv) lines = g_strsplit (script->str, "\n", -1);
  gboolean is_data = FALSE;
  guint n_found = 0;

  for (guint i = 0; lines[i]; i++)
    {
      if (strcmp (lines[i], "$T << E") == 0 || strcmp (lines[i], "E") == 0)
        {
          is_data = !is_data;
          continue;
        }
      if (is_data)
        g_assert_cmpint (lines[i][0], ==, ':');
      else
        g_assert_null (strstr (lines[i], "touch"));
      n_found += strstr (lines[i], "touch") != NULL;
    }
  g_assert_false (is_data);
  g_assert_cmpuint (n_found, >=, 4);
  g_string_free (script, TRUE);
}

/* The copy on the heap ends where a character would go on. */
static void
texts_that_are_no_utf8_are_drawn (void)
{
  static const char bad[] = "x\xf0";
  g_autoptr (NvChart) chart = make_chart (bad);
  NvPanel *panel = g_ptr_array_index (chart->panels, 0);
  NvBox *box = g_new0 (NvBox, 1);
  GString *script;

  chart->note = g_strdup (bad);
  nv_panel_add_shade (panel, 1, 2, bad);
  box->label = g_strdup (bad);
  nv_panel_add_boxes (nv_chart_add_panel (chart, bad, bad, bad), bad, 1, box);
  script = nv_gnuplot_script (chart, NV_PICTURE_PNG, "out");
  g_assert_nonnull (strstr (script->str, ":x\xef\xbf\xbd\n"));
  g_assert_null (strchr (script->str, '\xf0'));
  g_string_free (script, TRUE);
}

/* --- SVG --- */

static xmlXPathObject *
find (xmlDoc *document, const char *path)
{
  xmlXPathContext *context = xmlXPathNewContext (document);
  xmlXPathObject *found;

  xmlXPathRegisterNs (context, (const xmlChar *)"s", (const xmlChar *)"http://www.w3.org/2000/svg");
  found = xmlXPathEval ((const xmlChar *)path, context);
  xmlXPathFreeContext (context);
  return found;
}

static guint
count (xmlDoc *document, const char *path)
{
  xmlXPathObject *found = find (document, path);
  guint n = (guint)xmlXPathNodeSetGetLength (found->nodesetval);

  xmlXPathFreeObject (found);
  return n;
}

static gboolean
shows_text (xmlDoc *document, const char *text)
{
  xmlXPathObject *found = find (document, "//s:text");
  gboolean is_there = FALSE;

  for (int i = 0; i < xmlXPathNodeSetGetLength (found->nodesetval); i++)
    {
      xmlChar *content = xmlNodeGetContent (found->nodesetval->nodeTab[i]);

      is_there |= strcmp ((const char *)content, text) == 0;
      xmlFree (content);
    }
  xmlXPathFreeObject (found);
  return is_there;
}

static xmlDoc *
draw_svg (Fixture *fixture, const NvChart *chart)
{
  g_autofree char *path = g_build_filename (fixture->dir, "a.svg", NULL);
  g_autoptr (GError) error = NULL;
  xmlDoc *document;

  nv_chart_write (chart, path, &error);
  g_assert_no_error (error);
  document = xmlReadFile (path, NULL, XML_PARSE_NONET);
  g_assert_nonnull (document);
  return document;
}

static void
hostile_names_are_shown_as_they_are (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = nv_chart_new (HOSTILE);
  xmlDoc *document;

  if (!has_gnuplot ())
    return;
  nv_panel_add_line (nv_chart_add_panel (chart, HOSTILE, HOSTILE, NULL), "\xc3\xa9 \xe6\xbc\xa2 <b>", 2,
                     COPY (1, 2), COPY (3, 4));
  document = draw_svg (fixture, chart);
  g_assert_true (shows_text (document, HOSTILE));
  g_assert_true (shows_text (document, "\xc3\xa9 \xe6\xbc\xa2 <b>"));
  g_assert_cmpuint (count (document, "//s:b | //s:e | //s:script"), ==, 0);
  g_assert_cmpuint (count_files (fixture->dir), ==, 1);
  xmlFreeDoc (document);
}

/* The points of the first line that is drawn in the first colour. */
static GArray *
read_line (xmlDoc *document)
{
  xmlXPathObject *found = find (document, "//s:path[@stroke = 'rgb(  0, 114, 178)']/@d");
  GArray *points = g_array_new (FALSE, FALSE, sizeof (double));
  xmlChar *d;

  g_assert_cmpint (xmlXPathNodeSetGetLength (found->nodesetval), >, 0);
  d = xmlNodeGetContent (found->nodesetval->nodeTab[0]);
  for (char *at = (char *)d; *at;)
    {
      char *end;
      double value = g_ascii_strtod (at, &end);

      if (end != at)
        g_array_append_val (points, value);
      at = end == at ? at + 1 : end;
    }
  xmlFree (d);
  xmlXPathFreeObject (found);
  return points;
}

static void
lines_go_through_their_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = make_chart ("a");
  g_autoptr (GArray) points = NULL;
  xmlDoc *document;
  const double *p;

  if (!has_gnuplot ())
    return;
  document = draw_svg (fixture, chart);
  points = read_line (document);
  p = (const double *)(const void *)points->data;
  g_assert_cmpuint (points->len, ==, 8);
  g_assert_cmpfloat_with_epsilon (p[2] - p[0], p[4] - p[2], 0.02);
  /* 0, 10, 5, 20, upwards */
  g_assert_cmpfloat_with_epsilon ((p[1] - p[3]) / (p[1] - p[7]), 0.5, 0.001);
  g_assert_cmpfloat_with_epsilon ((p[1] - p[5]) / (p[1] - p[7]), 0.25, 0.001);
  g_assert_true (shows_text (document, "15"));
  xmlFreeDoc (document);
}

static void
cut_axes_say_so (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = nv_chart_new ("a");
  NvPanel *panel = nv_chart_add_panel (chart, NULL, NULL, NULL);
  xmlDoc *document;

  if (!has_gnuplot ())
    return;
  nv_panel_add_line (panel, NULL, 2, COPY (1, 2), COPY (17100, 19900));
  chart->note = g_strdup ("EMULATED: so");
  document = draw_svg (fixture, chart);
  g_assert_true (shows_text (document, "the y axis starts at 17\xe2\x80\x89"
                                       "000"));
  g_assert_true (shows_text (document, "EMULATED: so"));
  xmlFreeDoc (document);
  panel->y_from_zero = TRUE;
  document = draw_svg (fixture, chart);
  g_assert_false (shows_text (document, "the y axis starts at 17\xe2\x80\x89"
                                        "000"));
  xmlFreeDoc (document);
}

static void
a_long_legend_ends (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = nv_chart_new ("a");
  NvPanel *panel = nv_chart_add_panel (chart, NULL, NULL, NULL);
  xmlDoc *document;

  if (!has_gnuplot ())
    return;
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *label = g_strdup_printf ("series %u", i);

      nv_panel_add_line (panel, label, 2, COPY (1, 2), COPY (i, i));
    }
  document = draw_svg (fixture, chart);
  g_assert_true (shows_text (document, "series 23"));
  g_assert_false (shows_text (document, "series 24"));
  g_assert_true (shows_text (document, "and 6 more"));
  xmlFreeDoc (document);
}

/* A kernel that is measured again has its colour again, and one entry. */
static void
shades_of_one_label_have_one_colour (void)
{
  g_autoptr (NvChart) chart = make_chart ("a");
  NvPanel *panel = g_ptr_array_index (chart->panels, 0);
  g_autoptr (GString) text = NULL;
  GString *script;
  guint n_first = 0, n_entries = 0;

  for (guint i = 0; i < 6; i++)
    nv_panel_add_shade (panel, i, i + 1, i % 2 == 0 ? "triad" : "copy");
  script = nv_gnuplot_script (chart, NV_PICTURE_PNG, "out");
  text = g_string_new (NULL);
  for (gsize i = 0; i < script->len; i++)
    g_string_append_c (text, script->str[i] ? script->str[i] : ' ');
  for (const char *at = text->str; (at = strstr (at, "behind fc rgb '#dcebf5'")); at++)
    n_first++;
  for (const char *at = text->str; (at = strstr (at, "keyentry with boxes")); at++)
    n_entries++;
  g_assert_cmpuint (n_first, ==, 3);
  g_assert_cmpuint (n_entries, ==, 2);
  g_string_free (script, TRUE);
}

static NvBox
make_box (const char *label, double value, double spread)
{
  return (NvBox){ g_strdup (label), value - 3 * spread, value - 2 * spread, value - spread, value,
                  value + spread,   value + 2 * spread, value + 3 * spread };
}

static void
everything_at_once_is_drawn (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = nv_chart_new ("a");
  NvPanel *panel = nv_chart_add_panel (chart, "no values", NULL, "b");
  NvBox *boxes = g_new (NvBox, 3);
  xmlDoc *document;

  if (!has_gnuplot ())
    return;
  nv_panel_add_line (panel, "nothing", 2, COPY (1, 2), COPY (NAN, 1e300));
  nv_panel_add_line (panel, "none", 0, NULL, NULL);
  panel = nv_chart_add_panel (chart, "bands", NULL, "b");
  panel->log_y = TRUE;
  nv_panel_add_band (panel, "with a gap", 4, COPY (1, 2, 3, 4), COPY (0, NAN, 5, 6), COPY (10, NAN, 50, 60));
  nv_panel_add_shade (panel, 1, 2, "shade");
  boxes[0] = make_box ("box", 10, 1);
  boxes[1] = make_box ("point", 5, 0);
  boxes[2] = make_box ("gap", NAN, 0);
  nv_panel_add_boxes (nv_chart_add_panel (chart, "boxes", NULL, "b"), "policy", 3, boxes);
  nv_chart_add_panel (chart, "empty", NULL, NULL);
  document = draw_svg (fixture, chart);
  g_assert_true (shows_text (document, "shade") && shows_text (document, "point"));
  xmlFreeDoc (document);
}

/* --- files --- */

static void
formats_are_what_their_names_say (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *name, *magic;
  } formats[] = { { "a.png", "\x89PNG\r\n" }, { "a.svg", "<?xml" }, { "a.pdf", "%PDF-" } };
  g_autoptr (NvChart) chart = make_chart ("a");

  for (guint i = 0; i < G_N_ELEMENTS (formats) && has_gnuplot (); i++)
    {
      g_autofree char *path = g_build_filename (fixture->dir, formats[i].name, NULL);
      g_autofree char *bytes = NULL;
      g_autoptr (GError) error = NULL;

      nv_chart_write (chart, path, &error);
      g_assert_no_error (error);
      g_file_get_contents (path, &bytes, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (bytes, formats[i].magic));
    }
}

static void
other_formats_are_refused (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (nv_chart_check_name ("a.b/c.svg", NULL));
  g_assert_false (nv_chart_check_name ("a.jpg", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, ".png, .svg or .pdf"));
}

/* What nv_chart_write() says with @path as PATH. */
static GError *
fail_with_path (Fixture *fixture, const char *path)
{
  g_autofree char *before = g_strdup (g_getenv ("PATH"));
  g_autofree char *picture = g_build_filename (fixture->dir, "a.png", NULL);
  g_autoptr (NvChart) chart = make_chart ("a");
  GError *error = NULL;

  g_setenv ("PATH", path, TRUE);
  g_assert_false (nv_chart_write (chart, picture, &error));
  g_setenv ("PATH", before, TRUE);
  g_assert_false (g_file_test (picture, G_FILE_TEST_EXISTS));
  return error;
}

static void
without_gnuplot_the_package_is_named (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = fail_with_path (fixture, fixture->dir);

  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "gnuplot-nox"));
}

static void
what_gnuplot_complains_of_is_passed_on (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_build_filename (fixture->dir, "gnuplot", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (
      program, "#!/bin/sh\nprintf '\\nset term\\n    ^\\n  line 0: no such terminal\\n\\n' >&2\n", -1,
      G_FILE_SET_CONTENTS_NONE, 0755, NULL);
  error = fail_with_path (fixture, fixture->dir);
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_true (g_str_has_suffix (error->message, "gnuplot: no such terminal"));
}

static void
of_many_complaints_the_last_is_passed_on (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_build_filename (fixture->dir, "gnuplot", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (program, "#!/bin/sh\nprintf '%09999d\\nthe last\\n' 1 >&2\n", -1,
                            G_FILE_SET_CONTENTS_NONE, 0755, NULL);
  error = fail_with_path (fixture, fixture->dir);
  g_assert_true (g_str_has_suffix (error->message, "gnuplot: the last"));
}

typedef struct
{
  Fixture *fixture;
  GCancellable *cancellable; /* (nullable): after the third */
  guint n, next, n_told;
  const char *dir;
} Many;

static NvChart *
give_next (gpointer data, char **ret_path)
{
  Many *many = data;

  if (many->next == many->n)
    return NULL;
  *ret_path = g_strdup_printf ("%s/%u.svg", many->dir, many->next++);
  if (many->cancellable && many->next == 3)
    g_cancellable_cancel (many->cancellable);
  return make_chart ("a");
}

static void
count_told (guint n_done, gpointer data)
{
  ((Many *)data)->n_told = n_done;
}

static void
many_charts_are_all_drawn (Fixture *fixture, gconstpointer data)
{
  Many many = { fixture, NULL, 9, .dir = fixture->dir };
  g_autoptr (GError) error = NULL;

  if (!has_gnuplot ())
    return;
  nv_charts_write (give_next, &many, count_told, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_files (fixture->dir), ==, 9);
  g_assert_cmpuint (many.n_told, ==, 9);
}

static void
a_cancelled_drawing_leaves_whole_files_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Many many = { fixture, cancellable, 1000, .dir = fixture->dir };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!has_gnuplot ())
    return;
  g_assert_false (nv_charts_write (give_next, &many, NULL, cancellable, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  g_assert_cmpuint (many.next, ==, 3);
  dir = g_dir_open (fixture->dir, 0, NULL);
  while ((name = g_dir_read_name (dir)))
    g_assert_true (g_ascii_isdigit (*name));
}

static void
a_folder_that_is_not_there_is_named (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (fixture->dir, "none", NULL);
  Many many = { fixture, NULL, 9, .dir = dir };
  g_autoptr (GError) error = NULL;

  if (!has_gnuplot ())
    return;
  g_assert_false (nv_charts_write (give_next, &many, NULL, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, dir));
}

/* --- data --- */

static char *
write_data (Fixture *fixture, const NvChart *chart, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->dir, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  nv_chart_write_data ((const NvChart *const[]){ chart }, 1, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
data_are_what_is_drawn (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = nv_chart_new ("a \"b\"\nc");
  NvPanel *panel = nv_chart_add_panel (chart, NULL, "x", "MB/s");
  NvBox *box = g_new (NvBox, 1);
  g_autofree char *csv = NULL, *json = NULL;

  nv_panel_add_band (panel, "l,m", 2, COPY (1, 2), COPY (3, NAN), COPY (4.5, NAN));
  nv_panel_set_middle (panel, COPY (4, NAN));
  *box = make_box ("o", 10, 1);
  nv_panel_add_boxes (nv_chart_add_panel (chart, "p", NULL, "s"), NULL, 1, box);
  csv = write_data (fixture, chart, "a.csv");
  g_assert_cmpstr (csv, ==,
                   "title,panel,y,series,label,x,value,low,high,minimum,p5,q1,median,q3,p95,maximum\r\n"
                   "\"a \"\"b\"\"\nc\",\"\",\"MB/s\",\"l,m\",\"\",1,4,3,4.5,,,,,,,\r\n"
                   "\"a \"\"b\"\"\nc\",\"\",\"MB/s\",\"l,m\",\"\",2,,,,,,,,,,\r\n"
                   "\"a \"\"b\"\"\nc\",\"p\",\"s\",\"\",\"o\",1,,,,7,8,9,10,11,12,13\r\n");
  json = write_data (fixture, chart, "a.json");
  g_assert_nonnull (strstr (json, "\"low\":[3.0,null],\"high\":[4.5,null],\"middle\":[4.0,null]"));
}

#define ADD(name)           g_test_add_func ("/chart/" #name, name)
#define ADD_IN_FOLDER(name) g_test_add ("/chart/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (axes_begin_at_zero_where_that_costs_little);
  ADD (axes_that_do_not_begin_at_zero_are_known);
  ADD (logarithmic_axes_have_whole_decades);
  ADD (counted_things_have_no_fractions);
  ADD (any_range_has_an_axis);
  ADD (long_names_keep_both_ends);
  ADD (titles_are_broken_at_blanks);
  ADD (a_long_title_is_broken_as_soon_as_a_short_one);
  ADD (texts_that_are_no_utf8_are_drawn);
  ADD (shades_of_one_label_have_one_colour);
  ADD (names_are_data_and_no_script);
  ADD_IN_FOLDER (hostile_names_are_shown_as_they_are);
  ADD_IN_FOLDER (lines_go_through_their_values);
  ADD_IN_FOLDER (cut_axes_say_so);
  ADD_IN_FOLDER (a_long_legend_ends);
  ADD_IN_FOLDER (everything_at_once_is_drawn);
  ADD_IN_FOLDER (formats_are_what_their_names_say);
  ADD (other_formats_are_refused);
  ADD_IN_FOLDER (without_gnuplot_the_package_is_named);
  ADD_IN_FOLDER (what_gnuplot_complains_of_is_passed_on);
  ADD_IN_FOLDER (of_many_complaints_the_last_is_passed_on);
  ADD_IN_FOLDER (many_charts_are_all_drawn);
  ADD_IN_FOLDER (a_cancelled_drawing_leaves_whole_files_only);
  ADD_IN_FOLDER (a_folder_that_is_not_there_is_named);
  ADD_IN_FOLDER (data_are_what_is_drawn);
  return g_test_run ();
}
