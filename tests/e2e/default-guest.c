/* The default guest, really booted: by QEMU's emulation, on two nodes. */

#include "image/default-guest.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EMULATOR "qemu-system-x86_64"

/* An emulated boot takes some 3 s here; a loaded machine may need many times that. */
#define TIMEOUT_S 180

/* As QEMU's -nographic has them: Ctrl-A C turns to the monitor, another one back to the guest's console. */
#define PRESS_POWER_BUTTON "\001csystem_powerdown\n"

typedef struct
{
  char *dir;
  NvGuest *guest;
  GSubprocess *qemu;
  GDataInputStream *console;
} Fixture;

static gpointer
kill_late (gpointer data)
{
  GSubprocess *qemu = data;

  g_usleep (TIMEOUT_S * G_USEC_PER_SEC);
  g_subprocess_force_exit (qemu);
  g_object_unref (qemu);
  return NULL;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("numavm-guest-XXXXXX", NULL);
  f->guest = nv_guest_default (NULL, f->dir, TRUE, &error);
  g_assert_no_error (error);
  f->qemu = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, EMULATOR, "-M", "pc", "-accel",
      "tcg", "-cpu", "max", "-smp", "2", "-m", "256", "-nographic", "-nodefaults", "-serial", "mon:stdio",
      "-object", "memory-backend-ram,id=m0,size=128M", "-object", "memory-backend-ram,id=m1,size=128M",
      "-numa", "node,nodeid=0,memdev=m0,cpus=0", "-numa", "node,nodeid=1,memdev=m1,cpus=1", "-kernel",
      f->guest->kernel, "-initrd", f->guest->initrd, "-append", f->guest->command_line, NULL);
  g_assert_no_error (error);
  f->console = g_data_input_stream_new (g_subprocess_get_stdout_pipe (f->qemu));
  g_thread_unref (g_thread_new ("watchdog", kill_late, g_object_ref (f->qemu)));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *guest_dir = g_path_get_dirname (f->guest->kernel);

  g_subprocess_force_exit (f->qemu);
  g_subprocess_wait (f->qemu, NULL, NULL);
  g_object_unref (f->console);
  g_object_unref (f->qemu);
  g_remove (f->guest->kernel);
  g_remove (f->guest->initrd);
  g_assert_cmpint (g_rmdir (guest_dir), ==, 0);
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  nv_guest_free (f->guest);
  g_free (f->dir);
}

/* Returns: (transfer full): from @text on, the first line that has it; NULL: QEMU ended before that. */
static char *
wait_for (Fixture *f, const char *text)
{
  for (;;)
    {
      g_autofree char *line = g_data_input_stream_read_line (f->console, NULL, NULL, NULL);
      const char *found;

      if (!line)
        return NULL;
      g_test_message ("%s", line);
      if ((found = strstr (line, text)))
        return g_strdup (found);
    }
}

/* Seconds of CPU that process @pid has used. */
static double
cpu_seconds (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL);
  g_autofree char *text = NULL;
  unsigned long user, system;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpint (
      sscanf (strrchr (text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
      ==, 2);
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

static void
says_what_it_has_then_idles_and_powers_off (Fixture *f, gconstpointer data)
{
  g_autofree char *line = wait_for (f, NV_GUEST_UP);
  GOutputStream *keys = g_subprocess_get_stdin_pipe (f->qemu);
  g_autofree char *last = NULL;
  g_autoptr (GError) error = NULL;
  double before;

  g_assert_nonnull (line);
  g_assert_nonnull (strstr (line, ", kernel "));
  g_assert_nonnull (strstr (line, ", 2 vCPUs, 2"));
  g_assert_true (g_str_has_suffix (g_strchomp (line), " MiB, NUMA nodes 0-1"));

  g_usleep (2 * G_USEC_PER_SEC);
  before = cpu_seconds (g_subprocess_get_identifier (f->qemu));
  g_usleep (4 * G_USEC_PER_SEC);
  g_assert_cmpfloat (cpu_seconds (g_subprocess_get_identifier (f->qemu)) - before, <, 1.0);

  g_output_stream_write_all (keys, PRESS_POWER_BUTTON, strlen (PRESS_POWER_BUTTON), NULL, NULL, &error);
  g_assert_no_error (error);
  last = wait_for (f, "reboot: Power down");
  g_assert_nonnull (last);
  g_subprocess_wait (f->qemu, NULL, NULL);
  g_assert_true (g_subprocess_get_successful (f->qemu));
}

int
main (int argc, char **argv)
{
  g_autofree char *emulator = g_find_program_in_path (EMULATOR);

  g_test_init (&argc, &argv, NULL);
  if (!emulator)
    {
      g_print ("1..0 # SKIP " EMULATOR " is not installed\n");
      return 0;
    }
  g_test_add ("/default-guest/says_what_it_has_then_idles_and_powers_off", Fixture, NULL, set_up,
              says_what_it_has_then_idles_and_powers_off, tear_down);
  return g_test_run ();
}
