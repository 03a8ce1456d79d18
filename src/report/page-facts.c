/* What was run, where and when; and where its memory was. */

#include "report/page-private.h"
#include "report/plain.h"
#include "base/error.h"
#include "store/facts.h"

#include <string.h>

enum
{
  MAX_RESIDENCE = 4000, /* rows: a VM has about three */
};

/* Emulated and others must not be seen beside each other as if they could be compared. */
static gboolean
find_emulated (const json_t *runs, json_t **ret_emulated, GError **error)
{
  json_int_t emulated = 0, native = 0, unknown = 0;
  const json_t *run;
  size_t i;

  json_array_foreach (runs, i, run)
  {
    const json_t *value = json_object_get (run, "emulated");
    json_int_t id = json_integer_value (json_object_get (run, "id"));

    if (json_is_true (value))
      emulated = id;
    else if (json_is_false (value))
      native = id;
    else
      unknown = id;
  }
  if (emulated && native)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "run %" JSON_INTEGER_FORMAT " is emulated, run %" JSON_INTEGER_FORMAT
                 " is not: they cannot be compared, choose one with --run",
                 emulated, native);
  else if (emulated && unknown)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "run %" JSON_INTEGER_FORMAT " is emulated, and of run %" JSON_INTEGER_FORMAT
                 " it is not known: they cannot be compared, choose one with --run",
                 emulated, unknown);
  if (emulated && (native || unknown))
    return FALSE;
  *ret_emulated = unknown ? json_null () : json_boolean (emulated != 0);
  return TRUE;
}

/* Of the object at @key only @members; null where it is none. */
static void
keep_members (json_t *row, const char *key, const char *const *members)
{
  const json_t *object = json_object_get (row, key);
  json_t *kept = json_is_object (object) ? json_object () : json_null ();

  for (; json_is_object (kept) && *members; members++)
    if (json_object_get (object, *members))
      json_object_set (kept, *members, json_object_get (object, *members));
  json_object_set_new (row, key, kept);
}

/* What the page does not show is much, with many VMs. */
static void
trim (json_t *runs, json_t *boots, json_t *vms)
{
  json_t *row;
  size_t i;

  json_array_foreach (runs, i, row)
  {
    keep_members (row, "plan", (const char *const[]){ "job", NULL });
    keep_members (row, "host", (const char *const[]){ "host", "memory_total_bytes", "nodes", NULL });
    keep_members (row, "sampled", (const char *const[]){ "host", "kernel", "cpus_online", "settings", NULL });
    keep_members (row, "measured",
                  (const char *const[]){ "setup", "command", "runs", "threads", "facts", NULL });
    keep_members (json_object_get (row, "measured"), "facts",
                  (const char *const[]){ "kernel", "cpu", "cpus_online", "nodes", NULL });
  }
  json_array_foreach (boots, i, row)
  {
    json_object_del (row, "counters");
  }
  json_array_foreach (vms, i, row)
  {
    keep_members (row, "guest", (const char *const[]){ "kernel", NULL });
    json_object_del (row, "declared");
  }
}

/* --- residence --- */

/* What a VM was promised, a row for each node and region; none where its pages could be held against nothing.
 */
static void
add_declared (const json_t *vm, json_t *residence)
{
  const json_t *regions = json_object_get (json_object_get (vm, "declared"), "regions");
  const json_t *region, *share;
  size_t i, j;

  json_array_foreach (regions, i, region)
  {
    if (g_strcmp0 (json_string_value (json_object_get (region, "expectation")), "exact") == 0)
      json_array_foreach (json_object_get (region, "shares"), j, share)
      {
        json_t *row =
            json_pack ("{s:O?, s:s, s:O?, s:O?}", "vm", json_object_get (vm, "id"), "phase", "declared",
                       "node", json_object_get (share, "node"), "bytes", json_object_get (share, "bytes"));

        json_array_append_new (residence, row);
      }
  }
}

static json_t *
make_residence (const json_t *vms, json_t *measured)
{
  json_t *residence = json_array ();
  const json_t *vm;
  size_t i;

  json_array_foreach (vms, i, vm)
  {
    add_declared (vm, residence);
  }
  json_array_extend (residence, measured);
  json_decref (measured);
  return residence;
}

typedef struct
{
  gint64 id;
  guint n; /* rows */
  gboolean is_measured, is_held, is_wrong, is_shown;
} Found;

