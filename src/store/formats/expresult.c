/* STREAM 5.10's text, run after run: *.expresult. */

#include "store/formats/format.h"

#include <math.h>
#include <string.h>

enum
{
  MAX_KERNELS = 16,
  N_VALUES = 4, /* best rate, average, minimum, maximum */
  MOD_DIVISOR = 8,
};

/* In MB/s for each thread, on arrays that fit no core's own cache: no core gets that from memory. */
#define IMPLAUSIBLE_MB_PER_S 100e3
#define IMPLAUSIBLE_BYTES    (32 << 20)

#define BLANKS " \t\r"

static const char *const stream_kernels[] = { "copy", "scale", "add", "triad" };

/* One run of the benchmark in the file. */
typedef struct
{
  gint64 vm;
  gboolean is_nameless; /* what the file is called can be no VM's name */
  guint64 since_line;   /* 0: not within a run */
  guint sequence;
  guint64 array_bytes;
  guint threads;
  gboolean is_ours; /* which may have been asked for one kernel alone */
  char kernels[MAX_KERNELS][16];
  guint n_kernels;
  double highest_mb_per_s; /* a thread, of all runs that are implausible */
} State;

/* The words of a line; at most @n. */
static guint
split (char *line, char **words, guint n)
{
  guint n_words = 0;
  char *word;

  while (n_words < n && (word = strsep (&line, BLANKS)))
    if (*word)
      words[n_words++] = word;
  return n_words;
}

/* A decimal comma is what some locales print. */
static gboolean
parse_number (char *word, double *ret_number)
{
  char *comma = strchr (word, ','), *end;

  if (comma && !strchr (word, '.') && !strchr (comma + 1, ','))
    *comma = '.';
  if (!g_ascii_isdigit (*word))
    return FALSE;
  *ret_number = g_ascii_strtod (word, &end);
  return *end == '\0' && isfinite (*ret_number);
}

/* `Copy:`, into lower case. */
static gboolean
parse_label (const char *word, char *kernel, gsize size)
{
  gsize length = strlen (word);

  if (length < 2 || length > size || word[length - 1] != ':' || !g_ascii_isupper (*word))
    return FALSE;
  for (gsize i = 0; i + 1 < length; i++)
    {
      if (!g_ascii_isalpha (word[i]))
        return FALSE;
      kernel[i] = g_ascii_tolower (word[i]);
    }
  kernel[length - 1] = '\0';
  return TRUE;
}

static gboolean
is_stream_kernel (const char *kernel)
{
  for (guint i = 0; i < G_N_ELEMENTS (stream_kernels); i++)
    if (strcmp (kernel, stream_kernels[i]) == 0)
      return TRUE;
  return FALSE;
}

typedef enum
{
  LINE_OTHER,
  LINE_RESULT,
  LINE_BAD, /* of one of STREAM's kernels, and cut off or damaged */
} LineKind;

/* Most lines do not, and need not be taken apart. */
static gboolean
starts_with_label (const char *line)
{
  const char *word = line + strspn (line, BLANKS);
  gsize length = strcspn (word, BLANKS);

  return length > 0 && word[length - 1] == ':';
}

/* @values: MB/s and s, as printed. */
static LineKind
parse_result (const char *line, char *kernel, gsize size, double *values)
{
  g_autofree char *copy = starts_with_label (line) ? g_strdup (line) : NULL;
  char *words[N_VALUES + 2];
  guint n_words = split (copy, words, G_N_ELEMENTS (words));

  if (n_words == 0 || !parse_label (words[0], kernel, size))
    return LINE_OTHER;
  for (guint i = 0; i < N_VALUES; i++)
    if (n_words != N_VALUES + 1 || !parse_number (words[i + 1], &values[i]))
      return is_stream_kernel (kernel) ? LINE_BAD : LINE_OTHER;
  return LINE_RESULT;
}

static gboolean
starts_run (const char *line)
{
  return strstr (line, "STREAM version") || g_str_has_prefix (line, "Function ");
}

static gboolean
expresult_recognise (const char *line, gsize length)
{
  char kernel[16];
  double values[N_VALUES];

  return strstr (line, "STREAM version")
         || (parse_result (line, kernel, sizeof kernel, values) != LINE_OTHER && is_stream_kernel (kernel));
}

static gboolean
has_kernel (const State *state, const char *kernel)
{
  for (guint i = 0; i < state->n_kernels; i++)
    if (strcmp (state->kernels[i], kernel) == 0)
      return TRUE;
  return FALSE;
}

