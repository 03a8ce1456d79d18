/* image build: the guest that is measured, from the distribution's kernel. */

#include "base/size.h"
#include "cmd/image.h"
#include "image/build.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

static void
add_row (NvTable *table, const char *name, const json_t *file)
{
  g_autofree char *size = nv_size_format ((guint64)json_integer_value (json_object_get (file, "size_bytes")));

  nv_table_add_row (
      table, (const char *[]){ name, size, json_string_value (json_object_get (file, "sha256")), NULL });
}

static void
print_files (const json_t *manifest)
{
  g_autoptr (NvTable) table = nv_table_new ((const char *[]){ "FILE", ">SIZE", "SHA-256", NULL });
  const json_t *kernel = json_object_get (manifest, "kernel");
  const json_t *initramfs = json_object_get (manifest, "initramfs");
  g_autofree char *text = NULL;
  const json_t *file;
  size_t i;

  add_row (table, json_string_value (json_object_get (kernel, "file")), kernel);
  add_row (table, json_string_value (json_object_get (initramfs, "file")), initramfs);
  json_array_foreach (json_object_get (manifest, "files"), i, file)
  {
    g_autofree char *name = g_strdup_printf ("  %s", json_string_value (json_object_get (file, "path")));

    add_row (table, name, file);
  }
  text = nv_table_format (table);
  fputs (text, stdout);
}

/* The user may know better: a kernel of their own need not say what it has built in. */
static void
note_missing (const NvCommandContext *context, const json_t *manifest)
{
  const json_t *kernel = json_object_get (manifest, "kernel"), *name;
  size_t i;

  json_array_foreach (json_object_get (manifest, "missing_modules"), i, name) nv_note (
      context, "kernel '%s' has no '%s', as far as /lib/modules says: %s",
      json_string_value (json_object_get (kernel, "version")), json_string_value (name),
      g_str_has_prefix (json_string_value (name), "virtio") ? "without it nothing can be measured"
                                                            : "`stop` may then have to wait in vain");
}

int
nv_image_run_build (NvCommandContext *context, GError **error)
{
  const NvImageCommandOptions *options = context->options;
  const NvImageOptions image = {
    .kernel = options->kernel,
    .additions = options->add,
    .debug_shell = options->debug_shell,
  };
  json_t *manifest;

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image build: takes options only, not '%s'",
                   context->arguments[0]);
      return NV_EXIT_USAGE;
    }
  if (!options->output)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image build: say where: -o DIR");
      return NV_EXIT_USAGE;
    }
  if (options->distribution)
    return nv_image_run_distribution (context, error);
  if (options->packages || options->mirror || options->size)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "--%s: only a distribution has it: add --distribution SUITE",
                   options->packages ? "packages"
                   : options->mirror ? "mirror"
                                     : "size");
      return NV_EXIT_USAGE;
    }
  manifest = nv_image_build (&image, options->output, error);
  if (!manifest)
    return NV_EXIT_FAILED;
  note_missing (context, manifest);
  if (context->common->json)
    nv_print_json (manifest);
  else
    {
      g_autoptr (GString) command = g_string_new ("numavm up");

      nv_command_append (command, "--image", options->output);
      print_files (manifest);
      nv_note (context, "'%s' is made, with kernel %s: `%s` boots it", options->output,
               json_string_value (json_object_get (json_object_get (manifest, "kernel"), "version")),
               command->str);
      json_decref (manifest);
    }
  return NV_EXIT_DONE;
}
