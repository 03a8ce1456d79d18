#include "host/facts.h"
#include "base/size.h"
#include "bench/proc.h"
#include "host/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
nv_fact_free (NvFact *fact)
{
  if (!fact)
    return;
  g_free (fact->text);
  g_free (fact);
}

NvFact *
nv_fact_new (const char *subject, NvFactState state, const char *format, ...)
{
  NvFact *fact = g_new (NvFact, 1);
  va_list arguments;

  va_start (arguments, format);
  *fact = (NvFact){ .subject = subject, .state = state, .text = g_strdup_vprintf (format, arguments) };
  va_end (arguments);
  return fact;
}

gboolean
nv_kvm_usable (const char *root, char **ret_reason)
{
  g_autofree char *path = g_build_filename (root, "dev/kvm", NULL);
  char *reason = NULL;
  int descriptor;

#if defined(__x86_64__) || defined(__i386__)
  if (nv_proc_cpu_has_flag (root, "vmx") != 1 && nv_proc_cpu_has_flag (root, "svm") != 1)
    reason = g_strdup ("this CPU offers no vmx or svm");
#endif
  if (!reason)
    {
      descriptor = open (path, O_RDWR | O_CLOEXEC);
      if (descriptor >= 0)
        close (descriptor);
      else if (errno == EACCES)
        reason = g_strdup ("/dev/kvm may not be opened: ask for membership in the group kvm");
      else
        reason = g_strdup_printf ("/dev/kvm cannot be opened: %s", g_strerror (errno));
    }
  if (ret_reason)
    *ret_reason = g_strdup (reason);
  g_free (reason);
  return reason == NULL;
}

static NvFact *
kvm_fact (const char *root)
{
  g_autofree char *reason = NULL;

  if (nv_kvm_usable (root, &reason))
    return nv_fact_new ("KVM", NV_FACT_YES, "/dev/kvm opens and the CPU offers virtualization");
  return nv_fact_new ("KVM", NV_FACT_NO, "%s; VMs are emulated, times mean little", reason);
}

static NvFact *
numa_fact (const NvHost *host)
{
  g_autoptr (NvSet) usable = nv_host_usable_nodes (host);
  g_autofree char *list = nv_set_format (usable);
  guint n_usable = nv_set_count (usable);

  if (host->nodes->len == 1)
    return nv_fact_new ("NUMA", NV_FACT_YES, "1 node: a policy has nothing to choose");
  if (n_usable == host->nodes->len)
    return nv_fact_new ("NUMA", NV_FACT_YES, "%u nodes (%s)", n_usable, list);
  return nv_fact_new ("NUMA", n_usable > 0 ? NV_FACT_YES : NV_FACT_NO,
                      "%u nodes, of which a VM may use %u (%s); `numavm topology` says why", host->nodes->len,
                      n_usable, list);
}

/* The allowed node with most free memory: a page that is bound to a full node could wake the OOM killer. */
static int
roomiest_allowed_node (void)
{
  struct bitmask *allowed = numa_get_mems_allowed ();
  long long most_bytes = -1, free_bytes;
  int roomiest = 0;

  for (int node = 0; node <= numa_max_node (); node++)
    if (numa_bitmask_isbitset (allowed, (unsigned)node) && numa_node_size64 (node, &free_bytes) > 0
        && free_bytes > most_bytes)
      {
        roomiest = node;
        most_bytes = free_bytes;
      }
  numa_bitmask_free (allowed);
  return roomiest;
}

/* Binds a page to a node, then asks where it is: what a container's seccomp filter refuses shows on a machine
 * with one node, too.
 *
 * Returns: (transfer full) (nullable): what does not work. */
