/* A workload file is a workload that a guest can be asked for, or has problems that can be shown. */

#include "fuzz.h"

#include "bench/protocol.h"
#include "experiment/workload.h"

#include <stdlib.h>
#include <string.h>

static void
assert_can_be_asked (const NvWorkload *workload)
{
  struct nv_message message = { "" };
  json_t *job = json_pack ("{s:s, s:i, s:o}", "record", "job", "version", NV_PROTOCOL_VERSION, "workload",
                           nv_workload_to_json (workload, MAX (workload->runs, 1)));
  char *line = json_dumps (job, JSON_COMPACT);
  json_t *heard = nv_record_parse (line, strlen (line), &message);

  g_assert_cmpstr (message.text, ==, "");
  g_assert_cmpint (nv_record_check (heard, &message), ==, 0);
  g_assert_true (json_equal (job, heard));
  json_decref (heard);
  json_decref (job);
  free (line);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  g_autoptr (NvWorkload) workload = nv_workload_parse ((const char *)data, size, problems);

  g_assert_true ((workload != NULL) == (nv_problems_count (problems) == 0));
  if (workload)
    assert_can_be_asked (workload);
  for (guint i = 0; i < nv_problems_count (problems); i++)
    {
      g_autofree char *shown = nv_problems_format (problems, i);

      for (const char *at = shown; *at; at++)
        g_assert_true ((guchar)*at >= ' ');
    }
  return 0;
}
