/* Where the memory of a boot's VMs is. */

#include "experiment/boot-private.h"
#include "base/error.h"
#include "bench/clock.h"

static void
residence_clear (gpointer data)
{
  g_free (((NvBootResidence *)data)->reason);
}

static NvResidence *
read_residence (const NvBoot *boot, const NvVm *vm, GError **error)
{
  NvConnection *connection = boot->state->run->connection;
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  int pid;

  for (guint i = 0; i < vm->placement->regions->len; i++)
    g_array_append_val (sizes, ((NvRegion *)g_ptr_array_index (vm->placement->regions, i))->size_bytes);
  if (!connection->driver->process (connection, vm->name, &pid, NULL, error))
    return NULL;
  return nv_residence_read ("/", pid, (const guint64 *)(void *)sizes->data, sizes->len, error);
}

static gboolean
store_residence (const NvBoot *boot, guint index, const char *phase, const NvResidence *residence,
                 NvHolds holds, GError **error)
{
  gint64 now_ns = nv_now_ns ();

  for (guint i = 0; i < residence->nodes->len; i++)
    {
      const NvResident *resident = &g_array_index (residence->nodes, NvResident, i);

      if (!nv_store_add_residence (boot->state->run->store, boot->vm_ids[index], phase, now_ns,
                                   resident->node, resident->page_bytes, resident->resident_bytes,
                                   nv_holds_name (holds), error))
        return FALSE;
    }
  return TRUE;
}

/* A driver that cannot say where its VM's process is, or a user that may not look into it, is no reason not
 * to measure: the verdict then says why nothing is known. */
static gboolean
check_residence_of (const NvBoot *boot, guint index, const char *phase, NvBootResidence *ret_verdict,
                    GError **error)
{
  const NvVm *vm = nv_boot_vm (boot, index);
  g_autoptr (GError) problem = NULL;
  g_autoptr (NvResidence) residence = read_residence (boot, vm, &problem);

  *ret_verdict = (NvBootResidence){ .holds = NV_HOLDS_NOTHING };
  if (residence)
    {
      ret_verdict->holds = nv_residence_check (residence, vm->placement, &ret_verdict->reason);
      return store_residence (boot, index, phase, residence, ret_verdict->holds, error);
    }
  if (!g_error_matches (problem, NV_ERROR, NV_ERROR_UNAVAILABLE))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  ret_verdict->reason = g_strdup (problem->message);
  return TRUE;
}

GArray *
nv_boot_check_residence (const NvBoot *boot, const char *phase, GError **error)
{
  g_autoptr (GArray) verdicts = g_array_new (FALSE, FALSE, sizeof (NvBootResidence));

  g_array_set_clear_func (verdicts, residence_clear);
  for (guint i = 0; i < boot->members->len; i++)
    {
      NvBootResidence verdict = { .holds = NV_HOLDS_NOTHING };

      if (boot->session && nv_channel_state (nv_session_channel (boot->session, i)) == NV_GUEST_LOST)
        verdict.reason = g_strdup ("its guest is lost"); /* and its process may be gone */
      else if (!check_residence_of (boot, i, phase, &verdict, error))
        return NULL;
      g_array_append_val (verdicts, verdict);
    }
  return g_steal_pointer (&verdicts);
}
