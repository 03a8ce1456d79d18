/* The results, for people. Bandwidth is decimal, as STREAM's. */

#include "bench/text.h"
#include "bench/list.h"
#include "bench/matrix.h"
#include "bench/record.h"
#include "bench/columns.h"
#include "bench/stream-text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum
{
  TEXT_SIZE = 256,
};

struct nv_text
{
  FILE *file;
  bool in_stream_block;
  struct nv_columns kernels, load, residence, notes;
  struct nv_matrix matrix;
  unsigned n_threads; /* of the team that nv_text_start() told of; 0: of none */
};

static const char *const kernel_columns[] = { "KERNEL",        "UNIT", "ARRAYS", ">N",   ">MEDIAN",
                                              ">95% INTERVAL", ">MIN", ">P5",    ">P95", ">MAX",
                                              ">HAND-OVER ns", "PATH", NULL };
enum
{
  KERNEL,
  UNIT,
  ARRAYS,
  N,
  MEDIAN,
  INTERVAL,
  MIN,
  P5,
  P95,
  MAX,
  HANDOVER,
  PATH
};

static const char *const load_columns[] = { "LOAD",          ">PAUSE ns", ">LOAD MB/s", ">LATENCY ns",
                                            ">95% INTERVAL", ">P95 ns",   ">N",         ">HAND-OVER ns",
                                            "PATH",          NULL };
enum
{
  LOAD,
  PAUSE,
  LOAD_BANDWIDTH,
  LATENCY,
  LATENCY_INTERVAL,
  LATENCY_P95,
  LATENCY_N,
  LATENCY_HANDOVER,
  LOAD_PATH
};

static const char *const note_columns[] = { "KERNEL", "NOTES", NULL };
enum
{
  NOTE = 1
};

struct nv_text *
nv_text_new (FILE *file)
{
  struct nv_text *text = calloc (1, sizeof *text);

  if (!text)
    return NULL;
  text->file = file;
  nv_columns_init (&text->kernels, kernel_columns);
  nv_columns_init (&text->load, load_columns);
  nv_columns_init (&text->residence, nv_text_residence_columns);
  nv_columns_init (&text->notes, note_columns);
  return text;
}

const char *
nv_text_size (uint64_t bytes, char *text, size_t size)
{
  static const char units[] = "KMGTPE";
  double value = (double)bytes;
  int power = 0;

  while (value >= 1024 && units[power])
    {
      value /= 1024;
      power++;
    }
  if (power == 0)
    snprintf (text, size, "%" PRIu64 " B", bytes);
  else
    snprintf (text, size, "%.*f %ciB", floor (value) == value ? 0 : 1, value, units[power - 1]);
  return text;
}

/* Sets a cell to a value in a kernel's own unit, with as many decimals as mean something. */
static void
set_value (struct nv_columns *table, size_t column, enum nv_unit unit, double value)
{
  bool ns = unit == NV_UNIT_NS_PER_LOAD;

  nv_columns_set (table, column, "%.*f", ns ? 1 : 0, ns ? value : value / 1e6);
}

/* Of too few values there is none. */
static void
set_quantile (struct nv_columns *table, size_t column, enum nv_unit unit, const struct nv_summary *summary,
              double value)
{
  if (summary->n >= NV_QUANTILE_MINIMUM)
    set_value (table, column, unit, value);
  else
    nv_columns_set (table, column, "–");
}

static void
set_interval (struct nv_columns *table, size_t column, enum nv_unit unit, const struct nv_summary *summary)
{
  bool ns = unit == NV_UNIT_NS_PER_LOAD;
  double divisor = ns ? 1 : 1e6;

  if (summary->n >= NV_INTERVAL_MINIMUM)
    nv_columns_set (table, column, "%.*f-%.*f", ns ? 1 : 0, summary->low / divisor, ns ? 1 : 0,
                    summary->high / divisor);
  else
    nv_columns_set (table, column, "–");
}

