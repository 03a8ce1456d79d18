#pragma once

#include <glib.h>

/* One line of `numavm doctor`. */
typedef enum
{
  NV_FACT_YES,
  NV_FACT_NO,
  NV_FACT_NOTE,
} NvFactState;

typedef struct
{
  const char *subject; /* such as "KVM" */
  NvFactState state;
  char *text; /* the reason, and what to do about it */
} NvFact;

void nv_fact_free (NvFact *fact);
NvFact *nv_fact_new (const char *subject, NvFactState state, const char *format, ...) G_GNUC_PRINTF (3, 4);

/**
 * nv_kvm_usable:
 * @root: "/" for this machine
 * @ret_reason: (out) (optional): why not, such as `this CPU offers no vmx or svm`; NULL if usable
 *
 * On x86, KVM counts as usable only if /dev/kvm opens and the CPU offers vmx or svm: there are machines
 * with a /dev/kvm on which an ordinary guest kernel hangs at boot. Elsewhere /dev/kvm decides.
 */
gboolean nv_kvm_usable (const char *root, char **ret_reason);

/**
 * nv_facts_of_host:
 *
 * KVM, NUMA nodes, memory policy (mbind and move_pages are tried), huge pages, and whether the nodes add up
 * to the machine's memory.
 *
 * Returns: (transfer full) (element-type NvFact)
 */
GPtrArray *nv_facts_of_host (const char *root);
