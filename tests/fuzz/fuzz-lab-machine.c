/* The options of a lab, one a line: nodes, memory, cpus, distances, huge pages. Either one is wrong, and it
 * is said why, or it is a machine that QEMU could be asked for. */

#include "fuzz.h"

#include "lab/machine.h"

#include <string.h>

static const char *
option (char **lines, guint index)
{
  return index < g_strv_length (lines) && *lines[index] ? lines[index] : NULL;
}

static void
check_machine (const NvLabMachine *machine)
{
  g_assert_cmpuint (machine->n_nodes, >=, 1);
  g_assert_cmpuint (machine->n_nodes, <=, NV_LAB_MAX_NODES);
  g_assert_cmpuint (nv_lab_machine_cpus (machine), >=, 1);
  g_assert_cmpuint (nv_lab_machine_cpus (machine), <=, NV_LAB_MAX_CPUS);
  for (guint from = 0; from < machine->n_nodes; from++)
    for (guint to = 0; to < machine->n_nodes; to++)
      {
        g_assert_cmpuint (machine->distances[from][to], >=, from == to ? 10 : 11);
        g_assert_cmpuint (machine->distances[from][to], <=, from == to ? 10 : 254);
      }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 5);
  g_autoptr (GError) error = NULL;
  NvLabMachine machine;
  const NvLabRequest request = { .nodes = option (lines, 0),
                                 .memory = option (lines, 1),
                                 .cpus = option (lines, 2),
                                 .distances = option (lines, 3),
                                 .huge_pages = option (lines, 4) };

  if (nv_lab_machine_parse (&request, NULL, &machine, &error))
    check_machine (&machine);
  else
    g_assert_nonnull (error);
  return 0;
}
