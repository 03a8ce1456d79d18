#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* What was measured from nodes with CPUs to nodes with memory, as tables. */

struct nv_matrix_place
{
  enum nv_unit unit;
  int cpu_node, memory_node;
  double median; /* NAN: every iteration was left out */
};

/* Zeroed memory is an empty one. */
struct nv_matrix
{
  struct nv_matrix_place *places; /* owned */
  size_t n_places;
  bool failed; /* no memory: places are missing */
};

void nv_matrix_add (struct nv_matrix *matrix, const struct nv_result *result);

/* Medians; rows: nodes with CPUs, columns: nodes with memory. Prints nothing where there are none. */
void nv_matrix_print (const struct nv_matrix *matrix, FILE *file);
void nv_matrix_clear (struct nv_matrix *matrix);
