#pragma once

#include "bench/samplers/format.h"

#include <errno.h>
#include <glib.h>
#include <jansson.h>

/* What @file of a sampler makes of a text: values that keep their promises and are one line of JSON, or a
 * refusal. */
static inline void
fuzz_sampler (const char *name, int file, const uint8_t *data, size_t size)
{
  const struct nv_sampler *sampler = nv_sampler_find (name);
  g_autofree char *text = g_strndup ((const char *)data, size);
  struct nv_sample_values values = { 0 };
  struct nv_sample_buffer buffer = { 0 };
  struct nv_sample sample = { 0 };
  int result = sampler->files[file].parse (text, 0, &values);

  g_assert_true (result == 0 || result == -EBADMSG);
  for (size_t i = 0; i < values.length; i++)
    {
      values.items[i].sampler = sampler;
      g_assert_true (values.items[i].name && values.items[i].node >= 0 && values.items[i].order >= -1
                     && values.items[i].count <= INT64_MAX);
      if (values.items[i].is_ratio)
        g_assert_true (values.items[i].ratio >= 0.0 && values.items[i].ratio <= 1.0);
    }
  sample.values = values.items;
  sample.n_values = values.length;
  nv_sample_format_json (&buffer, &sample);
  json_t *json = json_loadb (buffer.bytes, buffer.length, 0, NULL);
  g_assert_nonnull (json);
  json_decref (json);
  buffer.length = 0;
  nv_sample_format_csv (&buffer, &sample);
  nv_sample_buffer_clear (&buffer);
  nv_sample_values_clear (&values);
}
