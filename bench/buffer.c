/* Buffers whose pages are where they are asked to be: mapped, given a memory policy, settled. */

#include "bench/buffer.h"

#include "bench/bench.h"
#include "bench/proc.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum
{
  STAGGER_BYTES = 33 * 4096,
  ALIGNMENT_BYTES =
      2 << 20,        /* at least: then the distance of two arrays, but for whole 2 MiB, is their stagger */
  MOVE_BATCH = 16384, /* pages: the kernel drains all CPUs' lists of pages at each call */
  MOVE_ROUNDS = 4,
  MASK_WORD_BITS = 8 * sizeof (unsigned long),
};

#define GIB ((double)(1 << 30))

static size_t
round_up (size_t bytes, size_t unit)
{
  return (bytes + unit - 1) / unit * unit;
}

int
nv_fail_placing (const struct nv_pages *pages, const char *call, int error, struct nv_message *message)
{
  char policy[128];

  nv_pages_format (pages, policy, sizeof policy);
  if (error == EPERM || error == ENOSYS)
    return nv_fail (
        message, error,
        "pages '%s': %s is not permitted or not in this kernel (%s): a container's seccomp profile may "
        "forbid it; first-touch works without it",
        policy, call, strerror (error));
  return nv_fail (message, error, "pages '%s': %s: %s", policy, call, strerror (error));
}

/* The walk */

void
nv_page_walk_begin (struct nv_page_walk *walk, const struct nv_pages *pages, const struct nv_buffer *buffer,
                    const struct nv_owner *owners, size_t n_owners)
{
  size_t begin = (size_t)((char *)buffer->address - (char *)buffer->mapping);

  *walk = (struct nv_page_walk){ .pages = pages, .buffer = buffer, .owners = owners, .n_owners = n_owners };
  walk->owner_end = n_owners > 0 ? owners[0].bytes : 0;
  walk->page = begin / pages->page_bytes;
  walk->end = (begin + buffer->bytes + pages->page_bytes - 1) / pages->page_bytes;
}

bool
nv_page_walk_next (struct nv_page_walk *walk, char **ret_address, int *ret_target)
{
  char *address = (char *)walk->buffer->mapping + walk->page * walk->pages->page_bytes;
  char *first = (char *)walk->buffer->address;
  size_t offset = address > first ? (size_t)(address - first) : 0;

  if (walk->page >= walk->end)
    return false;
  while (offset >= walk->owner_end && walk->owner + 1 < walk->n_owners)
    walk->owner_end += walk->owners[++walk->owner].bytes;
  *ret_address = address;
  *ret_target = nv_pages_target (walk->pages, walk->buffer->array, walk->page,
                                 walk->n_owners > 0 ? walk->owners[walk->owner].node : 0);
  walk->page++;
  return true;
}

/* Mapping */

uint64_t
nv_buffer_mapping_bytes (const struct nv_pages *pages, unsigned array, uint64_t bytes)
{
  return round_up (array * (uint64_t)STAGGER_BYTES + bytes, pages->page_bytes);
}

/* The kernel promises huge pages at mmap without a look at the nodes; who then finds none where the policy
 * wants it is ended by SIGBUS. */
int
nv_buffer_check_reserved (const struct nv_pages *pages, unsigned n_arrays, uint64_t bytes,
                          uint64_t needed_bytes, struct nv_message *message)
{
  uint64_t needed = needed_bytes / pages->page_bytes, total = 0;
  uint64_t free_pages = nv_pages_available_bytes (pages) / pages->page_bytes;
  char policy[100], path[128], page_size[24], size[24];

  if (needed <= free_pages)
    return 0;
  nv_pages_format (pages, policy, sizeof policy);
  nv_format_size (pages->page_bytes, page_size, sizeof page_size);
  nv_format_size (bytes, size, sizeof size);
  if (pages->n_nodes == 1)
    snprintf (path, sizeof path,
              "sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
              pages->nodes[0].node, pages->page_bytes >> 10);
  else
    snprintf (path, sizeof path, "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
              pages->page_bytes >> 10);
  nv_proc_number ("/", path, &total); /* of that file: other nodes' pages are to stay */
  return nv_fail (message, ENOMEM,
                  "page-size '%s': %" PRIu64
                  " huge pages are needed for %u array%s of %s with --pages %s, %" PRIu64
                  " are free: echo %" PRIu64 " > /%s reserves them",
                  page_size, needed, n_arrays, n_arrays == 1 ? "" : "s", size, policy, free_pages,
                  total + needed - free_pages, path);
}

