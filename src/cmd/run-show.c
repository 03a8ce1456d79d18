#include "cmd/run-show.h"
#include "base/size.h"
#include "report/table.h"
#include "report/unit.h"

#include <stdio.h>
#include <string.h>

/* Of fewer values, quantiles tell little more than the extremes: as numavm-bench has it. */
#define QUANTILE_MINIMUM 20

void
nv_run_show_progress (const NvCommandContext *context, const NvRunProgress *progress)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "[%s %u/%u %s", progress->policy, progress->n_vms_done, progress->n_vms,
                   progress->n_vms == 1 ? "VM" : "VMs");
  if (strcmp (progress->stage, "measure") != 0)
    g_string_append_printf (text, "  %s", progress->stage);
  else if (*progress->kernel)
    g_string_append_printf (text, "  %s %u/%u", progress->kernel, progress->iteration, progress->iterations);
  g_string_append_c (text, ']');
  if (progress->seconds_left >= 0)
    g_string_append_printf (text, "  about %.0f s left", progress->seconds_left);
  nv_show_progress_text (context, text->str);
}

/* --- what came out --- */

static char *
format_value (double value, const NvUnit *unit, int decimals, gboolean known)
{
  return known ? g_strdup_printf ("%.*f", decimals, value / unit->scale) : g_strdup ("–");
}

/* What was not measured is `–`. */
static const char *
residence_text (const NvRunRow *row)
{
  switch (row->holds)
    {
    case NV_HOLDS:
      return "holds";
    case NV_HOLDS_NOT:
      return row->reason;
    default:
      return row->reason ? "–" : nv_holds_name (row->holds);
    }
}

static const char *
short_name (const char *vm, const char *prefix)
{
  return g_str_has_prefix (vm, prefix) ? vm + strlen (prefix) : vm;
}

static void
add_row (NvTable *table, const NvRunRow *row, const char *prefix)
{
  const NvUnit unit = nv_unit_find (row->unit);
  gboolean has_quantiles = row->n >= QUANTILE_MINIMUM;
  int decimals = nv_unit_decimals (row->n > 0 ? row->median / unit.scale : 0);
  g_autofree char *n = g_strdup_printf ("%u", row->n);
  g_autofree char *median = format_value (row->median, &unit, decimals, row->n > 0);
  g_autofree char *p5 = format_value (row->p5, &unit, decimals, has_quantiles);
  g_autofree char *p95 = format_value (row->p95, &unit, decimals, has_quantiles);
  g_autofree char *minimum = format_value (row->minimum, &unit, decimals, row->n > 0);
  g_autofree char *maximum = format_value (row->maximum, &unit, decimals, row->n > 0);

  nv_table_add_row (table,
                    (const char *const[]){ row->policy, row->kernel, unit.shown, short_name (row->vm, prefix),
                                           median, minimum, p5, p95, maximum, n, residence_text (row) });
}

static void
print_table (const NvRunResult *result, const char *prefix)
{
  g_autoptr (NvTable) table = nv_table_new (
      (const char *const[]){ "POLICY", result->is_workload ? "METRIC" : "KERNEL", "UNIT", "VM", ">MEDIAN",
                             ">MIN", ">P5", ">P95", ">MAX", ">N", "RESIDENCE", NULL });
  g_autofree char *text = NULL;

  for (guint i = 0; i < result->rows->len; i++)
    add_row (table, g_ptr_array_index (result->rows, i), prefix);
  text = nv_table_format (table);
  fputs (text, stdout);
  fflush (stdout);
}

/* What a reader of the table must know, once. */
static void
say_warnings (const NvCommandContext *context, const NvRunResult *result)
{
  guint n_changed = 0, n_elsewhere = 0;
  gboolean cached = FALSE;
  const char *unknown = NULL;
  g_autofree char *size = nv_size_format (result->size_bytes);

  for (guint i = 0; i < result->rows->len; i++)
    {
      const NvRunRow *row = g_ptr_array_index (result->rows, i);

      n_changed += row->n_changed;
      n_elsewhere += !row->pages_hold;
      cached |= row->cache_resident_possible;
      if (row->holds == NV_HOLDS_NOTHING && row->reason)
        unknown = row->reason;
    }
  if (cached)
    nv_note (context, "arrays of %s may fit into a cache: size= makes them larger", size);
  if (n_changed > 0)
    nv_note (context, "%u %s left out, since the host moved CPUs meanwhile", n_changed,
             n_changed == 1 ? "iteration is" : "iterations are");
  if (n_elsewhere > 0)
    nv_note (context,
             "in %u of %u measurements the guest's own pages were not as asked: the summaries in the "
             "store say where they were",
             n_elsewhere, result->rows->len);
  if (unknown)
    nv_note (context, "where the memory is could not be seen: %s", unknown);
  for (guint i = 0; i < result->notes->len; i++)
    nv_note (context, "%s", (const char *)g_ptr_array_index (result->notes, i));
}

static void
say_end (const NvCommandContext *context, const NvRunResult *result, const char *db)
{
  double rest_us = (double)(result->total_us - result->boot_us - result->measure_us);

  for (guint i = 0; i < result->held->len; i++)
    nv_note (context, "'%s' is left up: `numavm down` removes it",
             (const char *)g_ptr_array_index (result->held, i));
  if (context->common->verbose)
    nv_note (context, "boot %.1f s, measurement %.1f s, the rest %.1f s; guests started within %.3f ms",
             (double)result->boot_us / 1e6, (double)result->measure_us / 1e6, rest_us / 1e6,
             (double)result->largest_spread_ns / 1e6);
  nv_note (context, "run %.8s in %.1f s, all values in '%s'", result->uuid, (double)result->total_us / 1e6,
           db);
}

static json_t *
row_to_json (const NvRunRow *row)
{
  json_t *json = json_pack (
      "{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:b, s:b, s:s, s:s*}", "policy", row->policy, "vm", row->vm,
      "kernel", row->kernel, "unit", row->unit, "better", row->lower_is_better ? "lower" : "higher", "n",
      (int)row->n, "n_changed", (int)row->n_changed, "cache_resident_possible", row->cache_resident_possible,
      "pages_hold", row->pages_hold, "holds", nv_holds_name (row->holds), "reason", row->reason);

  if (row->n > 0)
    json_object_update_new (json,
                            json_pack ("{s:f, s:f, s:f, s:f, s:f}", "median", row->median, "p5", row->p5,
                                       "p95", row->p95, "minimum", row->minimum, "maximum", row->maximum));
  return json;
}

static void
print_json (const NvRunResult *result, gboolean emulated)
{
  json_t *rows = json_array ();

  for (guint i = 0; i < result->rows->len; i++)
    json_array_append_new (rows, row_to_json (g_ptr_array_index (result->rows, i)));
  nv_print_json (json_pack ("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:o}", "run", result->uuid, "emulated",
                            emulated, "size_bytes", (json_int_t)result->size_bytes, "boot_us",
                            (json_int_t)result->boot_us, "measure_us", (json_int_t)result->measure_us,
                            "total_us", (json_int_t)result->total_us, "spread_ns",
                            (json_int_t)result->largest_spread_ns, "results", rows));
}

void
nv_run_show_result (const NvCommandContext *context, const NvRunResult *result, const char *prefix,
                    gboolean emulated, const char *db)
{
  if (context->common->json)
    print_json (result, emulated);
  else if (result->rows->len > 0)
    print_table (result, prefix);
  say_warnings (context, result);
  say_end (context, result, db);
}
