/* A policy of pages that is read, shown and read again is the same; a refusal has its reason. */

#include "fuzz.h"

#include "bench/pages.h"

#include <glib.h>

#include <errno.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  struct nv_pages pages = { 0 }, again = { 0 };
  struct nv_message message = { "" };
  char shown[16 * NV_MAX_NODES]; /* `1023=65535,` is the longest of a node's */
  int result = nv_pages_parse (text, &pages, &message);

  if (result < 0)
    {
      g_assert_cmpint (result, ==, -EINVAL);
      g_assert_cmpstr (message.text, !=, "");
      return 0;
    }
  nv_pages_format (&pages, shown, sizeof shown);
  g_assert_cmpint (nv_pages_parse (shown, &again, &message), ==, 0);
  g_assert_cmpint (again.policy, ==, pages.policy);
  g_assert_cmpuint (again.n_nodes, ==, pages.n_nodes);
  for (size_t i = 0; i < pages.n_nodes; i++)
    {
      g_assert_cmpuint (pages.nodes[i].node, <, NV_MAX_NODES);
      g_assert_cmpuint (again.nodes[i].node, ==, pages.nodes[i].node);
      g_assert_cmpfloat (again.nodes[i].weight, ==, pages.nodes[i].weight);
    }
  return 0;
}
