#include "vm/qemu-img.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* In a process group of its own: Ctrl-C then reaches numavm alone, which ends it and says so. */
static void
leave_group (gpointer data)
{
  setpgid (0, 0);
}

static GSubprocess *
spawn (const char *const *arguments, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) problem = NULL;
  GSubprocess *process;

  g_ptr_array_add (argv, (char *)"qemu-img");
  for (guint i = 0; arguments[i]; i++)
    g_ptr_array_add (argv, (char *)arguments[i]);
  g_ptr_array_add (argv, NULL);
  /* Its complaints are looked through for the C library's texts. */
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  g_subprocess_launcher_set_child_setup (launcher, leave_group, NULL, NULL);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, &problem);
  if (!process)
    g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                 "cannot run 'qemu-img': %s: install the package qemu-utils", problem->message);
  return process;
}

static gboolean
tells_of_full_disk (const char *complaint)
{
  return strstr (complaint, "No space left on device") || strstr (complaint, "Disk quota exceeded");
}

static void
set_error (GSubprocess *process, char *complaint, GError **error)
{
  const char *text;

  g_strstrip (complaint);
  g_strdelimit (complaint, "\n", ' ');
  text = g_str_has_prefix (complaint, "qemu-img: ") ? strchr (complaint, ' ') + 1 : complaint;
  if (g_subprocess_get_if_signaled (process))
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "qemu-img was ended by signal %d (%s)",
                 g_subprocess_get_term_sig (process), strsignal (g_subprocess_get_term_sig (process)));
  else
    g_set_error (error, NV_ERROR, tells_of_full_disk (text) ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
                 "qemu-img: %s", text);
}

char *
nv_qemu_img_run (const char *const *arguments, GCancellable *cancellable, GError **error)
{
  g_autoptr (GSubprocess) process = spawn (arguments, error);
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) complaint = NULL;
  g_autofree char *complaint_text = NULL;
  g_autoptr (GError) problem = NULL;

  if (!process)
    return NULL;
  if (!g_subprocess_communicate (process, NULL, cancellable, &output, &complaint, &problem))
    {
      g_subprocess_force_exit (process);
      g_subprocess_wait (process, NULL, NULL);
      if (g_cancellable_is_cancelled (cancellable))
        g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
      else
        g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read from 'qemu-img': %s", problem->message);
      return NULL;
    }
  if (g_subprocess_get_successful (process))
    return g_strndup (g_bytes_get_data (output, NULL) ?: "", g_bytes_get_size (output));
  complaint_text = g_strndup (g_bytes_get_data (complaint, NULL) ?: "", g_bytes_get_size (complaint));
  set_error (process, complaint_text, error);
  return NULL;
}
