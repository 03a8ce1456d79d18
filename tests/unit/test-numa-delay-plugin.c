/* The plugin itself, loaded as a newer QEMU would: one whose interface starts at version 2, and that tells
 * plugins the guest's own addresses. The lab's test is about the QEMU that is there. */

#include "plugin/qemu-api.h"

#include <dlfcn.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#define GIB  (G_GUINT64_CONSTANT (1) << 30)
#define LINE 64

struct qemu_plugin_hwaddr
{
  uint64_t address;
  bool io;
};

/* --- a QEMU --- */

static qemu_plugin_vcpu_tb_trans_cb_t translate;
static qemu_plugin_vcpu_mem_cb_t access_memory;
static qemu_plugin_udata_cb_t end;

int qemu_plugin_num_vcpus (void);

int
qemu_plugin_num_vcpus (void)
{
  return 2;
}

void
qemu_plugin_register_vcpu_tb_trans_cb (qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback)
{
  translate = callback;
}

size_t
qemu_plugin_tb_n_insns (const struct qemu_plugin_tb *block)
{
  return 1;
}

struct qemu_plugin_insn *
qemu_plugin_tb_get_insn (const struct qemu_plugin_tb *block, size_t index)
{
  return NULL;
}

void
qemu_plugin_register_vcpu_mem_cb (struct qemu_plugin_insn *instruction, qemu_plugin_vcpu_mem_cb_t callback,
                                  enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data)
{
  access_memory = callback;
}

/* The guest's virtual addresses are its physical ones; those from 8 GiB on are a device's. */
struct qemu_plugin_hwaddr *
qemu_plugin_get_hwaddr (qemu_plugin_meminfo_t info, uint64_t address)
{
  static struct qemu_plugin_hwaddr found;

  found = (struct qemu_plugin_hwaddr){ address, address >= 8 * GIB };
  return &found;
}

bool
qemu_plugin_hwaddr_is_io (const struct qemu_plugin_hwaddr *address)
{
  return address->io;
}

uint64_t
qemu_plugin_hwaddr_phys_addr (const struct qemu_plugin_hwaddr *address)
{
  return address->address;
}

void
qemu_plugin_register_atexit_cb (qemu_plugin_id_t id, qemu_plugin_udata_cb_t callback, void *data)
{
  end = callback;
}

/* --- what it does with the plugin --- */

typedef int (*InstallFunction) (qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

static char *report;
static int version;
static InstallFunction install_plugin;

static void
load (void)
{
  void *module = dlopen (g_getenv ("NV_NUMA_DELAY"), RTLD_NOW | RTLD_LOCAL);

  if (!module)
    g_error ("%s", dlerror ());
  version = *(int *)dlsym (module, "qemu_plugin_version");
  install_plugin = (InstallFunction)dlsym (module, "qemu_plugin_install");
}

static int
install (gboolean whole_machine, const char *arguments)
{
  const qemu_info_t info = {
    .target_name = "x86_64",
    .version = { 2, 5 },
    .system_emulation = whole_machine,
    .system = { 2, 2 },
  };
  g_auto (GStrv) split = g_strsplit (arguments, " ", -1);

  return install_plugin (1, &info, (int)g_strv_length (split), split);
}

static void
use_lines (unsigned vcpu, guint64 start, guint n_lines)
{
  for (guint i = 0; i < n_lines; i++)
    access_memory (vcpu, 0, start + i * (guint64)LINE, NULL);
}

static char *
read_report (void)
{
  char *text = NULL;

  end (1, NULL);
  g_assert_true (g_file_get_contents (report, &text, NULL, NULL));
  return text;
}

static void
assert_reported (const char *text, const char *part)
{
  if (!strstr (text, part))
    g_error ("no '%s' in %s", part, text);
}

static void
newer_qemu_finds_its_version (void)
{
  g_assert_cmpint (version, ==, 2);
}

static void
what_cannot_be_is_refused (void)
{
  g_assert_cmpint (install (FALSE, "node=0-1/1073741824/10"), !=, 0);
  g_assert_cmpint (install (TRUE, "node=0-1/1073741824/10:20"), !=, 0);
  g_assert_null (translate);
}

/* Nodes at 0 and 1 GiB; the second one's addresses from 1 to 2 GiB are none of an older QEMU's. */
static void
misses_are_delayed_by_distance (void)
{
  g_autofree char *arguments =
      g_strdup_printf ("rate=1000 node=0/1073741824/10:40 node=1/1073741824/30:10 report=%s", report);
  g_autofree char *text = NULL;
  gint64 start_us;

  g_assert_cmpint (install (TRUE, arguments), ==, 0);
  translate (1, NULL);
  use_lines (1, GIB, 20000);
  start_us = g_get_monotonic_time (); /* what is owed and not yet waited for is 200 at most */
  use_lines (0, GIB + GIB / 2, 10000);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 10000 * 4 - 250);
  use_lines (1, 0, 5000);
  text = read_report ();
  assert_reported (text, "\"rate_ns\":1000,\"addresses\":\"physical\"");
  assert_reported (text, "\"accesses\":10000,");
  assert_reported (text, "\"misses\":[0,10000]");
  assert_reported (text, "\"accesses\":25000,");
  assert_reported (text, "\"misses\":[5000,");
}

static void
caches_and_devices_cost_nothing (void)
{
  g_autofree char *before = read_report (), *after = NULL;
  const char *misses = strstr (before, "\"misses\"");
  g_autofree char *first = g_strndup (misses, strcspn (misses, "]"));

  use_lines (0, GIB + GIB / 2 + 9990 * LINE, 10);
  use_lines (0, 8 * GIB, 1000);
  after = read_report ();
  assert_reported (after, "\"accesses\":11010,");
  assert_reported (after, first);
}

/* A vCPU that was not there at the start, or is on no node. */
static void
unknown_vcpu_is_left_alone (void)
{
  g_autofree char *before = read_report (), *after = NULL;

  use_lines (2, 0, 100);
  use_lines (5000, 0, 100);
  after = read_report ();
  g_assert_cmpstr (before, ==, after);
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = g_dir_make_tmp ("numavm-XXXXXX", NULL);
  int failed;

  g_test_init (&argc, &argv, NULL);
  report = g_build_filename (directory, "report", NULL);
  load ();
  g_test_add_func ("/numa-delay-plugin/newer_qemu_finds_its_version", newer_qemu_finds_its_version);
  g_test_add_func ("/numa-delay-plugin/what_cannot_be_is_refused", what_cannot_be_is_refused);
  g_test_add_func ("/numa-delay-plugin/misses_are_delayed_by_distance", misses_are_delayed_by_distance);
  g_test_add_func ("/numa-delay-plugin/caches_and_devices_cost_nothing", caches_and_devices_cost_nothing);
  g_test_add_func ("/numa-delay-plugin/unknown_vcpu_is_left_alone", unknown_vcpu_is_left_alone);
  failed = g_test_run ();
  g_unlink (report);
  g_rmdir (directory);
  g_free (report);
  return failed;
}
