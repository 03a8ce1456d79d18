#pragma once

#include <glib.h>

/* Ascending. @values: finite. Takes as much memory again while it runs. */
void nv_sort (double *values, gsize n);
