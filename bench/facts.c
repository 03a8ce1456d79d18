#include "bench/facts.h"

#include "bench/cpu.h"
#include "bench/list.h"
#include "bench/pages.h"
#include "bench/proc.h"
#include "bench/team.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum
{
  VALUE_BYTES = 4096, /* of a setting or a list of CPUs */
  MAX_CACHES = 16,
  MAX_HUGE_SIZES = 16,
};

static void
set_string (json_t *object, const char *key, const char *root, const char *path)
{
  char value[VALUE_BYTES];

  if (nv_proc_setting (root, path, value, sizeof value) == 0)
    json_object_set_new (object, key, json_string (value));
}

static void
set_number (json_t *object, const char *key, const char *root, const char *path)
{
  uint64_t number;

  if (nv_proc_number (root, path, &number) == 0)
    json_object_set_new (object, key, json_integer ((json_int_t)number));
}

/* An object without members says nothing. */
static void
set_filled (json_t *facts, const char *key, json_t *object)
{
  if (json_object_size (object) > 0)
    json_object_set (facts, key, object);
  json_decref (object);
}

/* The CPU */

static void
read_cpu (const char *root, json_t *facts)
{
  static const struct
  {
    const char *key, *name;
  } values[] = { { "model", "model name" }, { "vendor", "vendor_id" }, { "microcode", "microcode" } };
  static const char *const flags[] = { "sse2",     "avx",      "avx2",      "fma",  "avx512f", "avx512dq",
                                       "avx512bw", "avx512vl", "movdir64b", "erms", "fsrm",    "asimd" };
  json_t *cpu = json_object (), *present = json_array ();
  char value[VALUE_BYTES];

  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    if (nv_proc_cpu_value (root, values[i].name, value, sizeof value) == 0)
      json_object_set_new (cpu, values[i].key, json_string (value));
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (nv_proc_cpu_has_flag (root, flags[i]) == 1)
      json_array_append_new (present, json_string (flags[i]));
  if (json_array_size (present) > 0)
    json_object_set (cpu, "flags", present);
  json_decref (present);
  set_filled (facts, "cpu", cpu);
}

/* Caches */

/* NULL: none of that kind was seen yet. */
static json_t *
find_caches (json_t *caches, unsigned level, const char *type, uint64_t size_bytes)
{
  json_t *kind;
  size_t i;

  json_array_foreach (caches, i,
                      kind) if (json_integer_value (json_object_get (kind, "level")) == (json_int_t)level
                                && strcmp (json_string_value (json_object_get (kind, "type")), type) == 0
                                && json_integer_value (json_object_get (kind, "size_bytes"))
                                       == (json_int_t)size_bytes) return kind;
  return NULL;
}

/* Adds one cache to those of its kind. */
static void
add_cache (json_t *caches, unsigned level, const char *type, uint64_t size_bytes, const char *source,
           const char *shared_cpus)
{
  json_t *kind = find_caches (caches, level, type, size_bytes);

  if (!kind)
    {
      kind = json_pack ("{s:i, s:s, s:I, s:s, s:[]}", "level", (int)level, "type", type, "size_bytes",
                        (json_int_t)size_bytes, "source", source, "shared_cpus");
      json_array_append_new (caches, kind);
    }
  json_array_append_new (json_object_get (kind, "shared_cpus"), json_string (shared_cpus));
}

/* sysfs has sizes as 32K or 1M. */
static uint64_t
parse_size (const char *text)
{
  unsigned number;

  if (!nv_list_number (&text, ~0u, &number))
    return 0;
  return (uint64_t)number << (*text == 'K' ? 10 : *text == 'M' ? 20 : 0);
}