static char *
try_memory_policy (void)
{
  gsize page_bytes = (gsize)sysconf (_SC_PAGESIZE);
  struct bitmask *nodes;
  void *page;
  int node, where = -1;
  char *reason = NULL;

  if (numa_available () < 0)
    return g_strdup ("this kernel has no get_mempolicy, or refuses it");
  page = mmap (NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return g_strdup_printf ("no memory for a try: %s", g_strerror (errno));
  node = roomiest_allowed_node ();
  nodes = numa_bitmask_setbit (numa_allocate_nodemask (), (unsigned)node);
  if (mbind (page, page_bytes, MPOL_BIND, nodes->maskp, nodes->size + 1, 0) < 0)
    reason = g_strdup_printf ("mbind fails: %s", g_strerror (errno));
  else
    {
      *(volatile char *)page = 1;
      if (move_pages (0, 1, &page, &node, &where, MPOL_MF_MOVE) < 0)
        reason = g_strdup_printf ("move_pages fails: %s", g_strerror (errno));
      else if (where != node)
        reason = g_strdup_printf ("a page bound to node %d is on node %d", node, where);
    }
  numa_bitmask_free (nodes);
  munmap (page, page_bytes);
  return reason;
}

static NvFact *
memory_policy_fact (void)
{
  g_autofree char *reason = try_memory_policy ();

  if (!reason)
    return nv_fact_new ("memory policy", NV_FACT_YES, "mbind and move_pages work");
  return nv_fact_new ("memory policy", NV_FACT_NO,
                      "%s; in a container, allow these calls (docker run --cap-add SYS_NICE)", reason);
}

/* `2 MiB: 488 of 512 free on node 0`, joined by commas; only pools that hold a page. */
static char *
describe_pools (const NvHost *host)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      for (guint j = 0; j < node->page_pools->len; j++)
        {
          const NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, j);
          g_autofree char *size = nv_size_format (pool->page_size_bytes);

          if (pool->total_pages > 0)
            g_string_append_printf (
                text, "%snode %u: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " free of %s",
                text->len > 0 ? ", " : "", node->os_index, pool->free_pages, pool->total_pages, size);
        }
    }
  return g_string_free (text, FALSE);
}

static NvFact *
huge_pages_fact (const NvHost *host)
{
  g_autofree char *pools = describe_pools (host);

  if (*pools)
    return nv_fact_new ("huge pages", NV_FACT_YES, "%s", pools);
  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->use == NV_NODE_USABLE && node->page_pools->len > 0)
        return nv_fact_new (
            "huge pages", NV_FACT_NO,
            "none reserved: echo 512 > /sys/devices/system/node/node%u/hugepages/hugepages-%" G_GUINT64_FORMAT
            "kB/nr_hugepages",
            node->os_index, g_array_index (node->page_pools, NvPagePool, 0).page_size_bytes / NV_KIB);
    }
  return nv_fact_new ("huge pages", NV_FACT_NO, "this kernel offers none");
}

/* Read anew, since nv_host_read() gives a lone node the machine's own figure. Some hypervisors bring a
 * guest's memory online as it is touched. */
static NvFact *
nodes_memory_fact (const NvHost *host, const char *root)
{
  g_autofree char *machine = nv_size_format (host->memory_total_bytes), *nodes = NULL;
  guint64 sum = 0;

  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);
      struct nv_proc_memory memory;

      sum +=
          nv_proc_node_memory (root, node->os_index, &memory) == 0 ? memory.total : node->memory_total_bytes;
    }
  nodes = nv_size_format (sum);
  if (sum >= host->memory_total_bytes - host->memory_total_bytes / 100)
    return nv_fact_new ("nodes' memory", NV_FACT_YES, "the nodes report all of the machine's %s", machine);
  return nv_fact_new ("nodes' memory", NV_FACT_NOTE, "the nodes report %s of the machine's %s", nodes,
                      machine);
}

/* What the kernel may do to pages behind a placement's back. */
static void
add_setting_facts (GPtrArray *facts, const char *root)
{
  static const struct
  {
    const char *subject;
    const char *path;
    const char *off;
    const char *meaning;
  } settings[] = {
    { "THP", "sys/kernel/mm/transparent_hugepage/enabled", "never",
      "the kernel may back a VM with 2 MiB pages, on its own terms" },
    { "NUMA balancing", "proc/sys/kernel/numa_balancing", "0",
      "the kernel moves pages that no policy binds; off: echo 0 > /proc/sys/kernel/numa_balancing" },
    { "KSM", "sys/kernel/mm/ksm/run", "0",
      "VMs may share equal pages across nodes; off: echo 2 > /sys/kernel/mm/ksm/run" },
  };
  char value[32];

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (nv_proc_setting (root, settings[i].path, value, sizeof value) == 0
        && strcmp (value, settings[i].off) != 0)
      g_ptr_array_add (facts, nv_fact_new (settings[i].subject, NV_FACT_NOTE, "set to '%s': %s", value,
                                           settings[i].meaning));
}

static void
free_fact (gpointer data)
{
  nv_fact_free (data);
}

GPtrArray *
nv_facts_of_host (const char *root)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func (free_fact);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvHost) host = nv_host_read (root, &error);

  g_ptr_array_add (facts, kvm_fact (root));
  g_ptr_array_add (facts, host ? numa_fact (host) : nv_fact_new ("NUMA", NV_FACT_NO, "%s", error->message));
  g_ptr_array_add (facts, memory_policy_fact ());
  if (host)
    {
      g_ptr_array_add (facts, huge_pages_fact (host));
      g_ptr_array_add (facts, nodes_memory_fact (host, root));
    }
  add_setting_facts (facts, root);
  return facts;
}
