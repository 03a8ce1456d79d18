#pragma once

#include "policy/policy.h"

/* A node that a policy may choose, and what it has left for the VM at hand. */
typedef struct
{
  guint position; /* in host->nodes */
  guint os_index;
  guint64 left_bytes; /* in pages of the size that the VM wants */
  guint n_cpus;
  gint64 free_cores; /* see nv_ledger_free_cores() */
} NvCandidate;

struct NvCandidates
{
  const NvHost *host;
  NvCandidate *nodes; /* ascending OS index */
  guint n_nodes;
  const char *which;             /* (nullable): what makes them fewer, for errors: "with CPUs" */
  guint64 left_on_machine_bytes; /* for a VM that names no node */
  const NvSet *home;             /* with needs_home: the nodes that the CPUs are on */
  guint64 seed;
  guint next_position;  /* where round-robin goes on; kept from VM to VM */
  const guint64 *apart; /* see nv_candidates_measure() */
  NvSet *skipped;       /* what nv_candidates_least() passed over */
};

/* What a policy prefers: the least. Pure. */
typedef guint64 (*NvCandidateKey) (const NvCandidates *candidates, const NvRequest *request,
                                   const NvCandidate *node);

/**
 * nv_candidates_least:
 * @among: (nullable): OS indexes; NULL: all candidates
 *
 * The node with the least @key among those that have room for all of the VM's memory; of equals the one with
 * the most left, then the first. Nodes of a lesser key without room are noted in candidates->skipped.
 *
 * Returns: (transfer none): NULL if no node has room; then nothing is noted.
 */
const NvCandidate *nv_candidates_least (NvCandidates *candidates, const NvRequest *request,
                                        const NvSet *among, NvCandidateKey key);

/* Returns: (transfer full): for each pair of nodes their distances there and back, together, by position in
 * @host->nodes; an unknown one is farther than any known. */
guint64 *nv_candidates_measure (const NvHost *host);

/**
 * nv_candidates_nearest:
 * @vcpus: what the nodes' CPUs must hold together; 0: CPUs do not matter
 *
 * The smallest group of nodes that has room together; of these the nearest to each other (the sum over all
 * pairs), then with @vcpus the one with most free cores, then the one that leaves least memory.
 *
 * Exact for one node or two, and on hosts of up to 8. Above, a group of three or more is smallest but only
 * near: from each node on, the nearest node that still allows a smallest group is added. (With @vcpus it may
 * then miss the smallest, too.) Takes time quadratic in the number of nodes for one or two, else cubic, with
 * @vcpus at worst in its fourth power.
 *
 * Returns: (transfer full): NULL if all nodes together have too little.
 */
NvSet *nv_candidates_nearest (const NvCandidates *candidates, guint64 memory_bytes, guint vcpus);

/* Returns: (transfer full): the OS indexes. */
NvSet *nv_candidates_set (const NvCandidates *candidates);

/**
 * nv_candidates_bind:
 * @nodes: OS indexes; those that are no candidates are left out
 *
 * Adds the one region: strictly on @nodes. On one node that is exactly what must be found there later, on
 * several the kernel decides within them.
 *
 * Returns: FALSE with NV_ERROR_NO_FIT if these have too little together.
 */
gboolean nv_candidates_bind (const NvCandidates *candidates, const NvRequest *request, const NvSet *nodes,
                             NvPlacement *placement, GError **error);

/* The two together: binds to nv_candidates_least(). @ret_node: (out) (optional). */
gboolean nv_candidates_bind_least (NvCandidates *candidates, const NvRequest *request, NvCandidateKey key,
                                   NvPlacement *placement, const NvCandidate **ret_node, GError **error);

/* Adds the region of all memory as @request wants its pages. @nodes: (nullable): copied. */
NvRegion *nv_candidates_add_region (const NvRequest *request, NvMemoryMode mode, const NvSet *nodes,
                                    NvExpectation expectation, NvPlacement *placement);

/* Shares of @region where the kernel decides: in proportion to what is left on each node of @among
 * (nullable: all), or, where nothing is, to what it has in all. */
void nv_candidates_estimate (const NvCandidates *candidates, const NvRequest *request, const NvSet *among,
                             NvRegion *region);

/* The size of the pages that @request gets; normal ones count as 4 KiB. */
guint64 nv_candidates_page_bytes (const NvRequest *request);

/**
 * nv_candidates_set_no_fit:
 * @listed: (nullable): the candidates whose rest is listed; NULL: all
 * @format: what is wrong, such as `no node of 0-3 has that much left`
 *
 * `memory 4096 MiB: WHAT IS WRONG (0: 412 MiB, 1: 3071 MiB): REMEDY`; of many nodes only those with most
 * left, and no list where there is only one candidate: then @format says it.
 *
 * Returns: FALSE, with NV_ERROR_NO_FIT.
 */
gboolean
nv_candidates_set_no_fit (const NvCandidates *candidates, const NvRequest *request, const NvSet *listed,
                          GError **error, const char *format, ...) G_GNUC_PRINTF (5, 6);

/* The same of @nodes, of which none has room, or (@together) not all together.
 * @which: (nullable): why these, such as "with CPUs". */
gboolean
nv_candidates_set_too_full (const NvCandidates *candidates, const NvRequest *request, const NvSet *nodes,
                            const char *which, gboolean together, GError **error);
