#include "vm/qemu-argv.h"
#include "base/argv.h"
#include "base/error.h"
#include "bench/protocol.h"

#include <jansson.h>
#include <string.h>

/* Takes @value. Keys stay in the order they were set in, so that the same VM always gets the same argv. */
static void
add_json (GPtrArray *argv, const char *option, json_t *value)
{
  char *text = json_dumps (value, JSON_COMPACT);

  nv_argv_add (argv, option, text);
  free (text);
  json_decref (value);
}

/* In QEMU's own `key=value,...` a comma in a value is written twice. */
static char *
double_commas (const char *text)
{
  GString *doubled = g_string_new (text);

  g_string_replace (doubled, ",", ",,", 0);
  return g_string_free (doubled, FALSE);
}

static const char *const policies[] = {
  [NV_MEMORY_STRICT] = "bind",
  [NV_MEMORY_PREFERRED] = "preferred",
  [NV_MEMORY_INTERLEAVE] = "interleave",
};

static gboolean
check_placement (const NvVm *vm, GError **error)
{
  const GPtrArray *regions = vm->placement->regions;
  guint64 memory_bytes = nv_placement_memory_bytes (vm->placement);

  /* A record on disk can say anything. */
  if (memory_bytes != vm->memory_bytes)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "VM '%s': its placement holds %" G_GUINT64_FORMAT
                   " bytes, its memory is %" G_GUINT64_FORMAT,
                   vm->name, memory_bytes, vm->memory_bytes);
      return FALSE;
    }
  for (guint i = 0; i < regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (regions, i);

      if (region->mode == NV_MEMORY_RESTRICTIVE)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                       "VM '%s': memory mode 'restrictive': QEMU cannot express it: use --driver libvirt",
                       vm->name);
          return FALSE;
        }
      if (region->mode != NV_MEMORY_DEFAULT && !region->nodes)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "VM '%s': memory mode '%s' without a node",
                       vm->name, nv_memory_mode_name (region->mode));
          return FALSE;
        }
    }
  return TRUE;
}

static void
add_backend (GPtrArray *argv, const NvRegion *region, const char *id)
{
  json_t *object = json_pack ("{s:s, s:s, s:I}", "qom-type",
                              region->page_size_bytes > 0 ? "memory-backend-memfd" : "memory-backend-ram",
                              "id", id, "size", (json_int_t)region->size_bytes);

  if (region->page_size_bytes > 0)
    {
      /* A memfd needs no mounted hugetlbfs that QEMU's user may write to. */
      json_object_set_new (object, "hugetlb", json_true ());
      json_object_set_new (object, "hugetlbsize", json_integer ((json_int_t)region->page_size_bytes));
    }
  if (region->mode != NV_MEMORY_DEFAULT)
    {
      json_t *nodes = json_array ();

      NV_SET_FOREACH (node, region->nodes)
      json_array_append_new (nodes, json_integer (node));
      json_object_set_new (object, "host-nodes", nodes);
      json_object_set_new (object, "policy", json_string (policies[region->mode]));
    }
  /* Huge pages always, as libvirt does: a pool that runs dry later would kill the guest. */
  if (region->preallocate || region->page_size_bytes > 0)
    json_object_set_new (object, "prealloc", json_true ());
  add_json (argv, "-object", object);
}

/* One guest cell a region; vCPUs in even, adjoining runs. A cell may be without. */
static void
add_cell (GPtrArray *argv, const NvVm *vm, guint cell, const char *id)
{
  guint n_cells = vm->placement->regions->len;
  guint first = (guint)((guint64)vm->vcpus * cell / n_cells);
  guint end = (guint)((guint64)vm->vcpus * (cell + 1) / n_cells);

  if (first < end)
    nv_argv_add_format (argv, "-numa", "node,nodeid=%u,cpus=%u-%u,memdev=%s", cell, first, end - 1, id);
  else
    nv_argv_add_format (argv, "-numa", "node,nodeid=%u,memdev=%s", cell, id);
}

static void
add_memory (GPtrArray *argv, const NvVm *vm)
{
  const GPtrArray *regions = vm->placement->regions;

  if (regions->len == 1)
    {
      add_backend (argv, g_ptr_array_index (regions, 0), "ram");
      return;
    }
  for (guint i = 0; i < regions->len; i++)
    {
      g_autofree char *id = g_strdup_printf ("ram%u", i);

      add_backend (argv, g_ptr_array_index (regions, i), id);
      add_cell (argv, vm, i, id);
    }
}

