/* numa-delay: a plugin for QEMU's TCG that makes an emulated machine's memory non-uniform.
 *
 * On an emulated NUMA host all memory is equally fast. This plugin looks at each load and store of the guest.
 * What is not in a small model of caches is a miss, and a miss costs time, in proportion to the distance from
 * the vCPU's node to the page's: rate x distance / 10 nanoseconds, so that memory at twice the distance is
 * twice as far. It is the lab's positive control: a measurement that finds no order among the nodes under
 * this plugin would find none anywhere.
 *
 * The model has two levels. Each vCPU has a cache of its own, by virtual address: what is in it costs no
 * look-up, and a line of another process at the same address counts as a hit, which an experiment in one
 * process does not notice. All vCPUs of a node share the second, by the address that QEMU tells. What a miss
 * costs is owed, and paid by sleeping as soon as enough is owed: the host's time passes, which every clock of
 * the guest sees.
 *
 * It is no model of a real machine: there are no prefetchers, no parallel misses, no coherence, no contention
 * for memory, no page walks or instruction fetches, and devices' accesses cost nothing. What the emulation
 * itself takes comes on top.
 *
 *     -plugin file=numavm-numa-delay.so,rate=1000,node=0-1/1073741824/10:20,node=2-3/1073741824/20:10
 */

#include "plugin/cache.h"
#include "plugin/layout.h"
#include "plugin/qemu-api.h"
#include "plugin/settings.h"

#include <dlfcn.h>
#include <time.h>

#define PRIVATE_WAYS   4
#define SHARED_WAYS    8
#define LOCAL_DISTANCE 10

/* So much is owed before a vCPU sleeps: the kernel wakes it some 50 microseconds late. */
#define WAIT_NS 200000
/* What it slept too long is made good, so that a pass over memory takes what it must, even where the host has
   more threads than CPUs. But not more than this: a host that stood still is no reason to have no delays for
   long. */
#define MAX_CREDIT_NS 20000000

#define REPORT_NS 500000000

/* Only the vCPU's own thread writes it; the report may read of it what was true a moment ago. */
typedef struct
{
  NvDelayCache cache;
  int node;
  gint64 owed_ns; /* below zero: so much was slept too long */
  guint64 delayed_ns;
  guint64 n_accesses;
  guint64 n_misses[NV_DELAY_MAX_NODES];
  guint64 n_elsewhere; /* misses of what is no node's memory */
} Vcpu;

static NvDelaySettings settings;
static NvDelayLayout layout;
static NvDelayCache shared[NV_DELAY_MAX_NODES];
static unsigned n_vcpus;
static Vcpu **vcpus; /* each in memory of its own, so that no two share a line */

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

/* QEMU 9.0 and newer refuse what was made for version 1, older ones what was made for 2. They differ in
   nothing that is used here. What came with 2 tells them apart, before QEMU looks. */
__attribute__ ((constructor)) static void
choose_version (void)
{
  if (dlsym (RTLD_DEFAULT, "qemu_plugin_num_vcpus"))
    qemu_plugin_version = 2;
}

static gint64
read_clock_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A signal may end it early. */
static void
sleep_ns (gint64 duration_ns)
{
  struct timespec duration = { .tv_sec = duration_ns / 1000000000, .tv_nsec = duration_ns % 1000000000 };

  nanosleep (&duration, NULL);
}

/* It sleeps, since several vCPUs that wait on one CPU of the host would else wait for each other. */
static void
wait_owed (Vcpu *vcpu)
{
  gint64 start = read_clock_ns ();
  gint64 waited;

  while ((waited = read_clock_ns () - start) < vcpu->owed_ns)
    sleep_ns (vcpu->owed_ns - waited);
  vcpu->delayed_ns += (guint64)waited;
  vcpu->owed_ns = MAX (vcpu->owed_ns - waited, -MAX_CREDIT_NS);
}

static void
miss (Vcpu *vcpu, guint64 address)
{
  int node = nv_delay_layout_find (&layout, address);

  if (node == NV_DELAY_NO_NODE)
    {
      vcpu->n_elsewhere++;
      return;
    }
  vcpu->n_misses[node]++;
  vcpu->owed_ns += (gint64)settings.rate_ns * settings.distances[vcpu->node][node] / LOCAL_DISTANCE;
  if (vcpu->owed_ns >= WAIT_NS)
    wait_owed (vcpu);
}

static void
see_access (unsigned index, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
  struct qemu_plugin_hwaddr *hardware;
  uint64_t place;
  Vcpu *vcpu;

  if (index >= n_vcpus || !vcpus[index])
    return;
  vcpu = vcpus[index];
  vcpu->n_accesses++;
  if (nv_delay_cache_use (&vcpu->cache, address))
    return;
  hardware = qemu_plugin_get_hwaddr (info, address);
  if (!hardware || qemu_plugin_hwaddr_is_io (hardware))
    return;
  place = qemu_plugin_hwaddr_phys_addr (hardware);
  if (!nv_delay_cache_use (&shared[vcpu->node], place))
    miss (vcpu, place);
}

