/* Counters over time, so much of them as a page can show. */

#include "report/page-private.h"
#include "report/plain.h"
#include "store/timeline.h"

#include <math.h>
#include <string.h>

enum
{
  DEFAULT_MAX_STRETCHES = 400,
  MIN_STRETCHES = 16,
  MAX_TIMELINES = 48,
  MAX_NUMBERS = 200000, /* of all timelines together: about 1.5 MB */
};

/* A counter that only grows is shown as a rate. */
static gboolean
only_grows (const NvTimelineCounter *counter)
{
  const char *name = counter->name;

  if (counter->is_real || strcmp (counter->sampler, "buddyinfo") == 0)
    return FALSE;
  if (strcmp (counter->sampler, "ksm") == 0)
    return strcmp (name, "full_scans") == 0 || g_str_has_suffix (name, "_scanned");
  return !g_str_has_prefix (name, "nr_") && !g_str_has_suffix (name, "_bytes");
}

/* Of a zone's index there is one for each order: that of a huge page says what is asked. */
static gboolean
is_shown (const NvTimelineCounter *counter)
{
  return strcmp (counter->name, "unusable_index") != 0 || counter->order == 9;
}

typedef struct
{
  const NvTimeline *timeline;
  const NvTimelineCounter *counter;
  gboolean is_rate;
  float *low, *high; /* of what is shown: n of them */
} Curve;

/* Stretches, @factor of them at a time, as one. */
static void
read_curve (const Curve *curve, guint factor)
{
  for (gsize i = 0; i < curve->timeline->n; i++)
    {
      const NvStretch *stretch = &curve->counter->stretches[i];
      /* The first stretch has none before it to have grown since: it is as the next. */
      gsize of = i == 0 && curve->timeline->n > 1 ? 1 : i;
      float rate = curve->is_rate ? (float)nv_timeline_rate (curve->timeline, curve->counter, of) : NAN;
      float low = curve->is_rate ? rate : stretch->low, high = curve->is_rate ? rate : stretch->high;
      gsize at = i / factor;

      /* fminf and fmaxf pass over NAN. */
      curve->low[at] = i % factor == 0 ? low : fminf (curve->low[at], low);
      curve->high[at] = i % factor == 0 ? high : fmaxf (curve->high[at], high);
    }
}

static json_t *
make_number (float value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    return json_null ();
  if (value == rintf (value) && fabsf (value) < 1e15f)
    return json_integer ((json_int_t)value);
  /* As many digits as a float has. */
  return json_real (g_ascii_strtod (g_ascii_formatd (text, sizeof text, "%.6g", (double)value), NULL));
}

/* @low, @high: of @n; NAN: not shown. What never changed is one number; @high is left out where it is @low.
 */
static void
set_columns (json_t *counter, const float *low, const float *high, gsize n)
{
  gboolean is_constant = n > 0, are_same = TRUE;
  json_t *lows = json_array (), *highs = json_array ();

  for (gsize i = 0; i < n; i++)
    {
      gboolean is_same = low[i] == high[i] || (isnan (low[i]) && isnan (high[i]));

      are_same = are_same && is_same;
      is_constant = is_constant && is_same && (low[i] == low[0] || (isnan (low[i]) && isnan (low[0])));
    }
  for (gsize i = 0; i < (is_constant ? 1 : n); i++)
    {
      json_array_append_new (lows, make_number (low[i]));
      if (!are_same)
        json_array_append_new (highs, make_number (high[i]));
    }
  json_object_set_new (counter, "low", lows);
  if (!are_same)
    json_object_set_new (counter, "high", highs);
  else
    json_decref (highs);
}

static json_t *
make_counter (const NvTimeline *timeline, const NvTimelineCounter *counter, guint factor)
{
  gsize n = (timeline->n + factor - 1) / factor;
  g_autofree float *low = g_new (float, n), *high = g_new (float, n);
  const Curve curve = { timeline, counter, only_grows (counter), low, high };
  json_t *object = json_pack ("{s:o, s:o, s:o, s:o, s:o, s:s}", "sampler", nv_json_text (counter->sampler),
                              "name", nv_json_text (counter->name), "node",
                              counter->node < 0 ? json_null () : json_integer (counter->node), "zone",
                              nv_json_text (counter->zone), "order",
                              counter->order < 0 ? json_null () : json_integer (counter->order), "kind",
                              counter->is_real ? "share"
                              : curve.is_rate  ? "rate"
                                               : "count");

  read_curve (&curve, factor);
  set_columns (object, low, high, n);
  return object;
}

/* @vms: of the page. Returns: 0: the host. */
static json_int_t
find_vm (const json_t *vms, const NvTimeline *timeline)
{
  const json_t *vm;
  size_t i;

  json_array_foreach (vms, i, vm)
  {
    if (timeline->boot && json_integer_value (json_object_get (vm, "boot")) == timeline->boot
        && g_strcmp0 (json_string_value (json_object_get (vm, "name")), timeline->who) == 0)
      return json_integer_value (json_object_get (vm, "id"));
  }
  return 0;
}