static void
print_kernels (struct nv_text *text, const struct nv_setup *setup)
{
  static const char *const orders[] = { [NV_ACCESS_SEQ] = "in order",
                                        [NV_ACCESS_PAGE] = "pages in a random order",
                                        [NV_ACCESS_LINE] = "lines in a random order" };

  fprintf (text->file, "numavm-bench %s: ", NV_VERSION);
  if (setup->mode == NV_MODE_MATRIX)
    fputs ("bandwidth and latency from node to node", text->file);
  else if (setup->mode == NV_MODE_LOADED_LATENCY)
    fputs ("latency under load", text->file);
  else
    for (size_t i = 0; i < setup->n_kernels; i++)
      fprintf (text->file, "%s%s", i > 0 ? ", " : "", setup->kernels[i]);
  fprintf (text->file, "; %s; %u iteration%s each\n", orders[setup->access], setup->iterations,
           setup->iterations == 1 ? "" : "s");
}

static int
compare_unsigned (const void *a, const void *b)
{
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

  return (x > y) - (x < y);
}

/* The nodes of the threads, each once, as a list. */
static void
format_nodes (const struct nv_team *team, char *list, size_t size)
{
  unsigned *nodes = calloc (team->n_threads, sizeof *nodes);
  size_t n = 0;

  snprintf (list, size, "?");
  if (!nodes)
    return;
  memcpy (nodes, team->nodes, sizeof *nodes * team->n_threads);
  qsort (nodes, team->n_threads, sizeof *nodes, compare_unsigned);
  for (unsigned i = 0; i < team->n_threads; i++)
    if (n == 0 || nodes[n - 1] != nodes[i])
      nodes[n++] = nodes[i];
  nv_list_format (nodes, n, list, size);
  free (nodes);
}

static void
print_threads (struct nv_text *text, const struct nv_team *team)
{
  char cpus[TEXT_SIZE], nodes[TEXT_SIZE];

  fprintf (text->file, "threads     %u", team->n_threads);
  if (team->pinned)
    {
      nv_list_format ((const unsigned *)team->cpus, team->n_threads, cpus, sizeof cpus);
      format_nodes (team, nodes, sizeof nodes);
      fprintf (text->file, ", on %s %s of %s %s\n", team->n_threads == 1 ? "CPU" : "CPUs", cpus,
               strpbrk (nodes, ",-") ? "nodes" : "node", nodes);
    }
  else
    fputs (", not pinned\n", text->file);
}

void
nv_text_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
               double timer_tick_ns)
{
  static const char *const kinds[] = {
    [NV_PAGE_BASE] = "base", [NV_PAGE_THP] = "transparent huge", [NV_PAGE_HUGETLB] = "reserved huge"
  };
  struct nv_text *text = data;
  char pages[1024], size[TEXT_SIZE];

  text->n_threads = team->n_threads;
  print_kernels (text, setup);
  if (setup->mode != NV_MODE_MATRIX)
    print_threads (text, team);
  if (setup->mode == NV_MODE_MATRIX)
    snprintf (pages, sizeof pages, "bound to each node in turn");
  else
    nv_pages_format (&setup->pages, pages, sizeof pages);
  fprintf (text->file, "pages       %s; %s pages of %s, touched first by %s\n", pages,
           kinds[setup->pages.kind], nv_text_size (setup->pages.page_bytes, size, sizeof size),
           setup->touched_by_main ? "one thread for all" : "the thread that uses them");
  if (setup->isa == NV_AUTO || setup->store == NV_AUTO || setup->prefetch == NV_AUTO)
    fputs ("path        the fastest of those tried\n", text->file);
  fprintf (text->file, "seed        %" PRIu64 " (repeat with --seed %" PRIu64 ")\n", setup->seed,
           setup->seed);
  fprintf (text->file, "timer       steps of %.0f ns\n", timer_tick_ns);
  nv_text_facts (facts, text->file);
  fflush (text->file);
}

/* How many arrays the kernels use, all together. */
static unsigned
count_arrays (const struct nv_setup *setup)
{
  unsigned arrays = 0;

  for (size_t i = 0; i < setup->n_kernels; i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, setup->kernels[i]);

      arrays |= kernel ? kernel->arrays : 0;
    }
  return (unsigned)__builtin_popcount (arrays);
}

static void
start_stream_block (struct nv_text *text, const struct nv_setup *setup, const struct nv_result *result)
{
  const struct nv_stream_head head = {
    .program = "numavm-bench " NV_VERSION,
    .array_bytes = result->size_bytes,
    .n_arrays = count_arrays (setup),
    .n_iterations = setup->iterations,
    .n_threads = result->team->n_threads,
  };

  fputc ('\n', text->file);
  nv_stream_text_start (text->file, &head);
  text->in_stream_block = true;
}

