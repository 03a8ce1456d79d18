#include "bench/matrix.h"

#include <math.h>
#include <stdlib.h>

void
nv_matrix_add (struct nv_matrix *matrix, const struct nv_result *result)
{
  struct nv_matrix_place *places = realloc (matrix->places, sizeof *matrix->places * (matrix->n_places + 1));

  if (!places)
    {
      matrix->failed = true;
      return;
    }
  matrix->places = places;
  matrix->places[matrix->n_places++] = (struct nv_matrix_place){
    .unit = result->kernel->unit,
    .cpu_node = result->cpu_node,
    .memory_node = result->memory_node,
    .median = result->n_groups > 0 ? result->groups[0].value.median : NAN,
  };
}

void
nv_matrix_clear (struct nv_matrix *matrix)
{
  free (matrix->places);
  *matrix = (struct nv_matrix){ NULL };
}

/* Is there a column, or a row, of that node among the places of a unit? */
static bool
has_node (const struct nv_matrix *matrix, enum nv_unit unit, bool memory, int node)
{
  for (size_t i = 0; i < matrix->n_places; i++)
    {
      const struct nv_matrix_place *place = &matrix->places[i];

      if (place->unit == unit && node == (memory ? place->memory_node : place->cpu_node))
        return true;
    }
  return false;
}

/* NAN: not measured. */
static double
find_median (const struct nv_matrix *matrix, enum nv_unit unit, int cpu_node, int memory_node)
{
  for (size_t i = 0; i < matrix->n_places; i++)
    {
      const struct nv_matrix_place *place = &matrix->places[i];

      if (place->unit == unit && place->cpu_node == cpu_node && place->memory_node == memory_node)
        return place->median;
    }
  return NAN;
}

static bool
has_unit (const struct nv_matrix *matrix, enum nv_unit unit)
{
  for (size_t i = 0; i < matrix->n_places; i++)
    if (matrix->places[i].unit == unit)
      return true;
  return false;
}

static int
count_nodes (const struct nv_matrix *matrix)
{
  int last = -1;

  for (size_t i = 0; i < matrix->n_places; i++)
    {
      const struct nv_matrix_place *place = &matrix->places[i];

      last = place->cpu_node > last ? place->cpu_node : last;
      last = place->memory_node > last ? place->memory_node : last;
    }
  return last + 1;
}

static void
print_unit (const struct nv_matrix *matrix, enum nv_unit unit, double divisor, const char *title, FILE *file)
{
  int n_nodes = count_nodes (matrix);

  if (!has_unit (matrix, unit))
    return;
  fprintf (file, "\n%s\nCPUs OF    ", title);
  for (int node = 0; node < n_nodes; node++)
    if (has_node (matrix, unit, true, node))
      fprintf (file, "  %5s %4d", "NODE", node);
  fputc ('\n', file);
  for (int cpu_node = 0; cpu_node < n_nodes; cpu_node++)
    {
      if (!has_node (matrix, unit, false, cpu_node))
        continue;
      fprintf (file, "node %-6d", cpu_node);
      for (int node = 0; node < n_nodes; node++)
        {
          double median = find_median (matrix, unit, cpu_node, node);

          if (!isnan (median))
            fprintf (file, "  %10.1f", median / divisor);
          else if (has_node (matrix, unit, true, node))
            fprintf (file, "  %9s–", "");
        }
      fputc ('\n', file);
    }
}

void
nv_matrix_print (const struct nv_matrix *matrix, FILE *file)
{
  print_unit (matrix, NV_UNIT_BYTES_PER_S, 1e6, "Bandwidth in MB/s, reading from memory of", file);
  print_unit (matrix, NV_UNIT_NS_PER_LOAD, 1, "Latency in ns of loads from memory of", file);
}
