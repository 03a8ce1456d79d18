#pragma once

#include "bench/pages.h"

#include <sys/types.h>

/* What buffer.c and residence.c share of a buffer's pages. */

/* Goes over a buffer's pages upwards, and knows where each is asked to be. */
struct nv_page_walk
{
  const struct nv_pages *pages;
  const struct nv_buffer *buffer;
  const struct nv_owner *owners;
  size_t n_owners;
  size_t owner;       /* index: who uses the page */
  size_t owner_end;   /* bytes of the buffer up to the end of that owner's part */
  uint64_t page, end; /* the next one, and the one behind the last in use */
};

void nv_page_walk_begin (struct nv_page_walk *walk, const struct nv_pages *pages,
                         const struct nv_buffer *buffer, const struct nv_owner *owners, size_t n_owners);

/* False behind the last page that is in use. @ret_address: of the page, which may begin before the buffer
 * does.
 * @ret_target: as nv_pages_target() says. */
bool nv_page_walk_next (struct nv_page_walk *walk, char **ret_address, int *ret_target);

/* On which node each of @n pages is; negative: -errno, it is on none. 0 or -errno. */
int nv_query_nodes (void *const *addresses, size_t n, int *ret_nodes);

/* Why the kernel refused mbind or move_pages (@call). Returns: -@error. */
int nv_fail_placing (const struct nv_pages *pages, const char *call, int error, struct nv_message *message);