/* Says what the run lacks. */
static void
end_run (NvImport *import, State *state)
{
  guint64 line = import->line;

  if (state->since_line == 0)
    return;
  import->line = state->since_line;
  if (state->n_kernels == 0)
    nv_import_leave_out (import, "run %u has no results: it was cut off", state->sequence);
  else if (!state->is_ours)
    for (guint i = 0; i < G_N_ELEMENTS (stream_kernels); i++)
      if (!has_kernel (state, stream_kernels[i]))
        nv_import_leave_out (import, "run %u has no result of %s", state->sequence, stream_kernels[i]);
  import->line = line;
  state->sequence++;
  state->since_line = 0;
  state->n_kernels = 0;
  state->array_bytes = 0;
  state->threads = 0;
}

static void
start_run (NvImport *import, State *state, const char *line)
{
  /* The heading of the table that the run's first line promised. */
  if (state->since_line > 0 && state->n_kernels == 0 && !strstr (line, "STREAM version"))
    return;
  end_run (import, state);
  state->since_line = import->line;
  state->is_ours = g_str_has_prefix (line, "numavm");
}

static json_t *
make_plan (const NvImportRequest *request)
{
  if (request->stream == NV_STREAM_STOCK)
    return json_pack ("{s:s}", "stream", "stock");
  return json_pack ("{s:s, s:i}", "stream", "original-mod", "rates_divided_by", MOD_DIVISOR);
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
add_result (NvImport *import, State *state, const char *kernel, const double *values, GError **error)
{
  double divisor = import->request->stream == NV_STREAM_ORIGINAL_MOD ? MOD_DIVISOR : 1;
  double mb_per_s = values[0] / divisor;
  double mb_per_s_a_thread = mb_per_s / MAX (state->threads, 1);
  NvStoreStream stream = {
    .sequence = state->sequence,
    .kernel = kernel,
    .best_rate_bytes_per_s = mb_per_s * 1e6,
    .average_s = values[1],
    .minimum_s = values[2],
    .maximum_s = values[3],
    .array_bytes = state->array_bytes,
    .threads = state->threads,
  };

  if (state->is_nameless)
    return TRUE;
  if (!make_vm (import, state, error))
    return state->is_nameless = nv_import_excuse (import, error);
  stream.run = import->run;
  stream.vm = state->vm;
  if (!nv_store_add_stream (import->request->store, &stream, error))
    return nv_import_excuse (import, error);
  if (state->array_bytes >= IMPLAUSIBLE_BYTES && state->threads > 0
      && mb_per_s_a_thread > IMPLAUSIBLE_MB_PER_S)
    state->highest_mb_per_s = MAX (state->highest_mb_per_s, mb_per_s_a_thread);
  g_strlcpy (state->kernels[state->n_kernels++], kernel, sizeof state->kernels[0]);
  import->rows++;
  return TRUE;
}

/* What the run's own head says of it. */
static void
read_fact (State *state, const char *line)
{
  unsigned long long elements;
  guint threads;

  if (*line == 'A' && sscanf (line, "Array size = %15llu (elements)", &elements) == 1)
    state->array_bytes = elements * sizeof (double);
  else if (*line == 'N' && sscanf (line, "Number of Threads counted = %6u", &threads) == 1)
    state->threads = threads;
}

static gboolean
expresult_read_line (NvImport *import, gpointer data, char *line, gsize length, GError **error)
{
  State *state = data;
  char kernel[16];
  double values[N_VALUES];

  if (starts_run (line))
    {
      start_run (import, state, line);
      return TRUE;
    }
  switch (parse_result (line, kernel, sizeof kernel, values))
    {
    case LINE_OTHER:
      read_fact (state, line);
      return TRUE;
    case LINE_BAD:
      nv_import_leave_out (import, "%s: a rate in MB/s and three times in s are needed behind it", kernel);
      return TRUE;
    default:
      break;
    }
  if (values[0] <= 0 || !isfinite (values[0] * 1e6))
    {
      nv_import_leave_out (import, "%s: %g MB/s is no rate", kernel, values[0]);
      return TRUE;
    }
  if (state->since_line == 0 || has_kernel (state, kernel) || state->n_kernels == MAX_KERNELS)
    {
      end_run (import, state);
      state->since_line = import->line;
    }
  return add_result (import, state, kernel, values, error);
}

static gboolean
expresult_finish (NvImport *import, gpointer data, GError **error)
{
  State *state = data;

  end_run (import, state);
  if (import->rows > 0 && import->request->stream == NV_STREAM_ORIGINAL_MOD)
    nv_import_say (
        import, "rates are divided by %d: the original's modified STREAM moved an eighth of what it reported",
        MOD_DIVISOR);
  if (state->highest_mb_per_s > 0)
    nv_import_say (
        import,
        "%.0f MB/s a thread is more than a core gets from memory: if the original's modified STREAM wrote "
        "it, import it into another store with --stream original-mod",
        state->highest_mb_per_s);
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
