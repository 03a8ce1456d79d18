#include "lab/boot.h"

#include "base/error.h"
#include "guest/lab-resource.h"
#include "guest/lab/protocol.h"
#include "image/contents.h"
#include "image/initramfs.h"
#include "image/kernel.h"

#include <string.h>
#include <sys/stat.h>

/* To the host and its files; then the overlay over them. */
static const char *const module_names[] = { "virtio_pci", "virtio_console", "virtiofs", "overlay", NULL };

char *
nv_lab_kernel (const char *kernel, GError **error)
{
  return kernel ? g_strdup (kernel) : nv_kernel_image_find ("/", error);
}

static gboolean
add_modules (GArray *entries, const char *kernel, GError **error)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();

  if (!nv_contents_add_modules (entries, kernel, module_names, missing, error))
    return FALSE;
  if (missing->len == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
               "kernel '%s' has no module '%s': install the package linux-image-cloud-amd64, or name another "
               "kernel by --kernel",
               kernel, (const char *)g_ptr_array_index (missing, 0));
  return FALSE;
}

/* Returns: (transfer full): all but what is to be done. */
static GArray *
collect (const char *kernel, GError **error)
{
  GBytes *init = g_resource_lookup_data (nv_lab_get_resource (), "/numavm/lab/lab-init",
                                         G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  g_autoptr (GArray) entries = NULL;

  if (!init)
    return NULL;
  entries = nv_contents_new (init);
  return add_modules (entries, kernel, error) ? g_steal_pointer (&entries) : NULL;
}

gboolean
nv_lab_kernel_check (const char *kernel, GError **error)
{
  g_autoptr (GArray) entries = collect (kernel, error);

  return entries != NULL;
}

GBytes *
nv_lab_initramfs (const char *kernel, GBytes *job, GError **error)
{
  g_autoptr (GArray) entries = collect (kernel, error);

  if (!entries)
    return NULL;
  nv_contents_add (entries, &NV_LAB_JOB_FILE[1], S_IFREG | 0600, g_bytes_ref (job));
  return nv_initramfs_build ((const NvInitramfsEntry *)(void *)entries->data, entries->len, error);
}