static void
instrument (qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
  size_t n_instructions = qemu_plugin_tb_n_insns (block);

  for (size_t i = 0; i < n_instructions; i++)
    qemu_plugin_register_vcpu_mem_cb (qemu_plugin_tb_get_insn (block, i), see_access, QEMU_PLUGIN_CB_NO_REGS,
                                      QEMU_PLUGIN_MEM_RW, NULL);
}

static void
report_node (GString *text, unsigned node)
{
  Vcpu sum = { .node = (int)node };

  for (unsigned i = 0; i < n_vcpus; i++)
    {
      if (!vcpus[i] || vcpus[i]->node != (int)node)
        continue;
      sum.n_accesses += vcpus[i]->n_accesses;
      sum.delayed_ns += vcpus[i]->delayed_ns;
      sum.n_elsewhere += vcpus[i]->n_elsewhere;
      for (unsigned other = 0; other < settings.n_nodes; other++)
        sum.n_misses[other] += vcpus[i]->n_misses[other];
    }
  g_string_append_printf (text, "%s{\"accesses\":%" G_GUINT64_FORMAT ",\"delayed_ns\":%" G_GUINT64_FORMAT,
                          node > 0 ? ",\n " : "", sum.n_accesses, sum.delayed_ns);
  g_string_append_printf (text, ",\"elsewhere\":%" G_GUINT64_FORMAT ",\"misses\":", sum.n_elsewhere);
  for (unsigned other = 0; other < settings.n_nodes; other++)
    g_string_append_printf (text, "%c%" G_GUINT64_FORMAT, other > 0 ? ',' : '[', sum.n_misses[other]);
  g_string_append (text, "]}");
}

/* One JSON object: for each node what its vCPUs did, their misses by the memory's node. */
static void
write_report (void)
{
  static const char *const readings[] = { [NV_DELAY_PHYSICAL] = "physical", [NV_DELAY_BLOCKS] = "blocks" };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_append_printf (text, "{\"rate_ns\":%u,\"addresses\":\"%s\",\n\"nodes\":[", settings.rate_ns,
                          layout.reading < 0 ? "unknown" : readings[layout.reading]);
  for (unsigned node = 0; node < settings.n_nodes; node++)
    report_node (text, node);
  g_string_append (text, "]}\n");
  if (!g_file_set_contents_full (settings.report, text->str, (gssize)text->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
    g_printerr ("numavm-numa-delay: %s\n", error->message);
}

/* Again and again, since QEMU may be killed. */
static gpointer
keep_report (gpointer data)
{
  for (;;)
    {
      sleep_ns (REPORT_NS);
      write_report ();
    }
  return NULL;
}

static void
write_last_report (qemu_plugin_id_t id, void *data)
{
  write_report ();
}

static void
make_vcpus (const qemu_info_t *info)
{
  n_vcpus = MIN ((unsigned)info->system.max_vcpus, NV_DELAY_MAX_CPUS);
  vcpus = g_new0 (Vcpu *, n_vcpus);
  for (unsigned i = 0; i < n_vcpus; i++)
    {
      if (settings.cpu_nodes[i] == NV_DELAY_NO_NODE)
        continue;
      vcpus[i] = g_aligned_alloc0 (1, sizeof (Vcpu), 2 * NV_DELAY_LINE_BYTES);
      vcpus[i]->node = settings.cpu_nodes[i];
      nv_delay_cache_init (&vcpus[i]->cache, settings.private_bytes, PRIVATE_WAYS);
    }
  for (unsigned node = 0; node < settings.n_nodes; node++)
    nv_delay_cache_init (&shared[node], settings.shared_bytes, SHARED_WAYS);
}

int
qemu_plugin_install (qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!info->system_emulation)
    {
      g_printerr ("numavm-numa-delay: this QEMU emulates one program: only a whole machine has nodes\n");
      return -1;
    }
  nv_delay_settings_init (&settings);
  if (!nv_delay_settings_parse (argv, argc, &settings, &error))
    {
      g_printerr ("numavm-numa-delay: %s\n", error->message);
      nv_delay_settings_clear (&settings);
      return -1;
    }
  nv_delay_layout_init (&layout, settings.memory_bytes, settings.n_nodes);
  make_vcpus (info);
  qemu_plugin_register_vcpu_tb_trans_cb (id, instrument);
  if (settings.report)
    {
      g_thread_unref (g_thread_new ("numa-delay", keep_report, NULL));
      qemu_plugin_register_atexit_cb (id, write_last_report, NULL);
    }
  return 0;
}
