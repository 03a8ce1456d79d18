#include "bench/stream-text.h"

#include <inttypes.h>

#define DASHES "-------------------------------------------------------------\n"

static void
print_sizes (FILE *file, const struct nv_stream_head *head)
{
  double mib = (double)head->array_bytes / (1 << 20);
  double total_mib = mib * head->n_arrays;

  fprintf (file, "Array size = %" PRIu64 " (elements), Offset = 0 (elements)\n",
           head->array_bytes / sizeof (double));
  fprintf (file, "Memory per array = %.1f MiB (= %.1f GiB).\n", mib, mib / 1024);
  if (head->n_arrays > 0)
    fprintf (file, "Total memory required = %.1f MiB (= %.1f GiB).\n", total_mib, total_mib / 1024);
}

void
nv_stream_text_start (FILE *file, const struct nv_stream_head *head)
{
  fprintf (file, DASHES "%s, result lines as STREAM version 5.10 has them\n" DASHES, head->program);
  fputs ("This system uses 8 bytes per array element.\n" DASHES, file);
  if (head->array_bytes > 0)
    print_sizes (file, head);
  if (head->n_iterations > 0)
    fprintf (file, "Each kernel will be executed %u time%s.\n", head->n_iterations,
             head->n_iterations == 1 ? "" : "s");
  fputs (" The *best* time for each kernel (after warm-ups, which are not counted)\n"
         " will be used to compute the reported bandwidth.\n" DASHES,
         file);
  if (head->n_threads > 0)
    fprintf (file, "Number of Threads requested = %u\nNumber of Threads counted = %u\n" DASHES,
             head->n_threads, head->n_threads);
  fputs ("Function    Best Rate MB/s  Avg time     Min time     Max time\n", file);
}

void
nv_stream_text_line (FILE *file, const char *label, double best_bytes_per_s, double average_s,
                     double minimum_s, double maximum_s)
{
  char word[64];

  snprintf (word, sizeof word, "%s:", label);
  fprintf (file, "%-11s%12.1f  %11.6f  %11.6f  %11.6f\n", word, best_bytes_per_s / 1e6, average_s, minimum_s,
           maximum_s);
}

void
nv_stream_text_end (FILE *file, int complete)
{
  fputs (DASHES, file);
  if (complete)
    fputs ("Solution Validates: what was checked after timing is what it must be, on all arrays\n" DASHES,
           file);
}