static json_t *
make_timeline (const NvTimeline *timeline, const json_t *vms, guint factor)
{
  json_t *times = json_array (), *counters = json_array ();

  for (gsize i = 0; i < timeline->n; i++)
    if (i % factor == factor - 1 || i + 1 == timeline->n)
      json_array_append_new (times, json_real (round (timeline->times_s[i] * 1e4) / 1e4));
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);

      if (is_shown (counter))
        json_array_append_new (counters, make_counter (timeline, counter, factor));
    }
  return json_pack ("{s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "who", nv_json_text (timeline->who), "vm",
                    find_vm (vms, timeline), "run", (json_int_t)timeline->run, "boot",
                    (json_int_t)timeline->boot, "page_bytes", (json_int_t)timeline->page_bytes, "samples",
                    (json_int_t)timeline->n_samples, "t_s", times, "counters", counters);
}

/* How many numbers the first @n would be. */
static gsize
count_numbers (const GPtrArray *timelines, guint n)
{
  gsize sum = 0;

  for (guint i = 0; i < n; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (timelines, i);

      for (guint j = 0; j < timeline->counters->len; j++)
        {
          const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, j);
          gsize k = 1;

          while (k < timeline->n && counter->stretches[k].last == counter->stretches[0].last
                 && counter->stretches[k].low == counter->stretches[k].high)
            k++;
          if (k < timeline->n && is_shown (counter))
            sum += timeline->n * (only_grows (counter) ? 1 : 2);
        }
    }
  return sum;
}

static json_t *
make_note (const GPtrArray *timelines, const json_t *shown)
{
  GString *text = g_string_new (NULL);
  gsize n_samples = 0, n_stretches = 0;
  const json_t *timeline;
  size_t i;

  json_array_foreach (shown, i, timeline)
  {
    n_samples += (gsize)json_integer_value (json_object_get (timeline, "samples"));
    n_stretches += json_array_size (json_object_get (timeline, "t_s"));
  }
  if (n_samples > n_stretches)
    g_string_append_printf (text,
                            "%" G_GSIZE_FORMAT " samples are shown as %" G_GSIZE_FORMAT
                            " stretches, each with its lowest and highest value.",
                            n_samples, n_stretches);
  if (json_array_size (shown) < timelines->len)
    g_string_append_printf (text, "%sOf %u sampled machines and boots the first %u are shown.",
                            text->len > 0 ? " " : "", timelines->len, (guint)json_array_size (shown));
  if (text->len > 0)
    {
      g_autofree char *note = g_string_free (text, FALSE);

      return json_string (note);
    }
  g_string_free (text, TRUE);
  return json_null ();
}

struct NvPageSamples
{
  const NvPageRequest *request;
  NvTimelineFilter filter;
  GThread *thread; /* NULL: the store's only connection reads one after the other */
  GPtrArray *timelines;
  GError *error;
};

static gpointer
read_samples (gpointer data)
{
  NvPageSamples *samples = data;
  const NvPageRequest *request = samples->request;
  g_autoptr (NvStore) own =
      request->path ? nv_store_open (request->path, NV_STORE_READ, &samples->error) : NULL;

  if (own || !request->path)
    samples->timelines =
        nv_timelines_read_store (own ? own : request->store, request->run, &samples->filter, &samples->error);
  return NULL;
}

NvPageSamples *
nv_page_start_timelines (const json_t *page, const NvPageRequest *request)
{
  guint n_vms = (guint)json_array_size (json_object_get (page, "vms"));
  guint most = request->max_stretches ? request->max_stretches : DEFAULT_MAX_STRETCHES;
  NvPageSamples *samples = g_new0 (NvPageSamples, 1);

  samples->request = request;
  samples->filter = (NvTimelineFilter){
    .order = -1,
    .node = -1,
    .without_phases = TRUE,
    .n_stretches = CLAMP (MAX_TIMELINES * most / (1 + n_vms), MIN_STRETCHES, most),
  };
  samples->thread = request->path ? g_thread_new ("samples", read_samples, samples) : NULL;
  return samples;
}

static void
add_timelines (json_t *page, const GPtrArray *timelines)
{
  const json_t *vms = json_object_get (page, "vms");
  json_t *shown = json_array ();
  guint n = MIN (timelines->len, MAX_TIMELINES);
  guint factor = (guint)(1 + count_numbers (timelines, n) / MAX_NUMBERS);

  for (guint i = 0; i < n; i++)
    json_array_append_new (shown, make_timeline (g_ptr_array_index (timelines, i), vms, factor));
  json_object_set_new (page, "timelines_note", make_note (timelines, shown));
  json_object_set_new (page, "timelines", shown);
}

gboolean
nv_page_finish_timelines (json_t *page, NvPageSamples *samples, GError **error)
{
  g_autoptr (GPtrArray) timelines = NULL;

  if (samples->thread)
    g_thread_join (samples->thread);
  else
    read_samples (samples);
  timelines = samples->timelines;
  if (timelines)
    add_timelines (page, timelines);
  else
    g_propagate_error (error, samples->error);
  g_free (samples);
  return timelines != NULL;
}
