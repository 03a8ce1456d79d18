/* Where the pages are against where they were asked to be. */

#include "bench/list.h"
#include "bench/text.h"

#include <string.h>

enum
{
  TEXT_SIZE = 256,
};

const char *const nv_text_residence_columns[] = { "KERNEL",   "ARRAY", ">RESIDENT", ">HUGE PAGES",
                                                  "ON NODES", "ASKED", "HOLDS",     NULL };
enum
{
  KERNEL,
  ARRAY,
  RESIDENT,
  HUGE_PAGES,
  ON_NODES,
  ASKED,
  HOLDS
};

/* A share in whole percent, but of a little never 0 %. */
static void
format_percent (double share, char *text, size_t size)
{
  if (share > 0 && share < 0.005)
    snprintf (text, size, "<1%%");
  else
    snprintf (text, size, "%.0f%%", 100 * share);
}

static size_t
append (char *text, size_t size, size_t used, const char *part)
{
  return used < size ? used + (size_t)snprintf (text + used, size - used, "%s", part) : used;
}

/* `node 0`, `0-3, 25% each`, `0: 75%, 1: 25%`; @nothing where there are no bytes. */
static void
format_shares (const uint64_t *node_bytes, size_t n_nodes, const char *nothing, char *text, size_t size)
{
  unsigned nodes[NV_MAX_NODES] = { 0 };
  char percent[16], first[16] = "", list[TEXT_SIZE / 2];
  uint64_t sum = 0;
  size_t n = 0, used = 0;
  bool equal = true;

  for (size_t i = 0; i < n_nodes && i < NV_MAX_NODES; i++)
    sum += node_bytes[i];
  for (size_t i = 0; i < n_nodes && i < NV_MAX_NODES; i++)
    if (node_bytes[i] > 0)
      {
        char part[64];

        format_percent ((double)node_bytes[i] / (double)sum, percent, sizeof percent);
        snprintf (part, sizeof part, "%s%zu: %s", n > 0 ? ", " : "", i, percent);
        used = append (text, size, used, part);
        if (n == 0)
          memcpy (first, percent, sizeof first);
        equal = equal && strcmp (first, percent) == 0;
        nodes[n++] = (unsigned)i;
      }
  nv_list_format (nodes, n, list, sizeof list);
  if (n == 0)
    snprintf (text, size, "%s", nothing);
  else if (n == 1)
    snprintf (text, size, "node %s", list);
  else if (equal)
    snprintf (text, size, "%s, %s each", list, first);
}

/* Nothing where nothing was asked. */
static void
set_holds (struct nv_columns *table, const struct nv_pages *pages, const struct nv_residence *residence)
{
  bool elsewhere = residence->mismatch > NV_MISMATCH_LIMIT;

  if (!residence->holds && elsewhere)
    nv_columns_set (table, HOLDS, "no: %.1f%% elsewhere", 100 * residence->mismatch);
  else if (!residence->holds)
    nv_columns_set (table, HOLDS, "no: %.1f%% %sin huge pages", 100 * residence->kind_mismatch,
                    pages->kind == NV_PAGE_THP ? "not " : "");
  else if (pages->policy != NV_PAGES_FIRST_TOUCH || pages->kind != NV_PAGE_BASE)
    nv_columns_set (table, HOLDS, "yes");
}

static void
set_asked (struct nv_columns *table, const struct nv_pages *pages, const struct nv_residence *residence)
{
  char shares[TEXT_SIZE], list[TEXT_SIZE / 2], any[TEXT_SIZE] = "any";
  unsigned nodes[NV_MAX_NODES];

  for (size_t i = 0; i < pages->n_nodes; i++)
    nodes[i] = pages->nodes[i].node;
  if (pages->policy == NV_PAGES_BIND)
    {
      nv_list_format (nodes, pages->n_nodes, list, sizeof list);
      snprintf (any, sizeof any, "any of %s", list);
    }
  format_shares (residence->wanted_bytes, residence->n_nodes, any, shares, sizeof shares);
  nv_columns_set (table, ASKED, "%s", shares);
}

static void
add_row (struct nv_columns *table, const struct nv_result *result, char array,
         const struct nv_residence *residence)
{
  char size[TEXT_SIZE], shares[TEXT_SIZE], percent[16];

  nv_columns_add_row (table);
  nv_columns_set (table, KERNEL, "%s", result->kernel->name);
  nv_columns_set (table, ARRAY, "%c", array);
  nv_columns_set (table, RESIDENT, "%s", nv_text_size (residence->resident_bytes, size, sizeof size));
  format_percent (
      residence->resident_bytes == 0 ? 0 : (double)residence->huge_bytes / (double)residence->resident_bytes,
      percent, sizeof percent);
  nv_columns_set (table, HUGE_PAGES, "%s", percent);
  format_shares (residence->node_bytes, residence->n_nodes, "–", shares, sizeof shares);
  nv_columns_set (table, ON_NODES, "%s", shares);
  set_asked (table, result->pages, residence);
  set_holds (table, result->pages, residence);
  nv_columns_merge_last (table, KERNEL);
}

void
nv_text_add_residence (struct nv_columns *table, const struct nv_setup *setup, const struct nv_result *result)
{
  size_t index = 0;

  for (unsigned array = 0; array < NV_MAX_RESIDENCES && index < result->n_arrays; array++)
    if (result->arrays & (1U << array))
      {
        const struct nv_residence *residence = &result->residence[index++];

        if (setup->mode != NV_MODE_MATRIX || !residence->holds)
          add_row (table, result, (char)('a' + array), residence);
      }
}
