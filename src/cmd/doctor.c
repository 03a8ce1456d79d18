/* doctor: can VMs be run and placed here; if not, why, and what to do. */

#include "cmd/command.h"
#include "host/facts.h"
#include "image/kernel.h"
#include "lab/lab.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {
  [NV_FACT_YES] = "yes",
  [NV_FACT_NO] = "no",
  [NV_FACT_NOTE] = "note",
};

/* @driver answers for itself: where it is and its versions. */
static NvFact *
driver_fact (const NvDriver *driver, const char *uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvConnection) connection = NULL;
  g_autofree char *reason = driver->unavailable (), *versions = NULL;

  if (reason)
    return nv_fact_new (driver->name, NV_FACT_NO, "%s", reason);
  connection = driver->open (uri, &error);
  versions = connection ? driver->versions (connection, &error) : NULL;
  if (versions)
    return nv_fact_new (driver->name, NV_FACT_YES, "%s", versions);
  return nv_fact_new (driver->name, NV_FACT_NO, "%s", error->message);
}

static NvFact *
kernel_fact (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *kernel = nv_kernel_image_find ("/", &error);

  if (kernel)
    return nv_fact_new ("guest kernel", NV_FACT_YES, "%s", kernel);
  return nv_fact_new ("guest kernel", NV_FACT_NO, "%s", error->message);
}

static NvFact *
lab_fact (void)
{
  g_autofree char *reason = nv_lab_unavailable (NULL);

  return reason ? nv_fact_new ("lab", NV_FACT_NO, "%s", reason)
                : nv_fact_new ("lab", NV_FACT_YES, "`numavm lab` emulates hosts of several nodes");
}

/* A driver without versions is there for tests: VMs do not run on it.
 *
 * Returns: can VMs be run at all? */
static gboolean
insert_driver_facts (GPtrArray *facts, guint at, const char *uri)
{
  gboolean can_run = FALSE;

  for (guint i = 0; nv_drivers[i]; i++)
    {
      NvFact *fact;

      if (!nv_drivers[i]->versions)
        continue;
      fact = driver_fact (nv_drivers[i], nv_drivers[i]->default_uri ? uri : NULL);
      can_run |= fact->state == NV_FACT_YES;
      g_ptr_array_insert (facts, (int)at++, fact);
    }
  g_ptr_array_insert (facts, (int)at++, kernel_fact ());
  g_ptr_array_insert (facts, (int)at, lab_fact ());
  return can_run;
}

static void
print_json (const GPtrArray *facts, gboolean can_run)
{
  json_t *array = json_array ();

  for (guint i = 0; i < facts->len; i++)
    {
      const NvFact *fact = g_ptr_array_index (facts, i);
      g_autofree char *text = g_utf8_make_valid (fact->text, -1);

      json_array_append_new (array, json_pack ("{s:s, s:s, s:s}", "subject", fact->subject, "state",
                                               state_names[fact->state], "text", text));
    }
  nv_print_json (json_pack ("{s:o, s:b}", "facts", array, "can_run_vms", can_run));
}

static void
print_table (const GPtrArray *facts)
{
  g_autoptr (NvTable) table = nv_table_new ((const char *[]){ "", "", "", NULL });
  g_autofree char *text = NULL;

  for (guint i = 0; i < facts->len; i++)
    {
      const NvFact *fact = g_ptr_array_index (facts, i);

      nv_table_add_row (table, (const char *[]){ fact->subject, state_names[fact->state], fact->text });
    }
  text = nv_table_format (table);
  fputs (strchr (text, '\n') + 1, stdout); /* without the headings, which say nothing here */
}

static int
run_doctor (NvCommandContext *context, GError **error)
{
  g_autoptr (GPtrArray) facts = NULL;
  gboolean can_run;

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "doctor: takes no arguments");
      return NV_EXIT_USAGE;
    }
  facts = nv_facts_of_host ("/");
  can_run = insert_driver_facts (facts, 1, context->common->connect); /* after KVM */
  if (context->common->json)
    print_json (facts, can_run);
  else
    print_table (facts);
  return can_run ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

const NvCommand nv_command_doctor = {
  .name = "doctor",
  .summary = "say what this host can do for VMs, and what to do where it cannot",
  .description =
      "Looks at KVM, NUMA nodes, memory policy (it binds a page and asks where it is), huge pages, whether the "
      "nodes add up to the machine's memory, what the kernel may do to pages behind a placement's back, and at "
      "what VMs are run on: libvirt (of --connect), QEMU, a kernel for the default guest, and what `numavm lab` needs.\n\n"
      "The exit status is 0 if VMs can be run at all, emulated or not, and 1 if not.",
  .examples = "numavm doctor\n"
              "numavm doctor --connect qemu+ssh://host/system",
  .run = run_doctor,
};
