#pragma once

#include <glib.h>
#include <jansson.h>

/* Values as other programs read them, in JSON and CSV. */

/* A real; null where it is not finite. */
json_t *nv_json_real (double value);

/* @text: (nullable): null; what is no UTF-8 is made so. */
json_t *nv_json_text (const char *text);

/* A field of CSV, quoted as RFC 4180 has it. @text: (nullable): as "". */
void nv_csv_append_text (GString *csv, const char *text);

/* A field of CSV; empty where @value is not finite. @format: of printf(), such as "%.9g". */
void nv_csv_append_real (GString *csv, double value, const char *format);
