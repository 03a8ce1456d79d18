/* image build --distribution: a real Debian as a guest. */

#include "base/size.h"
#include "cmd/image.h"
#include "image/distribution.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  const NvCommandContext *context;
  const char *stage;
  gint64 since_us;
} Progress;

static gboolean
show_stage (gpointer data)
{
  const Progress *progress = data;
  g_autofree char *line = NULL;

  if (!progress->stage)
    return G_SOURCE_CONTINUE;
  line = g_strdup_printf ("[%s] %" G_GINT64_FORMAT " s", progress->stage,
                          (g_get_monotonic_time () - progress->since_us) / G_USEC_PER_SEC);
  nv_show_progress_text (progress->context, line);
  return G_SOURCE_CONTINUE;
}

static void
on_stage (const char *stage, gpointer data)
{
  Progress *progress = data;

  progress->stage = stage;
  show_stage (progress);
}

static void
on_log (const char *line, gpointer data)
{
  const Progress *progress = data;

  if (!progress->context->common->verbose)
    return;
  nv_end_progress (progress->context);
  nv_note (progress->context, "%s", line);
}

static gboolean
read_options (const NvImageCommandOptions *options, NvDistributionOptions *ret_options, GError **error)
{
  if (options->add || options->debug_shell)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "--%s: of the default guest: a distribution has shells, and takes programs as --packages",
                   options->add ? "add" : "debug-shell");
      return FALSE;
    }
  ret_options->suite = options->distribution;
  ret_options->packages = options->packages;
  ret_options->mirror = options->mirror;
  ret_options->kernel_package = options->kernel;
  ret_options->size_bytes = NV_DISTRIBUTION_BYTES;
  if (!options->size || nv_size_parse (options->size, &ret_options->size_bytes, error))
    return TRUE;
  g_prefix_error (error, "--size: ");
  return FALSE;
}

static void
add_row (NvTable *table, const json_t *file)
{
  g_autofree char *size = nv_size_format ((guint64)json_integer_value (json_object_get (file, "size_bytes")));

  nv_table_add_row (table, (const char *[]){ json_string_value (json_object_get (file, "file")), size,
                                             json_string_value (json_object_get (file, "sha256")), NULL });
}

static void
print_result (const NvCommandContext *context, const json_t *manifest, const NvDistributionResult *result,
              double seconds)
{
  const NvImageCommandOptions *options = context->options;
  g_autoptr (NvTable) table = nv_table_new ((const char *[]){ "FILE", ">SIZE", "SHA-256", NULL });
  g_autoptr (GString) command = g_string_new ("numavm up");
  const json_t *kernel = json_object_get (manifest, "kernel");
  g_autofree char *text = NULL;

  nv_command_append (command, "--image", options->output);
  add_row (table, json_object_get (manifest, "disk"));
  add_row (table, kernel);
  add_row (table, json_object_get (manifest, "initramfs"));
  text = nv_table_format (table);
  fputs (text, stdout);
  fflush (stdout);
  nv_note (context, "%u packages, %u of them from '%s', %u downloaded", result->n_packages, result->n_reused,
           result->cache, result->n_packages - result->n_reused);
  nv_note (context,
           "'%s' is made in %.0f s, %s with kernel %s: `%s` boots it; its console is root's, "
           "without a password",
           options->output, seconds, options->distribution,
           json_string_value (json_object_get (kernel, "version")), command->str);
}

int
nv_image_run_distribution (NvCommandContext *context, GError **error)
{
  const NvImageCommandOptions *options = context->options;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Progress progress = { .context = context, .since_us = g_get_monotonic_time () };
  NvDistributionOptions image = {
    .progress = on_stage, .log = on_log, .data = &progress, .cancellable = cancellable
  };
  NvDistributionResult result = { 0 };
  NvSignals signals;
  json_t *manifest;
  guint timer;

  if (!read_options (options, &image, error))
    return NV_EXIT_USAGE;
  nv_signals_cancel (&signals, cancellable);
  timer = g_timeout_add_seconds (1, show_stage, &progress);
  manifest = nv_distribution_build (&image, options->output, &result, error);
  g_source_remove (timer);
  nv_signals_restore (&signals);
  nv_end_progress (context);
  if (!manifest)
    return NV_EXIT_FAILED;
  if (context->common->json)
    nv_print_json (json_incref (manifest));
  else
    print_result (context, manifest, &result, (double)(g_get_monotonic_time () - progress.since_us) / 1e6);
  if (result.left)
    nv_note (context, "cannot remove%s, which stays", result.left);
  json_decref (manifest);
  g_free (result.cache);
  g_free (result.left);
  return NV_EXIT_DONE;
}