/* One of a CPU's caches, if no CPU before shares it. False: it has none of that index. */
static bool
read_sysfs_cache (const char *root, unsigned cpu, unsigned index, json_t *caches)
{
  static const char *const names[] = { "level", "type", "size" };
  char path[128], values[3][32], shared[VALUE_BYTES];
  const char *text = shared;
  unsigned first, last;
  uint64_t size_bytes, level;

  snprintf (path, sizeof path, "sys/devices/system/cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, index);
  if (nv_proc_setting (root, path, shared, sizeof shared) < 0)
    return false;
  if (!nv_list_range (&text, NV_MAX_CPUS, &first, &last) || first != cpu)
    return true;
  for (int i = 0; i < 3; i++)
    {
      snprintf (path, sizeof path, "sys/devices/system/cpu/cpu%u/cache/index%u/%s", cpu, index, names[i]);
      if (nv_proc_setting (root, path, values[i], sizeof values[i]) < 0)
        return true;
    }
  level = parse_size (values[0]);
  size_bytes = parse_size (values[2]);
  values[1][0] |= 0x20; /* Unified is what we call unified */
  if (level > 0 && size_bytes > 0)
    add_cache (caches, (unsigned)level, values[1], size_bytes, "sysfs", shared);
  return true;
}

/* Divides the CPUs @online by the cache's APIC ids. */
static void
add_cpuid_cache (const struct nv_cpuid_cache *cache, const char *online, const int *apic_ids, json_t *caches)
{
  unsigned bits = 0, group[NV_MAX_CPUS];
  bool done[NV_MAX_CPUS] = { false };
  char list[VALUE_BYTES];

  while (bits < 31 && (cache->sharing == 0 || 1u << bits < cache->sharing))
    bits++;
  for (unsigned cpu = 0; cpu < NV_MAX_CPUS; cpu++)
    {
      size_t n = 0;

      if (done[cpu] || !nv_list_contains (online, cpu))
        continue;
      for (unsigned other = cpu; other < NV_MAX_CPUS; other++)
        if (!done[other] && apic_ids[other] >> bits == apic_ids[cpu] >> bits
            && nv_list_contains (online, other))
          {
            done[other] = true;
            group[n++] = other;
          }
      nv_list_format (group, n, list, sizeof list);
      add_cache (caches, cache->level, cache->type, cache->size_bytes, "cpuid", list);
    }
}

static void
read_caches (const char *root, const char *online, json_t *facts)
{
  struct nv_cpuid_cache found[MAX_CACHES];
  json_t *caches = json_array ();
  int apic_ids[NV_MAX_CPUS];
  size_t n_found = 0;

  for (unsigned cpu = 0; cpu < NV_MAX_CPUS; cpu++)
    for (unsigned index = 0; nv_list_contains (online, cpu) && index < MAX_CACHES; index++)
      if (!read_sysfs_cache (root, cpu, index, caches))
        break;
  if (json_array_size (caches) == 0 && strcmp (root, "/") == 0
      && nv_proc_apic_ids (root, apic_ids, NV_MAX_CPUS) == 0)
    n_found = nv_cpuid_caches (found, MAX_CACHES);
  for (size_t i = 0; i < n_found; i++)
    add_cpuid_cache (&found[i], online, apic_ids, caches);
  if (json_array_size (caches) > 0)
    json_object_set (facts, "caches", caches);
  json_decref (caches);
}

static bool
is_used (const char *list, const int *cpus, size_t n_cpus)
{
  for (size_t i = 0; i < n_cpus; i++)
    if (cpus[i] < 0 || nv_list_contains (list, (unsigned)cpus[i]))
      return true;
  return false;
}

uint64_t
nv_facts_last_level_cache_bytes (const json_t *facts, const int *cpus, size_t n_cpus)
{
  json_t *caches = json_object_get (facts, "caches"), *cache, *list;
  json_int_t highest = 0, sum = 0;
  size_t i, j;

  json_array_foreach (caches, i, cache)
  {
    json_int_t level = json_integer_value (json_object_get (cache, "level"));
    json_int_t size_bytes = json_integer_value (json_object_get (cache, "size_bytes"));

    json_array_foreach (json_object_get (cache, "shared_cpus"), j, list)
    {
      if (level < highest || !is_used (json_string_value (list), cpus, n_cpus))
        continue;
      sum = level > highest ? size_bytes : sum + size_bytes;
      highest = level;
    }
  }
  return (uint64_t)sum;
}

/* Nodes */

static json_t *
read_page_sizes (const char *root, unsigned node, uint64_t free_bytes)
{
  uint64_t sizes[MAX_HUGE_SIZES], total, free_pages;
  uint64_t base = (uint64_t)sysconf (_SC_PAGESIZE);
  json_t *pages =
      json_pack ("[{s:I, s:I}]", "page_bytes", (json_int_t)base, "free", (json_int_t)(free_bytes / base));
  size_t n_sizes = 0;

  nv_proc_huge_page_sizes (root, sizes, MAX_HUGE_SIZES, &n_sizes);
  for (size_t i = 0; i < n_sizes; i++)
    if (nv_proc_huge_pages (root, node, sizes[i], &total, &free_pages) == 0)
      json_array_append_new (pages, json_pack ("{s:I, s:I, s:I}", "page_bytes", (json_int_t)sizes[i], "total",
                                               (json_int_t)total, "free", (json_int_t)free_pages));
  return pages;
}

static json_t *
read_node (const char *root, unsigned node)
{
  char path[128], cpus[VALUE_BYTES] = "";
  struct nv_proc_memory memory;
  json_t *object;

  /* The list of a node without CPUs is empty. */
  snprintf (path, sizeof path, "sys/devices/system/node/node%u/cpulist", node);
  nv_proc_setting (root, path, cpus, sizeof cpus);
  object = json_pack ("{s:i, s:s}", "node", (int)node, "cpus", cpus);
  if (nv_proc_node_memory (root, node, &memory) == 0)
    {
      json_object_set_new (object, "memory_bytes", json_integer ((json_int_t)memory.total));
      json_object_set_new (object, "free_bytes", json_integer ((json_int_t)memory.free));
      json_object_set_new (object, "available_bytes", json_integer ((json_int_t)memory.available));
      json_object_set_new (object, "pages", read_page_sizes (root, node, memory.free));
    }
  return object;
}

/* A matrix with holes would be none: distances are there of all nodes, or not at all. */
static void
read_nodes (const char *root, json_t *facts)
{
  json_t *nodes = json_array (), *distances = json_array (), *row;
  char online[VALUE_BYTES];
  unsigned values[NV_MAX_NODES];
  size_t n_values;
  bool complete = true;

  if (nv_proc_setting (root, "sys/devices/system/node/online", online, sizeof online) < 0)
    online[0] = '\0';
  for (unsigned node = 0; node < NV_MAX_NODES; node++)
    {
      if (!nv_list_contains (online, node))
        continue;
      json_array_append_new (nodes, read_node (root, node));
      json_array_append_new (distances, row = json_array ());
      if (nv_proc_distances (root, node, values, NV_MAX_NODES, &n_values) < 0)
        n_values = 0;
      for (size_t i = 0; i < n_values; i++)
        json_array_append_new (row, json_integer (values[i]));
    }
  for (size_t i = 0; i < json_array_size (distances); i++)
    complete &= json_array_size (json_array_get (distances, i)) == json_array_size (nodes);
  if (json_array_size (nodes) > 0)
    json_object_set (facts, "nodes", nodes);
  if (json_array_size (nodes) > 0 && complete)
    json_object_set (facts, "distances", distances);
  json_decref (nodes);
  json_decref (distances);
}

/* The hypervisor */

static void
read_hypervisor (const char *root, json_t *facts)
{
  static const struct
  {
    const char *vendor, *name;
  } known[] = {
    { "KVMKVMKVM", "KVM" },
    { "Linux KVM Hv", "KVM" },
    { "TCGTCGTCGTCG", "TCG" },
    { "Microsoft Hv", "Hyper-V" },
    { "VMwareVMware", "VMware" },
    { "XenVMMXenVMM", "Xen" },
    { "VBoxVBoxVBox", "VirtualBox" },
    { "bhyve bhyve ", "bhyve" },
    { "ACRNACRNACRN", "ACRN" },
    { " lrpepyh  vr", "Parallels" },
    { "xen", "Xen" },
  };
  char vendor[32] = "";
  const char *name = vendor;
  bool here = strcmp (root, "/") == 0, present = here && nv_cpuid_hypervisor (vendor);

  if (!present && nv_proc_setting (root, "sys/hypervisor/type", vendor, sizeof vendor) < 0
      && nv_proc_cpu_has_flag (root, "hypervisor") != 1)
    return;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp (vendor, known[i].vendor) == 0)
      name = known[i].name;
  json_object_set_new (
      facts, "hypervisor",
      json_pack ("{s:s, s:b}", "name", name[0] ? name : "unknown", "emulated", strcmp (name, "TCG") == 0));
}

json_t *
nv_facts_read (const char *root)
{
  json_t *facts = json_object (), *thp = json_object ();
  char online[VALUE_BYTES];

  set_string (facts, "kernel", root, "proc/sys/kernel/osrelease");
  read_cpu (root, facts);
  if (nv_proc_setting (root, "sys/devices/system/cpu/online", online, sizeof online) == 0)
    {
      json_object_set_new (facts, "cpus_online", json_string (online));
      read_caches (root, online, facts);
    }
  read_nodes (root, facts);
  set_string (thp, "enabled", root, "sys/kernel/mm/transparent_hugepage/enabled");
  set_string (thp, "defrag", root, "sys/kernel/mm/transparent_hugepage/defrag");
  set_number (thp, "page_bytes", root, "sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  set_filled (facts, "thp", thp);
  set_number (facts, "numa_balancing", root, "proc/sys/kernel/numa_balancing");
  set_number (facts, "ksm", root, "sys/kernel/mm/ksm/run");
  read_hypervisor (root, facts);
  set_string (facts, "frequency_governor", root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  return facts;
}