static void
print_stream_line (struct nv_text *text, const struct nv_setup *setup, const struct nv_result *result)
{
  const struct nv_group *group = &result->groups[0];

  if (!text->in_stream_block)
    start_stream_block (text, setup, result);
  nv_stream_text_line (text->file, result->kernel->label, group->value.maximum, group->time_s.mean,
                       group->time_s.minimum, group->time_s.maximum);
  fflush (text->file);
}

static void
set_handover (struct nv_columns *table, size_t column, const struct nv_group *group)
{
  if (group->handover_high_ns > 0)
    nv_columns_set (table, column, "%.0f-%.0f", (double)group->handover_low_ns,
                    (double)group->handover_high_ns);
}

static void
set_path (struct nv_columns *table, size_t column, const struct nv_result *result)
{
  const struct nv_kernel *kernel = result->load ? result->load : result->kernel;
  bool has_store = nv_path_has_store (kernel);

  nv_columns_set (table, column, "%s%s%s%s", nv_isa_name (result->path.isa), has_store ? " " : "",
                  has_store ? nv_store_name (result->path.store) : "",
                  result->path.prefetch ? " prefetch" : "");
}

const char *
nv_text_unit (enum nv_unit unit)
{
  static const char *const names[] = {
    [NV_UNIT_BYTES_PER_S] = "MB/s", [NV_UNIT_NS_PER_LOAD] = "ns", [NV_UNIT_OPERATIONS_PER_S] = "Mop/s"
  };

  return names[unit];
}

static void
add_kernel_row (struct nv_text *text, const struct nv_result *result)
{
  struct nv_columns *table = &text->kernels;
  char size[TEXT_SIZE];

  nv_columns_add_row (table);
  nv_columns_set (table, KERNEL, "%s", result->kernel->name);
  nv_columns_set (table, UNIT, "%s", nv_text_unit (result->kernel->unit));
  if (result->kernel->arrays)
    nv_columns_set (table, ARRAYS, "%d x %s", __builtin_popcount (result->kernel->arrays),
                    nv_text_size (result->size_bytes, size, sizeof size));
  set_path (table, PATH, result);
}

static void
add_kernel_rows (struct nv_text *text, const struct nv_result *result)
{
  enum nv_unit unit = result->kernel->unit;
  struct nv_columns *table = &text->kernels;

  for (size_t i = 0; i < result->n_groups; i++)
    {
      const struct nv_group *group = &result->groups[i];
      const struct nv_summary *value = &group->value;

      add_kernel_row (text, result);
      nv_columns_set (table, N, "%zu", value->n);
      set_value (table, MEDIAN, unit, value->median);
      set_interval (table, INTERVAL, unit, value);
      set_value (table, MIN, unit, value->minimum);
      set_quantile (table, P5, unit, value, value->p5);
      set_quantile (table, P95, unit, value, value->p95);
      set_value (table, MAX, unit, value->maximum);
      set_handover (table, HANDOVER, group);
    }
  if (result->n_groups == 0)
    {
      add_kernel_row (text, result);
      nv_columns_set (table, N, "0");
      nv_columns_set (table, MEDIAN, "–");
    }
}

static void
add_load_rows (struct nv_text *text, const struct nv_result *result)
{
  struct nv_columns *table = &text->load;

  for (size_t i = 0; i < result->n_groups; i++)
    {
      const struct nv_group *group = &result->groups[i];

      nv_columns_add_row (table);
      nv_columns_set (table, LOAD, "%s", result->load->name);
      if (result->delay_ns >= 0)
        nv_columns_set (table, PAUSE, "%" PRId64, result->delay_ns);
      else
        nv_columns_set (table, PAUSE, "no load");
      nv_columns_set (table, LOAD_BANDWIDTH, "%.1f", group->load_bytes_per_s.median / 1e6);
      nv_columns_set (table, LATENCY, "%.1f", group->value.median);
      set_interval (table, LATENCY_INTERVAL, NV_UNIT_NS_PER_LOAD, &group->value);
      set_quantile (table, LATENCY_P95, NV_UNIT_NS_PER_LOAD, &group->value, group->value.p95);
      nv_columns_set (table, LATENCY_N, "%zu", group->value.n);
      set_handover (table, LATENCY_HANDOVER, group);
      set_path (table, LOAD_PATH, result);
    }
}

