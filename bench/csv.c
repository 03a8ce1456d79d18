#include "bench/csv.h"
#include "bench/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static const char header[] =
    "kernel,unit,iteration,group,changed,start_ns,time_ns,bytes,operations,value,handover_before_median_ns,"
    "handover_after_median_ns,load,load_bytes_per_s,delay_ns,cpu_node,memory_node,threads,size_bytes,cache_resident_possible,access,pages,"
    "page_kind,page_bytes,touch,isa,store,prefetch,chases,locality_bytes,stride_bytes,reads,writes,seed\n";

void
nv_csv_write_header (FILE *file)
{
  fputs (header, file);
}

static int
compare_floats (const void *a, const void *b)
{
  float x = *(const float *)a, y = *(const float *)b;

  return (x > y) - (x < y);
}

/* The median over all pairs of threads, and a comma; nothing where none is known. */
static void
write_handover (const float *values_ns, size_t n_pairs, FILE *file)
{
  float *known = values_ns && n_pairs > 0 ? malloc (sizeof *known * n_pairs) : NULL;
  size_t n = 0;

  for (size_t i = 0; known && i < n_pairs; i++)
    if (values_ns[i] > 0)
      known[n++] = values_ns[i];
  if (n > 0)
    {
      qsort (known, n, sizeof *known, compare_floats);
      fprintf (file, "%.4g", ((double)known[(n - 1) / 2] + (double)known[n / 2]) / 2);
    }
  fputc (',', file);
  free (known);
}

/* And a comma; nothing where it does not apply. */
static void
write_count (uint64_t count, FILE *file)
{
  if (count > 0)
    fprintf (file, "%" PRIu64, count);
  fputc (',', file);
}

static void
write_iteration (const struct nv_setup *setup, const struct nv_result *result, size_t index, FILE *file)
{
  const struct nv_iteration *iteration = &result->iterations[index];

  fprintf (file, "%s,%s,%zu,", result->kernel->name, nv_record_unit (result->kernel->unit), index);
  if (!iteration->changed)
    fprintf (file, "%u", iteration->group);
  fprintf (file, ",%d,%" PRIu64 ",%" PRIu64 ",", iteration->changed, iteration->start_ns, iteration->time_ns);
  write_count (iteration->bytes, file);
  write_count (iteration->operations, file);
  fprintf (file, "%.12g,", iteration->value);
  write_handover (iteration->handover_before_ns, result->n_pairs, file);
  write_handover (iteration->handover_after_ns, result->n_pairs, file);
  if (setup->mode == NV_MODE_LOADED_LATENCY)
    fprintf (file, "%s,%.12g,", result->load ? result->load->name : "", iteration->load_bytes_per_s);
  else
    fputs (",,", file);
  if (setup->mode == NV_MODE_LOADED_LATENCY && result->delay_ns >= 0)
    fprintf (file, "%" PRId64, result->delay_ns);
  fputc (',', file);
  if (result->cpu_node >= 0)
    fprintf (file, "%d", result->cpu_node);
  fputc (',', file);
  if (result->memory_node >= 0)
    fprintf (file, "%d", result->memory_node);
}

/* What all iterations of the result have in common. A policy's text may have commas in it and no quotes. */
static void
write_circumstances (const struct nv_setup *setup, const struct nv_result *result, FILE *file)
{
  const struct nv_kernel_options *options = &setup->kernel_options;
  const struct nv_kernel *kernel = result->load ? result->load : result->kernel;
  char pages[1024];

  nv_pages_format (result->pages, pages, sizeof pages);
  fprintf (file, ",%u,", result->team->n_threads);
  write_count (result->size_bytes, file);
  fprintf (file, "%d,%s,\"%s\",%s,%" PRIu64 ",%s,", result->cache_resident_possible,
           nv_access_name (setup->access), pages, nv_page_kind_name (setup->pages.kind),
           setup->pages.page_bytes, setup->touched_by_main ? "main" : "owner");
  fprintf (file, "%s,%s,%s,%u,", nv_isa_name (result->path.isa),
           nv_path_has_store (kernel) ? nv_store_name (result->path.store) : "",
           !nv_path_has_prefetch (kernel) ? ""
           : result->path.prefetch        ? "on"
                                          : "off",
           options->chases);
  write_count (options->locality_bytes, file);
  fprintf (file, "%u,%u,%u,%" PRIu64 "\n", options->stride_bytes, options->reads, options->writes,
           setup->seed);
}

int
nv_csv_write_result (const struct nv_setup *setup, const struct nv_result *result, FILE *file)
{
  errno = 0;
  for (size_t i = 0; i < result->n_iterations; i++)
    {
      write_iteration (setup, result, i, file);
      write_circumstances (setup, result, file);
    }
  return ferror (file) ? (errno != 0 ? -errno : -EIO) : 0;
}
