/* How long it takes to find out where a VM's memory is: from its command line, its maps and its numa_maps.
 * Usage: residence PID; prints seconds, and what is resident in bytes. */

#include "observe/residence.h"

#include <stdio.h>
#include <stdlib.h>

int
main (int argc, char **argv)
{
  gint64 since_us = g_get_monotonic_time (), took_us;
  int pid = argc == 2 ? atoi (argv[1]) : 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) sizes = nv_residence_ram_sizes ("/", pid, &error);
  g_autoptr (NvResidence) residence = NULL;

  if (sizes)
    residence = nv_residence_read ("/", pid, (const guint64 *)(void *)sizes->data, sizes->len, &error);
  took_us = g_get_monotonic_time () - since_us;
  if (!residence)
    {
      fprintf (stderr, "residence: %s\n", error->message);
      return 1;
    }
  printf ("%.6f %" G_GUINT64_FORMAT "\n", (double)took_us / G_USEC_PER_SEC, residence->resident_bytes);
  return 0;
}