/* What is bound to nodes and does not fit there is not refused by the kernel: it ends the process. */
static int
check_memory (const struct nv_pages *pages, size_t bytes, struct nv_message *message)
{
  uint64_t room = nv_room_bytes (nv_pages_available_bytes (pages));
  char policy[128];

  if (bytes <= room)
    return 0;
  nv_pages_format (pages, policy, sizeof policy);
  return nv_fail (message, ENOMEM, "pages '%s': %.2f GiB are needed there, %.2f GiB can be had", policy,
                  (double)bytes / GIB, (double)room / GIB);
}

/* Address space of @bytes on a boundary of @alignment, with a page before and behind it that nobody may
 * touch: so the kernel joins what is mapped there with no neighbour, and smaps speaks of it alone.
 * MAP_FAILED. */
static char *
reserve (size_t bytes, size_t alignment, size_t guard)
{
  size_t reserved = bytes + alignment + 2 * guard;
  char *space = mmap (NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *start, *end;

  if (space == MAP_FAILED)
    return space;
  start = (char *)round_up ((size_t)space + guard, alignment);
  end = start + bytes + guard;
  if (start - guard > space)
    munmap (space, (size_t)(start - guard - space));
  if (space + reserved > end)
    munmap (end, (size_t)(space + reserved - end));
  return start;
}

/* Makes pages of the kind that is asked for of what was reserved. Returns: 0 or a positive errno. */
static int
commit (const struct nv_pages *pages, void *start, size_t bytes)
{
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB;

  if (pages->kind == NV_PAGE_HUGETLB)
    {
      flags |= __builtin_ctzll (pages->page_bytes) << MAP_HUGE_SHIFT;
      return mmap (start, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED ? errno : 0;
    }
  if (mprotect (start, bytes, PROT_READ | PROT_WRITE) < 0)
    return errno;
  if (pages->kind == NV_PAGE_THP)
    return madvise (start, bytes, MADV_HUGEPAGE) < 0 ? errno == EINVAL ? ENOTSUP : errno : 0;
  madvise (start, bytes, MADV_NOHUGEPAGE); /* fails where the kernel has no huge pages to be kept from */
  return 0;
}

static int
set_policy (void *start, size_t bytes, int mode, const struct nv_node_weight *nodes, size_t n_nodes)
{
  unsigned long mask[NV_MAX_NODES / MASK_WORD_BITS] = { 0 };

  for (size_t i = 0; i < n_nodes; i++)
    mask[nodes[i].node / MASK_WORD_BITS] |= 1UL << nodes[i].node % MASK_WORD_BITS;
  /* The kernel reads one bit less than it is told. */
  return mbind (start, bytes, mode, mask, NV_MAX_NODES + 1, 0) < 0 ? errno : 0;
}

/* Each run of pages with one target gets it as its preference: as with the kernel's own local allocation,
 * what does not fit there goes elsewhere. */
static int
set_local_policies (const struct nv_pages *pages, const struct nv_buffer *buffer,
                    const struct nv_owner *owners, size_t n_owners)
{
  struct nv_page_walk walk;
  struct nv_node_weight node = { 0, 1 };
  char *start = NULL, *address;
  int target, error = 0;

  nv_page_walk_begin (&walk, pages, buffer, owners, n_owners);
  while (error == 0 && nv_page_walk_next (&walk, &address, &target))
    {
      if (start && (unsigned)target == node.node)
        continue;
      if (start)
        error = set_policy (start, (size_t)(address - start), MPOL_PREFERRED, &node, 1);
      start = address;
      node.node = (unsigned)target;
    }
  address = (char *)buffer->mapping + buffer->mapping_bytes;
  if (error == 0 && start)
    error = set_policy (start, (size_t)(address - start), MPOL_PREFERRED, &node, 1);
  return error;
}

/* Returns: 0 or a positive errno. */
static int
set_policies (const struct nv_pages *pages, const struct nv_buffer *buffer, const struct nv_owner *owners,
              size_t n_owners)
{
  const struct nv_node_weight *nodes = pages->nodes;
  size_t n_nodes = pages->n_nodes;
  int mode = MPOL_INTERLEAVE;

  switch (pages->policy)
    {
    case NV_PAGES_FIRST_TOUCH:
      return 0;
    case NV_PAGES_LOCAL:
      return set_local_policies (pages, buffer, owners, n_owners);
    case NV_PAGES_ROUND_ROBIN:
      nodes += buffer->array % n_nodes;
      n_nodes = 1;
      mode = MPOL_BIND;
      break;
    case NV_PAGES_BIND:
      mode = MPOL_BIND;
      break;
    case NV_PAGES_INTERLEAVE:
    case NV_PAGES_RANDOM: /* these three: first evenly over all of the nodes; settling moves what is left */
    case NV_PAGES_WEIGHTED:
    case NV_PAGES_MIXED:
      break;
    }
  return set_policy (buffer->mapping, buffer->mapping_bytes, mode, nodes, n_nodes);
}

/* Is there room for it? Of round-robin's nodes that of this array alone counts. */
static int
check_room (const struct nv_pages *pages, const struct nv_buffer *buffer, struct nv_message *message)
{
  struct nv_pages those = *pages;

  if (pages->policy == NV_PAGES_ROUND_ROBIN)
    {
      those.nodes[0] = pages->nodes[buffer->array % pages->n_nodes];
      those.n_nodes = 1;
    }
  if (pages->kind == NV_PAGE_HUGETLB)
    return nv_buffer_check_reserved (&those, 1, buffer->bytes, buffer->mapping_bytes, message);
  if (pages->policy == NV_PAGES_BIND || pages->policy == NV_PAGES_ROUND_ROBIN)
    return check_memory (&those, buffer->mapping_bytes, message);
  return 0;
}

/* The kernel does not say on which node promised pages are, and so the next array, on another, would seem to
 * lack those of this one. Who touches them first makes no difference: the nodes are given. */
static void
redeem_promise (const struct nv_pages *pages, const struct nv_buffer *buffer)
{
  if (pages->kind == NV_PAGE_HUGETLB && pages->policy == NV_PAGES_ROUND_ROBIN)
    for (size_t at = 0; at < buffer->mapping_bytes; at += pages->page_bytes)
      *((volatile char *)buffer->mapping + at) = 0;
}

int
nv_buffer_map (const struct nv_pages *pages, unsigned array, size_t bytes, const struct nv_owner *owners,
               size_t n_owners, struct nv_buffer *ret_buffer, struct nv_message *message)
{
  size_t guard = (size_t)sysconf (_SC_PAGESIZE), page_bytes = pages->page_bytes;
  size_t stagger = (size_t)array * STAGGER_BYTES;
  struct nv_buffer buffer = { .bytes = bytes, .array = array };
  int result, error;

  if (bytes == 0 || bytes > SIZE_MAX / 4)
    return nv_fail (message, ENOMEM, "cannot map a buffer of %zu bytes", bytes);
  buffer.mapping_bytes = nv_buffer_mapping_bytes (pages, array, bytes);
  if ((result = check_room (pages, &buffer, message)) < 0)
    return result;
  buffer.mapping =
      reserve (buffer.mapping_bytes, page_bytes > ALIGNMENT_BYTES ? page_bytes : ALIGNMENT_BYTES, guard);
  if (buffer.mapping == MAP_FAILED)
    return nv_fail (message, errno, "cannot map %.2f GiB: %s", (double)bytes / GIB, strerror (errno));
  buffer.address = (char *)buffer.mapping + stagger;
  if ((error = commit (pages, buffer.mapping, buffer.mapping_bytes)) != 0)
    result = nv_fail (message, error, "cannot map %.2f GiB in pages of %llu KiB: %s", (double)bytes / GIB,
                      (unsigned long long)page_bytes >> 10, strerror (error));
  else if ((error = set_policies (pages, &buffer, owners, n_owners)) != 0)
    result = nv_fail_placing (pages, "mbind", error, message);
  if (result < 0)
    {
      nv_buffer_unmap (&buffer);
      return result;
    }
  redeem_promise (pages, &buffer);
  *ret_buffer = buffer;
  return 0;
}

void
nv_buffer_unmap (struct nv_buffer *buffer)
{
  size_t guard = (size_t)sysconf (_SC_PAGESIZE);

  if (buffer->mapping)
    munmap ((char *)buffer->mapping - guard, buffer->mapping_bytes + 2 * guard);
  memset (buffer, 0, sizeof *buffer);
}

/* Settling */

int
nv_query_nodes (void *const *addresses, size_t n, int *ret_nodes)
{
  /* The declaration lacks a const; with no nodes the kernel only looks. */
  return move_pages (0, n, (void **)addresses, NULL, ret_nodes, 0) < 0 ? -errno : 0;
}

/* Pages to be moved, at most MOVE_BATCH. */
struct batch
{
  void *addresses[MOVE_BATCH];
  int targets[MOVE_BATCH];
  int nodes[MOVE_BATCH]; /* where they are, or why they were not moved */
  size_t n;
};

/* Moves those of the batch that are elsewhere, and empties it. Returns: how many those were, or -errno. */
static long
move_batch (struct batch *batch)
{
  size_t n = 0;
  int result = nv_query_nodes (batch->addresses, batch->n, batch->nodes);

  for (size_t i = 0; result == 0 && i < batch->n; i++)
    if (batch->nodes[i] >= 0 && batch->nodes[i] != batch->targets[i])
      {
        batch->addresses[n] = batch->addresses[i];
        batch->targets[n++] = batch->targets[i];
      }
  batch->n = 0;
  if (result < 0 || n == 0)
    return result;
  /* A full node is for the residence to show. */
  if (move_pages (0, n, batch->addresses, batch->targets, batch->nodes, MPOL_MF_MOVE) < 0 && errno != ENOMEM)
    return -errno;
  return (long)n;
}

/* Once over the buffer, with one entry for each @step bytes. Returns: how many pages were elsewhere, or
 * -errno. */
static long
move_once (struct nv_page_walk walk, size_t step, struct batch *batch)
{
  char *address;
  int target;
  long result = 0, n_elsewhere = 0;

  while (result >= 0 && nv_page_walk_next (&walk, &address, &target))
    for (size_t offset = 0; result >= 0 && offset < walk.pages->page_bytes; offset += step)
      {
        batch->addresses[batch->n] = address + offset;
        batch->targets[batch->n++] = target;
        if (batch->n == MOVE_BATCH)
          {
            result = move_batch (batch);
            n_elsewhere += result;
          }
      }
  if (result >= 0 && batch->n > 0)
    {
      result = move_batch (batch);
      n_elsewhere += result;
    }
  return result < 0 ? result : n_elsewhere;
}

/* A huge page moves as a whole if its head is named, and its tails then are where they should be. So the
 * heads are moved first, and then what turns out to be no part of a huge page. A page that is busy for a
 * moment is not moved, and is tried again; where a round gets no further, there is no room. */
int
nv_buffer_settle (const struct nv_pages *pages, const struct nv_buffer *buffer, const struct nv_owner *owners,
                  size_t n_owners, struct nv_message *message)
{
  size_t step = pages->kind == NV_PAGE_HUGETLB ? pages->page_bytes : (size_t)sysconf (_SC_PAGESIZE);
  struct nv_page_walk walk;
  struct batch *batch;
  long n_elsewhere = 0, n_before = LONG_MAX;

  if (pages->policy != NV_PAGES_RANDOM && pages->policy != NV_PAGES_WEIGHTED
      && pages->policy != NV_PAGES_MIXED)
    return 0;
  batch = malloc (sizeof *batch);
  if (!batch)
    return nv_fail (message, ENOMEM, "cannot move pages: %s", strerror (ENOMEM));
  batch->n = 0;
  nv_page_walk_begin (&walk, pages, buffer, owners, n_owners);
  if (pages->kind == NV_PAGE_THP)
    n_elsewhere = move_once (walk, pages->page_bytes, batch);
  for (int round = 0; round < MOVE_ROUNDS && n_elsewhere >= 0 && n_before > 0; round++)
    {
      n_elsewhere = move_once (walk, step, batch);
      n_before = n_elsewhere < n_before ? n_elsewhere : 0;
    }
  free (batch);
  return n_elsewhere < 0 ? nv_fail_placing (pages, "move_pages", (int)-n_elsewhere, message) : 0;
}
