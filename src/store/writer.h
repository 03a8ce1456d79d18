#pragma once

#include "store/store-private.h"

/* A thread that adds records, behind those who only hand them over. Between two waits nobody else touches the
 * database. */
typedef struct NvWriter NvWriter;

NvWriter *nv_writer_new (NvStore *store);
void nv_writer_free (NvWriter *writer); /* what waits is dropped */

/* Takes a reference of @record, which nobody changes any more. Waits where too many are waiting. */
void nv_writer_add (NvWriter *writer, gint64 run, gint64 vm, const json_t *record);

/* Until all are added. At once in the writer's own thread. FALSE with the first error since the last wait;
 * what was handed over behind that is not added. */
gboolean nv_writer_wait (NvWriter *writer, GError **error);