static void add_note (struct nv_text *text, const struct nv_result *result, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

static void
add_note (struct nv_text *text, const struct nv_result *result, const char *format, ...)
{
  char note[TEXT_SIZE];
  va_list arguments;

  va_start (arguments, format);
  vsnprintf (note, sizeof note, format, arguments);
  va_end (arguments);
  nv_columns_add_row (&text->notes);
  nv_columns_set (&text->notes, KERNEL, "%s", result->kernel->name);
  nv_columns_set (&text->notes, NOTE, "%s", note);
  nv_columns_merge_last (&text->notes, KERNEL);
}

/* How the loaded latency's notes name what they are of: each of its steps has some of its own. */
static void
name_step (const struct nv_result *result, char *name, size_t size)
{
  if (!result->load)
    *name = '\0';
  else if (result->delay_ns < 0)
    snprintf (name, size, "without load, ");
  else
    snprintf (name, size, "beside %s pausing %" PRId64 " ns, ", result->load->name, result->delay_ns);
}

static void
add_notes (struct nv_text *text, const struct nv_setup *setup, const struct nv_result *result)
{
  size_t n_unknown = nv_result_count_unknown (result);
  char step[64];

  name_step (result, step, sizeof step);
  if (text->n_threads > 1 && result->team->n_threads == 1 && result->cpu_node < 0)
    add_note (text, result, "in one thread alone; --threads asks for more");
  if (result->n_changed > 0)
    add_note (text, result, "%s%zu of %zu iterations %s left out: the CPUs moved (hand-over time changed)",
              step, result->n_changed, result->n_iterations, result->n_changed == 1 ? "is" : "are");
  if (result->n_groups > 1)
    add_note (text, result,
              "%sthe CPUs moved between iterations (hand-over time changed): compare rows of like hand-over",
              step);
  if (nv_result_interrupted (setup, result))
    add_note (text, result, "%sinterrupted after %zu of %u iterations", step, result->n_iterations,
              setup->iterations);
  if (n_unknown > 0)
    add_note (
        text, result,
        "%s%zu of %zu iterations: the CPUs' distance is unknown (a probe found its partner not running)",
        step, n_unknown, result->n_iterations);
  if (!result->stable)
    add_note (text, result, "%stimes were not stable after the warm-ups", step);
  if (result->cache_resident_possible)
    add_note (text, result, "arrays of this size may be in caches, wholly or in part");
}

void
nv_text_result (void *data, const struct nv_setup *setup, const struct nv_result *result)
{
  struct nv_text *text = data;

  if (setup->mode == NV_MODE_MATRIX)
    nv_matrix_add (&text->matrix, result);
  else if (setup->mode == NV_MODE_LOADED_LATENCY)
    add_load_rows (text, result);
  else
    {
      if (result->kernel->unit == NV_UNIT_BYTES_PER_S && result->n_groups > 0)
        print_stream_line (text, setup, result);
      add_kernel_rows (text, result);
    }
  nv_text_add_residence (&text->residence, setup, result);
  add_notes (text, setup, result);
}

static void
print_table (struct nv_text *text, struct nv_columns *table)
{
  if (table->n_rows > 0)
    fputc ('\n', text->file);
  nv_columns_print (table, text->file);
  nv_columns_clear (table);
}

int
nv_text_end (struct nv_text *text, bool complete)
{
  bool failed;

  if (!text)
    return 0;
  if (text->in_stream_block)
    nv_stream_text_end (text->file, complete);
  failed = text->kernels.failed || text->load.failed || text->residence.failed || text->notes.failed
           || text->matrix.failed;
  nv_matrix_print (&text->matrix, text->file);
  nv_matrix_clear (&text->matrix);
  print_table (text, &text->kernels);
  if (text->load.n_rows > 0)
    fputs ("\nLatency while the other threads run LOAD, pausing after each 16 KiB:", text->file);
  print_table (text, &text->load);
  print_table (text, &text->residence);
  print_table (text, &text->notes);
  free (text);
  return failed ? -ENOMEM : 0;
}
