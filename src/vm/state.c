#include "vm/state.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* QEMU runs as a user of its own under qemu:///system and must reach the disks and the guest. */
#define SYSTEM_MODE 0755
#define USER_MODE   0700

/* As g_mkdir_with_parents(), with exactly that mode, whatever the umask is. */
static gboolean
make_with_parents (const char *path, mode_t mode)
{
  g_autofree char *parent = g_path_get_dirname (path);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return TRUE;
  if (!make_with_parents (parent, mode))
    return FALSE;
  if (mkdir (path, mode) == 0)
    return chmod (path, mode) == 0;
  return errno == EEXIST; /* another numavm was faster */
}

static char *
make_dir (char *taken_path, GError **error)
{
  g_autofree char *path = taken_path;

  if (!make_with_parents (path, geteuid () == 0 ? SYSTEM_MODE : USER_MODE))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", path,
                   g_strerror (errno));
      return NULL;
    }
  return g_steal_pointer (&path);
}

char *
nv_state_path (const char *name)
{
  const char *override = g_getenv ("NUMAVM_STATE_DIR");

  if (override)
    {
      g_autofree char *absolute = g_canonicalize_filename (override, NULL);

      return g_build_filename (absolute, name, NULL);
    }
  if (geteuid () == 0)
    return g_build_filename ("/var/lib/numavm", name, NULL);
  return g_build_filename (g_get_user_data_dir (), "numavm", name, NULL);
}

static char *
state_dir (const char *name, GError **error)
{
  return make_dir (nv_state_path (name), error);
}

char *
nv_state_disks_dir (GError **error)
{
  return state_dir ("disks", error);
}

char *
nv_state_consoles_dir (GError **error)
{
  return state_dir ("consoles", error);
}

char *
nv_state_guest_dir (GError **error)
{
  return state_dir ("guest", error);
}

char *
nv_state_qemu_dir (GError **error)
{
  return state_dir ("qemu", error);
}

char *
nv_state_transfers_dir (GError **error)
{
  return state_dir ("transfers", error);
}

char *
nv_state_runtime_dir (GError **error)
{
  if (g_getenv ("NUMAVM_STATE_DIR"))
    return state_dir ("run", error);
  if (geteuid () == 0)
    return make_dir (g_strdup ("/run/numavm"), error);
  return make_dir (g_build_filename (g_get_user_runtime_dir (), "numavm", NULL), error);
}

char *
nv_state_socket_path (const char *uuid, const char *kind, GError **error)
{
  g_autofree char *dir = nv_state_runtime_dir (error);
  g_autofree char *path = NULL;
  struct sockaddr_un address;

  if (!dir)
    return NULL;
  path = g_strdup_printf ("%s/%s.%s", dir, uuid, kind);
  if (strlen (path) >= sizeof address.sun_path)
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_UNAVAILABLE,
          "socket '%s': longer than the %zu bytes of a UNIX socket's address: choose a shorter state directory",
          path, sizeof address.sun_path - 1);
      return NULL;
    }
  return g_steal_pointer (&path);
}