static void
add_machine (GPtrArray *argv, const NvVm *vm)
{
  g_autofree char *name = double_commas (vm->name);

  /* Threads named `CPU 0/TCG` are how people and tools tell vCPUs apart. */
  nv_argv_add_format (argv, "-name", "guest=%s,debug-threads=on", name);
  nv_argv_add (argv, "-uuid", vm->uuid);
  /* Without graphics SeaBIOS, and with it an installer's boot menu, uses the serial port. */
  nv_argv_add_format (argv, "-machine", "pc,accel=%s%s%s", nv_accel_name (vm->accel),
                      vm->placement->regions->len == 1 ? ",memory-backend=ram" : "",
                      vm->cdrom ? ",graphics=off" : "");
  nv_argv_add (argv, "-cpu", "max");
  nv_argv_add_format (argv, "-smp", "%u,sockets=%u,cores=1,threads=1", vm->vcpus, vm->vcpus);
  nv_argv_add_format (argv, "-m", "%" G_GUINT64_FORMAT "B", vm->memory_bytes);
  add_memory (argv, vm);
}

static void
add_disk (GPtrArray *argv, const NvDisk *disk)
{
  add_json (argv, "-blockdev",
            json_pack ("{s:s, s:s, s:{s:s, s:s}}", "driver", nv_disk_format_name (disk->format), "node-name",
                       "disk0", "file", "driver", "file", "filename", disk->path));
  add_json (argv, "-device", json_pack ("{s:s, s:s}", "driver", "virtio-blk-pci", "drive", "disk0"));
}

/* QEMU stays when the installer is done, in a state that says how: query-status tells it. */
static void
add_cdrom (GPtrArray *argv, const char *path)
{
  add_json (argv, "-blockdev",
            json_pack ("{s:s, s:s, s:b, s:{s:s, s:s}}", "driver", "raw", "node-name", "cdrom0", "read-only",
                       1, "file", "driver", "file", "filename", path));
  add_json (argv, "-device",
            json_pack ("{s:s, s:s, s:i}", "driver", "ide-cd", "drive", "cdrom0", "bootindex", 0));
  add_json (argv, "-device", json_pack ("{s:s}", "driver", "pvpanic"));
  nv_argv_add (argv, "-action", "reboot=shutdown,shutdown=pause,panic=pause");
}

static void
add_network (GPtrArray *argv)
{
  add_json (argv, "-netdev", json_pack ("{s:s, s:s}", "type", "user", "id", "net0"));
  /* Without the boot ROM, whose package need not be installed: nothing boots from the network. */
  add_json (argv, "-device",
            json_pack ("{s:s, s:s, s:s}", "driver", "virtio-net-pci", "netdev", "net0", "romfile", ""));
}

static void
add_socket (GPtrArray *argv, const char *id, const char *path, const char *log)
{
  g_autofree char *socket = double_commas (path);
  g_autofree char *file = log ? double_commas (log) : NULL;

  nv_argv_add_format (argv, "-chardev", "socket,id=%s,path=%s,server=on,wait=off%s%s%s", id, socket,
                      file ? ",logfile=" : "", file ? file : "", file ? ",logappend=off" : "");
}

/* Where guest and host talk (bench/protocol.h). */
static void
add_channel (GPtrArray *argv, const char *socket)
{
  add_socket (argv, "channel", socket, NULL);
  add_json (argv, "-device", json_pack ("{s:s}", "driver", "virtio-serial-pci"));
  add_json (argv, "-device",
            json_pack ("{s:s, s:s, s:s}", "driver", "virtserialport", "chardev", "channel", "name",
                       NV_CHANNEL_NAME));
}

static void
add_guest (GPtrArray *argv, const NvVm *vm)
{
  if (!vm->kernel)
    return;
  nv_argv_add (argv, "-kernel", vm->kernel);
  if (vm->initrd)
    nv_argv_add (argv, "-initrd", vm->initrd);
  if (vm->command_line)
    nv_argv_add (argv, "-append", vm->command_line);
}

char **
nv_qemu_argv_render (const NvVm *vm, const NvQemuPaths *paths, const char *network, GError **error)
{
  GPtrArray *argv;

  if (!check_placement (vm, error))
    return NULL;
  argv = g_ptr_array_new ();
  nv_argv_add (argv, paths->emulator, NULL);
  add_machine (argv, vm);
  nv_argv_add (argv, "-nodefaults", NULL);
  nv_argv_add (argv, "-no-user-config", NULL);
  nv_argv_add (argv, "-display", "none");
  if (vm->disk)
    add_disk (argv, vm->disk);
  if (vm->cdrom)
    add_cdrom (argv, vm->cdrom);
  if (g_strcmp0 (network, "user") == 0)
    add_network (argv);
  add_socket (argv, "console", paths->console_socket, vm->console_log);
  add_json (argv, "-device", json_pack ("{s:s, s:s}", "driver", "isa-serial", "chardev", "console"));
  add_channel (argv, paths->channel_socket);
  add_socket (argv, "qmp", paths->qmp_socket, NULL);
  nv_argv_add (argv, "-mon", "chardev=qmp,mode=control");
  add_guest (argv, vm);
  nv_argv_add (argv, "-S", NULL);
  nv_argv_add (argv, "-daemonize", NULL);
  nv_argv_add (argv, "-pidfile", paths->pid_file);
  g_ptr_array_add (argv, NULL);
  return (char **)g_ptr_array_free (argv, FALSE);
}
