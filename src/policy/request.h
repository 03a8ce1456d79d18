#pragma once

#include "base/problems.h"
#include "base/set.h"

typedef struct NvPolicy NvPolicy;

typedef enum
{
  NV_CPUS_FREE,  /* as in the original: the scheduler decides */
  NV_CPUS_NODES, /* the CPUs of the nodes in cpu_nodes */
  NV_CPUS_SAME,  /* the CPUs of the nodes that the memory is on */
} NvCpuChoice;

/* What one VM needs, as a line of input or a command's options say it. */
typedef struct
{
  guint line;  /* where it was said, 1-based; 0: options */
  guint index; /* of the VM among all of the call: what its draws and its default name derive from */
  char *name;
  guint vcpus;
  guint64 memory_bytes;
  guint n_nodes; /* among how many of the usable nodes, the first ones, a policy may choose; 0: all */
  const NvPolicy *policy;
  NvCpuChoice cpu_choice;
  NvSet *cpu_nodes;        /* with NV_CPUS_NODES */
  guint64 page_size_bytes; /* of hugetlb pages; 0: normal pages */
  gboolean preallocate;
  gboolean has_disk;   /* FALSE: disk=none */
  guint64 disk_bytes;  /* 0: the default, or the size of base */
  char *base;          /* (nullable): image that the disk is an overlay of */
  char *template_file; /* (nullable): the user's own template */
} NvRequest;

void nv_request_free (NvRequest *request);
NvRequest *nv_request_copy (const NvRequest *request);

/* Sets one key (name, vcpus, memory, nodes, policy, cpus, pages, prealloc, disk, base, template) from its
 * text, as an input line or the option of that name gives it; memory is in MiB. Checks what can be checked
 * without a host. Returns: %FALSE with NV_ERROR_USAGE; the message names key, value and what is allowed. */
gboolean nv_request_set (NvRequest *request, const char *key, const char *value, GError **error);

/**
 * nv_requests_parse:
 * @text: the whole input, @length bytes; need not be UTF-8 nor end with a newline
 * @columns: (nullable): comma-separated keys that the leading plain words of a line are; NULL: `vcpus,memory`
 * @prefix: put before every name
 * @defaults: what a line that does not say has; its name, line and index are not used
 * @problems: (inout): gets every problem of every line
 *
 * Reads `<vCPUs> <memory MiB> [key=value ...]` lines: `#` begins a comment at a line's start or after a
 * blank, blank lines are skipped, CRLF is a line's end too. A value may be quoted ("a b") as in a shell. VMs
 * without a name are called vm0, vm1, ... by their index. Duplicate names are problems.
 *
 * Returns: (transfer full) (element-type NvRequest): one for every line without a problem, in order.
 */
GPtrArray *nv_requests_parse (const char *text, gsize length, const char *columns, const char *prefix,
                              const NvRequest *defaults, NvProblems *problems);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvRequest, nv_request_free)
