/* A row for each fact. */

#include "store/series.h"
#include "base/error.h"

#include <string.h>

gint64
nv_store_add_run (NvStore *store, const NvStoreRun *run, GError **error)
{
  return nv_store_change (
      store, error,
      "INSERT INTO run (uuid, started_wall_ns, started_ns, program, command, driver, uri, accel, emulated, seed,"
      " plan, host) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif (?, -1), ?, ?, ?)",
      "tnntttttiujj", run->uuid, run->started_wall_ns, run->started_ns, run->program, run->command,
      run->driver, run->uri, run->accel, (gint64)(run->emulated == -1 ? -1 : run->emulated != 0), run->seed,
      run->plan, run->host);
}

gboolean
nv_store_finish_run (NvStore *store, gint64 run, gint64 finished_wall_ns, const char *status,
                     const char *message, GError **error)
{
  return nv_store_change (store, error,
                          "UPDATE run SET finished_wall_ns = ?, status = ?, message = ? WHERE id = ?", "ntti",
                          finished_wall_ns, status, message, run)
         != 0;
}

gint64
nv_store_add_boot (NvStore *store, const NvStoreBoot *boot, GError **error)
{
  return nv_store_change (
      store, error,
      "INSERT INTO boot (run, block, position, arm, seed, started_ns) VALUES (?, ?, ?, ?, ?, ?)", "iiitun",
      boot->run, (gint64)boot->block, (gint64)boot->position, boot->arm, boot->seed, boot->started_ns);
}

gboolean
nv_store_finish_boot (NvStore *store, gint64 boot, gint64 ready_ns, gint64 go_ns, gint64 spread_ns,
                      gint64 finished_ns, const char *status, const char *message, GError **error)
{
  return nv_store_change (
             store, error,
             "UPDATE boot SET ready_ns = ?, go_ns = ?, spread_ns = ?, finished_ns = ?, status = ?,"
             " message = ? WHERE id = ?",
             "nnnntti", ready_ns, go_ns, spread_ns, finished_ns, status, message, boot)
         != 0;
}

gboolean
nv_store_set_boot_counters (NvStore *store, gint64 boot, const json_t *difference, GError **error)
{
  return nv_store_change (store, error, "UPDATE boot SET counters = ? WHERE id = ?", "ji", difference, boot)
         != 0;
}

gint64
nv_store_add_vm (NvStore *store, const NvStoreVm *vm, GError **error)
{
  return nv_store_change (store, error,
                          "INSERT INTO vm (boot, vm_index, name, uuid, vcpus, memory_bytes, placement)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?)",
                          "iittnnj", vm->boot, (gint64)vm->index, vm->name, vm->uuid, (gint64)vm->vcpus,
                          (gint64)vm->memory_bytes, vm->placement);
}

gboolean
nv_store_add_clock (NvStore *store, gint64 vm, const char *phase, gint64 host_ns, gint64 offset_ns,
                    gint64 error_ns, GError **error)
{
  return nv_store_change (
             store, error,
             "INSERT INTO clock (vm, phase, host_ns, offset_ns, error_ns) VALUES (?, ?, ?, ?, ?)", "itiii",
             vm, phase, host_ns, offset_ns, error_ns)
         != 0;
}

gboolean
nv_store_set_vm_hello (NvStore *store, gint64 vm, const json_t *hello, GError **error)
{
  return nv_store_change (store, error, "UPDATE vm SET hello = ? WHERE id = ?", "ji", hello, vm) != 0;
}

gboolean
nv_store_finish_vm (NvStore *store, gint64 vm, gint64 started_ns, const char *status, const char *message,
                    GError **error)
{
  return nv_store_change (store, error, "UPDATE vm SET started_ns = ?, status = ?, message = ? WHERE id = ?",
                          "ntti", started_ns, status, message, vm)
         != 0;
}

gboolean
nv_store_add_residence (NvStore *store, gint64 vm, const char *phase, gint64 host_ns, guint node,
                        guint64 page_bytes, guint64 resident_bytes, const char *holds, GError **error)
{
  return nv_store_change (
             store, error,
             "INSERT INTO residence (vm, phase, host_ns, node, page_bytes, resident_bytes, holds)"
             " VALUES (?, ?, ?, ?, ?, ?, ?)",
             "itiiiit", vm, phase, host_ns, (gint64)node, (gint64)page_bytes, (gint64)resident_bytes, holds)
         != 0;
}

gboolean
nv_store_add_stream (NvStore *store, const NvStoreStream *stream, GError **error)
{
  return nv_store_change (
             store, error,
             "INSERT INTO stream (run, vm, sequence, kernel, best_rate_bytes_per_s, average_s, minimum_s,"
             " maximum_s, array_bytes, threads) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             "initrrrrnn", stream->run, stream->vm, (gint64)stream->sequence, stream->kernel,
             stream->best_rate_bytes_per_s, stream->average_s, stream->minimum_s, stream->maximum_s,
             (gint64)stream->array_bytes, (gint64)stream->threads)
         != 0;
}

/* 1: a row; 0: none; -1 with @error. */
static int
has_row (NvStore *store, const char *sql, const char *key, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (store, sql, error);
  int result;

  if (!statement)
    return -1;
  nv_store_bind_text (statement, 1, key);
  result = sqlite3_step (statement);
  if (result != SQLITE_ROW && result != SQLITE_DONE)
    nv_store_fail (store, error);
  sqlite3_reset (statement);
  return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : -1;
}

int
nv_store_has_source (NvStore *store, const char *sha256, GError **error)
{
  return has_row (store, "SELECT 1 FROM source WHERE sha256 = ?", sha256, error);
}

int
nv_store_has_run (NvStore *store, const char *uuid, GError **error)
{
  return has_row (store, "SELECT 1 FROM run WHERE uuid = ?", uuid, error);
}

gint64
nv_store_add_source (NvStore *store, gint64 run, const char *name, const char *format, const char *sha256,
                     GError **error)
{
  int there = nv_store_has_source (store, sha256, error);

  if (there != 0)
    return 0;
  return nv_store_change (
      store, error, "INSERT INTO source (run, name, format, sha256, imported_wall_ns) VALUES (?, ?, ?, ?, ?)",
      "nttti", run, name, format, sha256, g_get_real_time () * 1000);
}
