#include "vm/qemu/machines.h"
#include "base/error.h"
#include "vm/qemu/qmp.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static GHashTable *
read_answer (json_t *machines)
{
  GHashTable *max_vcpus = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  static const char *const keys[] = { "name", "alias" };
  json_t *machine;
  size_t i;

  json_array_foreach (machines, i, machine) for (guint j = 0; j < G_N_ELEMENTS (keys); j++)
  {
    const char *name = json_string_value (json_object_get (machine, keys[j]));
    json_int_t max = json_integer_value (json_object_get (machine, "cpu-max"));

    if (name)
      g_hash_table_insert (max_vcpus, g_strdup (name), GUINT_TO_POINTER ((guint)CLAMP (max, 0, G_MAXUINT)));
  }
  return max_vcpus;
}

static GHashTable *
converse (int taken_fd, const char *emulator, GError **error)
{
  g_autoptr (NvQmp) qmp = nv_qmp_open_fd (taken_fd, emulator, NV_QMP_TIMEOUT_MS, error);
  json_t *machines = qmp ? nv_qmp_execute (qmp, "query-machines", error) : NULL;
  GHashTable *max_vcpus = machines ? read_answer (machines) : NULL;

  json_decref (machines);
  return max_vcpus;
}

GHashTable *
nv_qemu_machines_ask (const char *emulator, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GSubprocess) qemu = NULL;
  g_autoptr (GError) problem = NULL;
  GHashTable *max_vcpus;
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot ask QEMU for its machine types: %s",
                   g_strerror (errno));
      return NULL;
    }
  g_subprocess_launcher_take_stdin_fd (launcher, ends[1]);
  g_subprocess_launcher_take_stdout_fd (launcher, dup (ends[1]));
  qemu = g_subprocess_launcher_spawn (launcher, &problem, emulator, "-machine", "none", "-nodefaults",
                                      "-no-user-config", "-display", "none", "-qmp", "stdio", NULL);
  g_subprocess_launcher_close (launcher);
  if (!qemu)
    {
      close (ends[0]);
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot ask QEMU for its machine types: %s",
                   problem->message);
      return NULL;
    }
  max_vcpus = converse (ends[0], emulator, error);
  /* It has no machine: nothing can be lost. */
  g_subprocess_force_exit (qemu);
  g_subprocess_wait (qemu, NULL, NULL);
  return max_vcpus;
}
