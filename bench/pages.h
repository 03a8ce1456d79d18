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
  NV_PAGE_BASE,    /* the kernel's own, 4 KiB on x86, and not huge by chance */
  NV_PAGE_THP,     /* transparent huge pages, as many as the kernel gives */
  NV_PAGE_HUGETLB, /* reserved huge pages */
};

struct nv_node_weight
{
  unsigned node; /* OS index */
  double weight; /* > 0; 1 where the policy knows no weights */
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

/* First-touch, in base pages of this kernel's size. */
void nv_pages_init (struct nv_pages *pages);

/**
 * nv_pages_parse:
 * @text: first-touch, local, bind:0-2, interleave:0,1, random:0-3, round-robin:0-3, weighted:0=3,1=1, mixed;
 *   the list of nodes may be left out except with bind and weighted (then: all nodes with memory), and
 *   first-touch and local have none. The original's letters l (local), i (interleave), r (random) and
 *   m (mixed) stand for the names.
 * @pages: (inout): policy, n_nodes and nodes are set, the nodes in the order in which they are named
 *
 * Returns: 0 or -EINVAL; whether the nodes exist is for nv_pages_resolve() to say.
 */
int nv_pages_parse (const char *text, struct nv_pages *pages, struct nv_message *message);

/* 4K, thp, hugetlb (the default size), 2M, 1G or another size that the kernel has (hugetlb of that size).
 * Sets kind and page_bytes, reading the sizes of huge pages below @root. 0 or -EINVAL (no such size here). */
int
nv_pages_parse_size (const char *root, const char *text, struct nv_pages *pages, struct nv_message *message);

/* Fills in nodes where none were named, and holds those that were against the machine (libnuma's view of this
 * process). 0 or -ENODEV. */
int nv_pages_resolve (struct nv_pages *pages, struct nv_message *message);

/**
 * nv_pages_available_bytes:
 * @pages: resolved
 *
 * What can be had without swapping on the nodes that the policy names; the machine's where those are all. At
 * most what the cgroup's limit leaves. Of hugetlb: what is reserved on them, and neither used nor promised.
 *
 * Returns: bytes; UINT64_MAX: unknown.
 */
uint64_t nv_pages_available_bytes (const struct nv_pages *pages);

/* Pure: what is available (but of hugetlb) less what is kept free: 5 %, at least 256 MiB, but at most a
 * quarter. */
uint64_t nv_room_bytes (uint64_t available_bytes);

/* The policy as nv_pages_parse() reads it, into @text; cut off at @size. */
void nv_pages_format (const struct nv_pages *pages, char *text, size_t size);

/**
 * nv_pages_spread:
 * @page: from 0
 *
 * Pure: which of the nodes gets the page, so that every run of pages has the nodes' shares as nearly as whole
 * pages can. The pages of a node with share s are due at (1/2 + k) / s for k = 0, 1, ..., and are dealt in
 * that order; so each beginning is divided as by Webster's method (M. L. Balinski, H. P. Young, "Fair
 * representation", 1982, appendix A), and weights that are whole numbers come out even after their sum.
 *
 * Returns: an index into @nodes.
 */
size_t nv_pages_spread (const struct nv_node_weight *nodes, size_t n_nodes, uint64_t page);

/**
 * nv_pages_target:
 * @array: 0, 1, 2: which of the run's arrays
 * @page: index of the page of page_bytes in it, counted from the start of its mapping
 * @owner_node: of the thread that uses it
 *
 * A function of its arguments and, for local and mixed, the machine's distances. interleave: the kernel
 * starts with any of the nodes, so that only the shares are what is asked.
 *
 * Returns: the node that the page is asked to be on; -1: any (first-touch), or any of several (bind).
 */
int nv_pages_target (const struct nv_pages *pages, unsigned array, uint64_t page, unsigned owner_node);

struct nv_buffer
{
  void *address; /* of the first byte to use, on a 4 KiB boundary; array N is staggered by N times an odd
                  * number of base pages, since a distance of a power of two costs bandwidth */
  size_t bytes;  /* as asked */
  void *mapping; /* on a boundary of 2 MiB, or of page_bytes if they are more: where pages are counted from */
  size_t mapping_bytes; /* whole pages of page_bytes */
  unsigned array;
};

/* What a buffer of @bytes takes: whole pages, and array N's stagger. */
uint64_t nv_buffer_mapping_bytes (const struct nv_pages *pages, unsigned array, uint64_t bytes);

/* Of hugetlb: @n_arrays of @bytes each take @needed_bytes; are those reserved? 0, or -ENOMEM with a message
 * that says how to reserve what is missing. */
int nv_buffer_check_reserved (const struct nv_pages *pages, unsigned n_arrays, uint64_t bytes,
                              uint64_t needed_bytes, struct nv_message *message);

/**
 * nv_buffer_map:
 * @owners: whose bytes add up to @bytes
 *
 * Maps @bytes and sets the memory policy where the kernel has one for it; touches no page (but round-robin's
 * reserved huge ones). A huge page that two owners share is the first one's.
 *
 * Returns: 0, -ENOMEM (more than the nodes or the reserved huge pages have: the message says what is needed
 * and what there is), -ENOTSUP (no such pages here), -EPERM, -ENOSYS (mbind)...
 */
int nv_buffer_map (const struct nv_pages *pages, unsigned array, size_t bytes, const struct nv_owner *owners,
                   size_t n_owners, struct nv_buffer *ret_buffer, struct nv_message *message);

/* After every page was touched: moves those that the kernel has no policy for to where they are asked to be,
 * huge pages as a whole. What does not fit there stays where it is, and nv_buffer_residence() says so. 0 or
 * -errno: nothing can be moved (-EPERM, -ENOSYS...). */
int nv_buffer_settle (const struct nv_pages *pages, const struct nv_buffer *buffer,
                      const struct nv_owner *owners, size_t n_owners, struct nv_message *message);

struct nv_residence
{
  uint64_t resident_bytes; /* of whole pages: with huge ones, more than was asked for */
  uint64_t huge_bytes;     /* in huge pages, of either kind: smaps' AnonHugePages; hugetlb: all */
  size_t n_nodes;          /* length of both arrays: highest node + 1; 0: where pages are is unknown */
  uint64_t *node_bytes;    /* what is: move_pages without targets; first-touch: numa_maps */
  uint64_t *wanted_bytes;  /* what was asked of the resident pages; all 0 where any node will do (first-touch,
                            * bind to several nodes) */
  double mismatch; /* 0 to 1: the share of the resident pages that are elsewhere; interleave, of which the
                    * kernel decides where it begins: the largest difference of a node's share, less one page;
                    * first-touch: 0 */
  double kind_mismatch; /* 0 to 1: the share of the pages in use that are not of the kind asked for: base
                         * pages that are huge, THP that are not; 0 where the kernel does not say */
  bool holds;           /* neither is more than NV_MISMATCH_LIMIT */
};

/* What busy pages, which cannot be moved for a moment, may come to. */
#define NV_MISMATCH_LIMIT 0.01

/* Where the buffer's pages are against where they were asked to be. The caller frees with
 * nv_residence_clear(). 0 or -errno: move_pages is not permitted. With first-touch that is no failure, and if
 * there is no numa_maps either, nothing is known. */
int nv_buffer_residence (const struct nv_pages *pages, const struct nv_buffer *buffer,
                         const struct nv_owner *owners, size_t n_owners, struct nv_residence *ret_residence,
                         struct nv_message *message);
void nv_residence_clear (struct nv_residence *residence);

/* What does not hold, and what helps, into @text; cut off at @size: "66.0 % is elsewhere: 100.0 % on node 0".
 */
void nv_residence_explain (const struct nv_pages *pages, const struct nv_residence *residence, char *text,
                           size_t size);

void nv_buffer_unmap (struct nv_buffer *buffer);
