#include "image/guest-service.h"
#include "base/error.h"
#include "guest/guest-resource.h"
#include "image/distribution-resource.h"

#include <errno.h>
#include <glib/gstdio.h>

static gboolean
write_resource (GResource *resource, const char *name, const char *path, int mode, GError **error)
{
  g_autoptr (GBytes) content = g_resource_lookup_data (resource, name, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  gsize length;
  const char *bytes = content ? g_bytes_get_data (content, &length) : NULL;

  return bytes
         && g_file_set_contents_full (path, bytes, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, mode,
                                      error);
}

gboolean
nv_guest_service_write (const char *dir, GError **error)
{
  g_autofree char *program = g_build_filename (dir, NV_GUEST_SERVICE_PROGRAM, NULL);
  g_autofree char *unit = g_build_filename (dir, NV_GUEST_SERVICE_UNIT, NULL);
  g_autoptr (GError) problem = NULL;

  if (g_mkdir (dir, 0755) != 0)
    {
      if (errno == EEXIST)
        g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "'%s' exists: remove it, or choose another name", dir);
      else
        g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", dir,
                     g_strerror (errno));
      return FALSE;
    }
  if (write_resource (nv_guest_get_resource (), "/numavm/guest/init", program, 0755, &problem)
      && write_resource (nv_distribution_get_resource (), "/numavm/distribution/" NV_GUEST_SERVICE_UNIT, unit,
                         0644, &problem))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s", problem->message);
  g_unlink (program);
  g_unlink (unit);
  g_rmdir (dir);
  return FALSE;
}
