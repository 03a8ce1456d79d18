/* image guest: what a system of the user's own needs to be measured. */

#include "cmd/image.h"
#include "image/guest-service.h"

#include <stdio.h>

static void
print_steps (const char *dir)
{
  printf ("# as root in a system with systemd, in a copy of the folder '%s'\n"
          "install -D -m 755 " NV_GUEST_SERVICE_PROGRAM " /usr/lib/numavm/" NV_GUEST_SERVICE_PROGRAM "\n"
          "install -D -m 644 " NV_GUEST_SERVICE_UNIT " /etc/systemd/system/" NV_GUEST_SERVICE_UNIT "\n"
          "systemctl enable " NV_GUEST_SERVICE_UNIT "\n",
          dir);
}

int
nv_image_run_guest (NvCommandContext *context, GError **error)
{
  const NvImageCommandOptions *options = context->options;
  g_autofree char *path = NULL;

  if (context->n_arguments > 0 || !options->output)
    {
      if (options->output)
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image guest: takes options only, not '%s'",
                     context->arguments[0]);
      else
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image guest: say where: -o DIR");
      return NV_EXIT_USAGE;
    }
  if (!nv_guest_service_write (options->output, error))
    return NV_EXIT_FAILED;
  path = g_canonicalize_filename (options->output, NULL);
  if (context->common->json)
    nv_print_json (json_pack ("{s:o, s:[s, s]}", "directory", nv_json_path (path), "files",
                              NV_GUEST_SERVICE_PROGRAM, NV_GUEST_SERVICE_UNIT));
  else
    {
      print_steps (options->output);
      nv_note (context,
               "'%s' has numavm's guest service: with it enabled, the system on a disk is measured by "
               "`numavm run --quick \"base=DISK ...\"`",
               options->output);
    }
  return NV_EXIT_DONE;
}
