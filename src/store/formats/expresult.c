/* STREAM 5.10's text, run after run: *.expresult. */

#include "store/formats/format.h"
#include "store/stream-text.h"

typedef struct
{
  NvStreamText text;
  NvImport *import;
  GError **error;
  gint64 vm;
  gboolean is_nameless;    /* what the file is called can be no VM's name */
  double implausible_rate; /* the highest */
} State;

static gboolean
expresult_recognise (const char *line, gsize length)
{
  return nv_stream_text_recognises (line, length);
}

static json_t *
make_plan (const NvImportRequest *request)
{
  if (request->stream == NV_STREAM_STOCK)
    return json_pack ("{s:s}", "stream", "stock");
  return json_pack ("{s:s, s:i}", "stream", "original-mod", "rates_divided_by", NV_STREAM_MOD_DIVISOR);
}

static gboolean
make_vm (NvImport *import, State *state, GError **error)
{
  json_t *plan;

  if (state->vm)
    return TRUE;
  plan = make_plan (import->request);
  state->vm = nv_import_add_vm (import, plan, error);
  json_decref (plan);
  return state->vm != 0;
}

static gboolean
take (const NvStoreStream *result, gpointer data)
{
  State *state = data;
  NvImport *import = state->import;
  NvStoreStream stream = *result;

  if (state->is_nameless)
    return TRUE;
  if (!make_vm (import, state, state->error))
    return state->is_nameless = nv_import_excuse (import, state->error);
  stream.run = import->run;
  stream.vm = state->vm;
  if (!nv_store_add_stream (import->request->store, &stream, state->error))
    return nv_import_excuse (import, state->error);
  state->implausible_rate = MAX (state->implausible_rate, nv_stream_implausible_rate (&stream));
  import->rows++;
  return TRUE;
}

static void
leave_out (guint64 line, const char *reason, gpointer data)
{
  NvImport *import = ((State *)data)->import;
  guint64 line_before = import->line;

  import->line = line;
  nv_import_leave_out (import, "%s", reason);
  import->line = line_before;
}

static gboolean
expresult_read_line (NvImport *import, gpointer data, char *line, gsize length, GError **error)
{
  State *state = data;

  state->import = import;
  state->error = error;
  state->text.is_original_mod = import->request->stream == NV_STREAM_ORIGINAL_MOD;
  state->text.take = take;
  state->text.leave_out = leave_out;
  state->text.data = state;
  return nv_stream_text_take_line (&state->text, line, length);
}

static gboolean
expresult_finish (NvImport *import, gpointer data, GError **error)
{
  State *state = data;

  nv_stream_text_finish (&state->text);
  if (import->rows > 0 && import->request->stream == NV_STREAM_ORIGINAL_MOD)
    nv_import_say (
        import, "rates are divided by %d: the original's modified STREAM moved an eighth of what it reported",
        NV_STREAM_MOD_DIVISOR);
  if (state->implausible_rate > 0)
    nv_import_say (
        import,
        "%.0f MB/s a thread is more than a core gets from memory: if the original's modified STREAM wrote "
        "it, import it into another store with --stream original-mod",
        state->implausible_rate / 1e6);
  return TRUE;
}

const NvFormat nv_format_expresult = {
  .name = "expresult",
  .summary = "STREAM's text, run after run, one file a VM",
  .state_size = sizeof (State),
  .recognises = expresult_recognise,
  .read_line = expresult_read_line,
  .finish = expresult_finish,
};
