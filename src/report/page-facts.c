/* What was run, where and when; and where its memory was. */

#include "report/page-private.h"
#include "base/error.h"
#include "store/facts.h"

#include <math.h>
#include <string.h>

json_t *
nv_page_real (double value)
{
  return isfinite (value) ? json_real (value) : json_null ();
}

json_t *
nv_page_text (const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  return valid ? json_string (valid) : json_null ();
}

/* Emulated and others must not be seen beside each other as if they could be compared. */
static gboolean
find_emulated (const json_t *runs, json_t **ret_emulated, GError **error)
{
  json_int_t emulated = 0, other = 0, unknown = 0;
  const json_t *run;
  size_t i;

  json_array_foreach (runs, i, run)
  {
    const json_t *value = json_object_get (run, "emulated");
    json_int_t id = json_integer_value (json_object_get (run, "id"));

    if (json_is_true (value))
      emulated = id;
    else
      other = id;
    if (!json_is_boolean (value))
      unknown = id;
  }
  if (emulated && other)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "run %" JSON_INTEGER_FORMAT " is emulated, run %" JSON_INTEGER_FORMAT
                   " is not: they cannot be compared, choose one with --run",
                   emulated, other);
      return FALSE;
    }
  *ret_emulated = unknown ? json_null () : json_boolean (emulated != 0);
  return TRUE;
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
  json_object_set_new (page, "source", nv_page_text (request->source));
  json_object_set_new (page, "command", nv_page_text (request->command));
  json_object_set_new (page, "emulated", emulated);
  json_object_set_new (page, "residence", make_residence (vms, measured));
  json_object_set_new (page, "runs", runs);
  json_object_set_new (page, "boots", boots);
  json_object_set_new (page, "vms", vms);
  json_object_set_new (page, "verdict", json_null ());
  return TRUE;
}
