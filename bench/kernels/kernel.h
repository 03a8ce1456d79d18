#pragma once

#include "bench/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel is one const record in a file of its own and one word in this folder's meson.build, which compiles
 * the files once for each instruction set and makes one table of records for each. So a record's functions
 * are those of its instruction set, and who wants another takes the record from another table. */

enum nv_isa
{
  NV_ISA_PORTABLE, /* what the compiler assumes of this architecture: SSE2 on x86-64 */
  NV_ISA_AVX2,
  NV_ISA_AVX512,
  NV_N_ISAS,
};

enum nv_store
{
  NV_STORE_TEMPORAL,
  NV_STORE_NONTEMPORAL,
  NV_STORE_REP, /* rep movsb, rep stosb: the microcode's own choice */
  NV_N_STORES,
};

enum nv_unit
{
  NV_UNIT_BYTES_PER_S,      /* higher is better */
  NV_UNIT_NS_PER_LOAD,      /* lower is better */
  NV_UNIT_OPERATIONS_PER_S, /* higher is better */
};

enum
{
  NV_BASE_PAGE_BYTES = 4096, /* unit of the order of access, whatever pages back it */
  NV_LINE_BYTES = 64,
  NV_MAX_CHASES = 32,
  NV_MAX_MIX = 16,
};

enum nv_array
{
  NV_ARRAY_A = 1 << 0, /* written, where a kernel writes */
  NV_ARRAY_B = 1 << 1,
  NV_ARRAY_C = 1 << 2,
};

struct nv_kernel_options
{
  unsigned chases; /* 1 to NV_MAX_CHASES at once in each thread */
  uint64_t
      locality_bytes;    /* the chase stays in a block of so many bytes until it has seen all of it; 0: all */
  unsigned stride_bytes; /* distance of the chase's slots: a multiple of 8, at least 8 */
  uint64_t loads;        /* of one pass of the chase, all of its cursors together; 0: about a million */
  unsigned reads, writes; /* mix: lines read for so many lines written; at most NV_MAX_MIX each, not both 0 */
};

/* What one thread works on: its part of each array, and how it goes over it. */
struct nv_part
{
  double *a, *b, *c; /* on a page's boundary; NULL where the kernel has no such array */
  size_t bytes;      /* of the part in each array: n_units * unit_bytes */
  size_t unit_bytes; /* NV_BASE_PAGE_BYTES, or NV_LINE_BYTES in random order of lines */
  size_t n_units;
  const uint32_t *order; /* of the units, n_units of them; NULL: one after the other */
  uint64_t first;        /* index in the whole array of the part's first element */
  uint64_t seed;         /* differs from thread to thread */
  double scalar;         /* STREAM's q */
  const struct nv_kernel_options *options;
  /* (nullable) asked now and then by prepare(), in any thread: true ends it with -EINTR. */
  bool (*cancelled) (void *data);
  void *cancelled_data;

  /* The kernel's own between two passes; prepare() sets them. */
  void *cursors[NV_MAX_CHASES];
  uint64_t steps;  /* chase: loads that each cursor has made */
  double checksum; /* what the last pass returned */
};

/* For long loops of prepare(): is @step one of those at which to ask, and is the run to end? */
static inline bool
nv_part_cancelled (const struct nv_part *part, uint64_t step)
{
  return step % 65536 == 0 && part->cancelled && part->cancelled (part->cancelled_data);
}

/* One pass over a part. Returns: a sum that depends on all that was loaded, or 0. */
typedef double (*nv_pass_fn) (struct nv_part *part);

struct nv_kernel
{
  const char *name;
  const char *label;   /* as STREAM's result lines have it: "Copy" */
  const char *summary; /* one line, no full stop */
  enum nv_unit unit;
  unsigned arrays; /* of enum nv_array, those that it touches */
  bool own_order;  /* goes over its arrays in an order of its own, whatever the part's is */
  bool alone;      /* shows what one thread sees, and runs in one unless more are asked for */

  /* (nullable) before anything is measured: can it work on a part of so many bytes? 0, or -EINVAL with a
   * message that says what to ask for instead. */
  int (*check) (const struct nv_kernel_options *options, uint64_t part_bytes, struct nv_message *message);

  /* (nullable: 1) of so many lines of an array only one gets into a cache. */
  unsigned (*sparsity) (const struct nv_kernel_options *options);

  /* Of one pass over a part. bytes: what it loads and stores, as STREAM counts: a line that is only read in
   * order to be written is not counted. operations: loads of a chase, operations of spin, else 0. */
  uint64_t (*bytes) (const struct nv_part *part);
  uint64_t (*operations) (const struct nv_part *part);

  /* Fills the part's arrays; by the thread that owns the part, so it may be the first touch of its pages. 0
   * or -errno with a message; a chase proves here that it visits each slot once in one cycle. */
  int (*prepare) (struct nv_part *part, struct nv_message *message);

  /* After timing: looks at what the last pass left in a or as checksum, clears what a pass writes, makes one
   * more with @pass and looks at every element, or at the sum. 0, or -EBADMSG with a message that names the
   * element, what is there and what should be. */
  int (*verify) (struct nv_part *part, nv_pass_fn pass, struct nv_message *message);

  /* [store][with software prefetch]; NULL: no such path. A kernel that does not store has its passes at
   * NV_STORE_TEMPORAL; one for which prefetching makes no sense, without. */
  nv_pass_fn passes[NV_N_STORES][2];
};

/* All kernels of one instruction set, the same names in the same order in each, NULL-terminated; generated by
 * meson.build. An instruction set that this architecture's compiler lacks has an empty table. */
const struct nv_kernel *const *nv_kernels (enum nv_isa isa);

/* Returns: NULL if there is none of that name. */
const struct nv_kernel *nv_kernel_find (enum nv_isa isa, const char *name);

/* Can this CPU run it? */
bool nv_isa_available (enum nv_isa isa);

/* "portable", "avx2", "avx512"; "temporal", "nontemporal", "rep". */
const char *nv_isa_name (enum nv_isa isa);
const char *nv_store_name (enum nv_store store);
