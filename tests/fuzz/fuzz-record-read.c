/* What is read the quick way is what jansson reads: the same values, each double to the last bit. */

#include "fuzz.h"

#include "bench/record-read.h"

#include <glib.h>

#define MAX_DEPTH 8

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* Its own piece of memory, so that a sanitizer sees its end. */
  g_autofree char *text = g_memdup2 (size > 0 ? (const void *)data : "", MAX (size, 1));
  json_t *quick = nv_record_read_plain (text, size, MAX_DEPTH), *theirs;

  if (!quick)
    return 0;
  theirs = json_loadb (text, size, JSON_REJECT_DUPLICATES, NULL);
  g_assert_nonnull (theirs);
  g_assert_true (json_equal (quick, theirs));
  json_decref (theirs);
  json_decref (quick);
  return 0;
}
