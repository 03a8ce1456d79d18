/* What numavm-bench --json, numavm sample and a guest say. */

#include "bench/protocol.h"
#include "store/formats/format.h"

#include <string.h>

static json_t *
parse_object (const char *line, gsize length)
{
  return *line == '{' ? json_loadb (line, length, 0, NULL) : NULL;
}

static gboolean
records_recognise (const char *line, gsize length)
{
  json_t *record = parse_object (line, length);
  gboolean is_one = json_is_string (json_object_get (record, "record")) && !json_object_get (record, "table");

  json_decref (record);
  return is_one;
}

static gboolean
is_blank (const char *line)
{
  return line[strspn (line, " \t\r")] == '\0';
}

static gboolean
records_read_line (NvImport *import, gpointer state, char *line, gsize length, GError **error)
{
  struct nv_message message = { "" };
  json_t *record;
  gboolean done = TRUE;
  gint64 vm;

  if (is_blank (line) && strlen (line) == length)
    return TRUE;
  record = nv_record_parse (line, length, &message);
  if (!record || nv_record_check (record, &message) != 0)
    nv_import_leave_out (import, "%s", message.text);
  else
    {
      done = nv_import_get_measurer (import, &vm, error)
             && nv_store_add_record (import->request->store, import->run, vm, record, error);
      import->rows += done;
      done = done || nv_import_excuse (import, error);
    }
  json_decref (record);
  return done;
}

const NvFormat nv_format_records = {
  .name = "records",
  .summary = "what numavm-bench --json and numavm sample print",
  .recognises = records_recognise,
  .read_line = records_read_line,
};
