#pragma once

#include "bench/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the pages of a buffer are to be, and where they are. */

enum
{
  NV_MAX_NODES = 1024, /* as the kernel's MAX_NUMNODES at most */
};

enum nv_pages_policy
{
  NV_PAGES_FIRST_TOUCH, /* the kernel's default: nothing is asked */
  NV_PAGES_LOCAL,       /* on the node of the thread that uses the page */
  NV_PAGES_BIND,        /* within the nodes */
  NV_PAGES_INTERLEAVE,  /* page after page over the nodes */
  NV_PAGES_RANDOM,      /* each page on a node drawn at random */
  NV_PAGES_ROUND_ROBIN, /* each array on the next node */
  NV_PAGES_WEIGHTED,    /* pages over the nodes in proportion to weights */
  NV_PAGES_MIXED,       /* over all nodes in inverse proportion to their distance from the thread's node */
};

enum nv_page_kind
{
  NV_PAGE_BASE,    /* 4 KiB, and not huge by chance */
  NV_PAGE_THP,     /* transparent huge pages, as many as the kernel gives */
  NV_PAGE_HUGETLB, /* reserved huge pages */
};

struct nv_node_weight
{
  unsigned node; /* OS index */
  double weight; /* > 0 */
};

struct nv_pages
{
  enum nv_pages_policy policy;
  size_t n_nodes; /* 0: all nodes with memory that this process may use */
  struct nv_node_weight nodes[NV_MAX_NODES];
  enum nv_page_kind kind;
  uint64_t page_bytes; /* of a page of that kind */
  uint64_t seed;       /* of the random policy */
};

/* Who uses a stretch of a buffer: the parts of the threads, one after the other. */
struct nv_owner
{
  size_t bytes;  /* a multiple of 4 KiB */
  unsigned node; /* of the thread's CPU */
};

/**
 * nv_pages_parse:
 * @text: first-touch, local, bind:0-2, interleave:0,1, random:0-3, round-robin:0-3, weighted:0=3,1=1, mixed;
 * a list of nodes may be left out except with bind and weighted (then: all nodes with memory); or one of the
 *   original's letters l (local), i (interleave), r (random), m (mixed)
 * @pages: (inout): policy, n_nodes and nodes are set
 *
 * Returns: 0 or -EINVAL; whether the nodes exist is for nv_pages_resolve() to say.
 */
int nv_pages_parse (const char *text, struct nv_pages *pages, struct nv_message *message);

/* 4K, thp, hugetlb (the default size), 2M or 1G (hugetlb of that size). Sets kind and page_bytes, reading the
 * sizes of huge pages below @root. 0 or -EINVAL (no such size here). */
int
nv_pages_parse_size (const char *root, const char *text, struct nv_pages *pages, struct nv_message *message);

/* Fills in nodes where none were named, and holds those that were against the machine (libnuma's view of this
 * process). 0 or -ENODEV. */
int nv_pages_resolve (struct nv_pages *pages, struct nv_message *message);

/* The policy as nv_pages_parse() reads it, into @text. */
void nv_pages_format (const struct nv_pages *pages, char *text, size_t size);

/**
 * nv_pages_target:
 * @array: 0, 1, 2: which of the run's arrays
 * @page: index of the page of page_bytes in it
 * @owner_node: of the thread that uses it
 *
 * Pure. Returns: the node that the page is asked to be on; -1: any (first-touch), or any of the nodes (bind).
 */
int nv_pages_target (const struct nv_pages *pages, unsigned array, uint64_t page, unsigned owner_node);

struct nv_buffer
{
  void *address; /* of the first byte to use, on a 4 KiB boundary; array N is staggered by N times an odd
                  * number of base pages, since a distance of a power of two costs bandwidth */
  size_t bytes;  /* as asked */
  void *mapping;
  size_t mapping_bytes;
  unsigned array;
};

/**
 * nv_buffer_map:
 * @owners: whose bytes add up to @bytes
 *
 * Maps @bytes and sets the memory policy where the kernel has one for it; touches no page.
 * Returns: 0, -ENOMEM (hugetlb: how many pages are needed and free is in the message), -EPERM...
 */
int nv_buffer_map (const struct nv_pages *pages, unsigned array, size_t bytes, const struct nv_owner *owners,
                   size_t n_owners, struct nv_buffer *ret_buffer, struct nv_message *message);

/* After every page was touched: moves those that the kernel has no policy for to where they are asked to be.
 */
int nv_buffer_settle (const struct nv_pages *pages, const struct nv_buffer *buffer,
                      const struct nv_owner *owners, size_t n_owners, struct nv_message *message);

struct nv_residence
{
  uint64_t resident_bytes;
  uint64_t huge_bytes;    /* in huge pages, of either kind: smaps' AnonHugePages, Private_Hugetlb */
  size_t n_nodes;         /* length of both arrays: highest node + 1 */
  uint64_t *node_bytes;   /* what is: move_pages without targets */
  uint64_t *wanted_bytes; /* what was asked; all 0 where nothing was (first-touch) */
  double mismatch; /* share of the resident pages, 0 to 1, that are where the policy does not allow or, with
                    * shares, the largest difference of a node's share */
};

/* Where the buffer's pages are against where they were asked to be. The caller frees with
 * nv_residence_clear(). */
int nv_buffer_residence (const struct nv_pages *pages, const struct nv_buffer *buffer,
                         const struct nv_owner *owners, size_t n_owners, struct nv_residence *ret_residence,
                         struct nv_message *message);
void nv_residence_clear (struct nv_residence *residence);

void nv_buffer_unmap (struct nv_buffer *buffer);