static Found *
find_vm (GHashTable *by_id, const json_t *row)
{
  gint64 id = json_integer_value (json_object_get (row, "vm"));

  return g_hash_table_lookup (by_id, &id);
}

/* @by_id: the same, for find_vm(). In the order of the rows. */
static GPtrArray *
find_all (const json_t *residence, GHashTable *by_id)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);
  const json_t *row;
  size_t i;

  json_array_foreach (residence, i, row)
  {
    const char *holds = json_string_value (json_object_get (row, "holds"));
    Found *found = find_vm (by_id, row);

    if (!found)
      {
        found = g_new0 (Found, 1);
        found->id = json_integer_value (json_object_get (row, "vm"));
        g_ptr_array_add (all, found);
        g_hash_table_insert (by_id, &found->id, found);
      }
    found->n++;
    found->is_measured |= g_strcmp0 (json_string_value (json_object_get (row, "phase")), "declared") != 0;
    found->is_held |= g_strcmp0 (holds, "yes") == 0;
    found->is_wrong |= g_strcmp0 (holds, "no") == 0;
  }
  return all;
}

/* Those whose memory is not where it should be come first. Returns: (transfer full): residence_counts. */
static json_t *
choose_shown (const GPtrArray *all)
{
  guint n_rows = 0, n_shown = 0, n_measured = 0, n_held = 0, n_wrong = 0;

  for (int wrong = 1; wrong >= 0; wrong--)
    for (guint i = 0; i < all->len; i++)
      {
        Found *found = g_ptr_array_index (all, i);

        if (found->is_wrong != wrong)
          continue;
        n_rows += found->n;
        found->is_shown = n_rows <= MAX_RESIDENCE;
        n_shown += found->is_shown ? 1 : 0;
        n_measured += found->is_measured ? 1 : 0;
        n_wrong += found->is_wrong ? 1 : 0;
        n_held += found->is_held && !found->is_wrong ? 1 : 0;
      }
  return json_pack ("{s:i, s:i, s:i, s:i, s:i}", "vms", (int)all->len, "measured", (int)n_measured, "held",
                    (int)n_held, "wrong", (int)n_wrong, "shown", (int)n_shown);
}

/* @measured: (transfer full). */
static void
add_residence (json_t *page, const json_t *vms, json_t *measured)
{
  json_t *all = make_residence (vms, measured), *shown = json_array ();
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GPtrArray) found = find_all (all, by_id);
  json_t *row;
  size_t i;

  json_object_set_new (page, "residence_counts", choose_shown (found));
  json_array_foreach (all, i, row)
  {
    if (find_vm (by_id, row)->is_shown)
      json_array_append (shown, row);
  }
  json_object_set_new (page, "residence", shown);
  json_decref (all);
}

/* --- the whole --- */

static json_t *
now (void)
{
  g_autoptr (GDateTime) time = g_date_time_new_now_utc ();
  g_autofree char *text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");

  return json_string (text);
}

gboolean
nv_page_add_facts (json_t *page, const NvPageRequest *request, GError **error)
{
  json_t *runs = nv_facts_read (request->store, NV_FACTS_RUNS, request->run, error);
  json_t *boots = runs ? nv_facts_read (request->store, NV_FACTS_BOOTS, request->run, error) : NULL;
  json_t *vms = boots ? nv_facts_read (request->store, NV_FACTS_VMS, request->run, error) : NULL;
  json_t *measured = vms ? nv_facts_read (request->store, NV_FACTS_RESIDENCE, request->run, error) : NULL;
  json_t *emulated = NULL;

  if (!measured || !find_emulated (runs, &emulated, error))
    {
      json_decref (runs);
      json_decref (boots);
      json_decref (vms);
      json_decref (measured);
      return FALSE;
    }
  json_object_set_new (page, "version", json_integer (1));
  json_object_set_new (page, "generated", now ());
  json_object_set_new (page, "program", json_string ("numavm " NV_VERSION));
  json_object_set_new (page, "source", nv_json_text (request->source));
  json_object_set_new (page, "command", nv_json_text (request->command));
  json_object_set_new (page, "export", nv_json_text (request->export_command));
  json_object_set_new (page, "emulated", emulated);
  add_residence (page, vms, measured);
  trim (runs, boots, vms);
  json_object_set_new (page, "runs", runs);
  json_object_set_new (page, "boots", boots);
  json_object_set_new (page, "vms", vms);
  json_object_set_new (page, "verdict", json_null ());
  return TRUE;
}
