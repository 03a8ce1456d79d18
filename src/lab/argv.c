#include "lab/argv.h"

#include "base/argv.h"
#include "base/size.h"
#include "guest/lab/protocol.h"

/* A socket for each node that has CPUs where that comes out even: caches and packages end where nodes do. */
static guint
count_sockets (const NvLabMachine *machine)
{
  guint n_sockets = 0, n_cpus = 0;

  for (guint i = 0; i < machine->n_nodes; i++)
    {
      const NvLabNode *node = machine->nodes + i;

      if (node->n_cpus == 0)
        continue;
      if (n_cpus > 0 && node->n_cpus != n_cpus)
        return nv_lab_machine_cpus (machine);
      n_cpus = node->n_cpus;
      n_sockets++;
    }
  return n_sockets;
}

static void
add_cpus_and_memory (GPtrArray *argv, const NvLabMachine *machine)
{
  guint n_cpus = nv_lab_machine_cpus (machine), n_sockets = count_sockets (machine);

  nv_argv_add_format (argv, "-smp", "%u,sockets=%u,cores=%u,threads=1", n_cpus, n_sockets,
                      n_cpus / n_sockets);
  nv_argv_add_format (argv, "-m", "%" G_GUINT64_FORMAT "M", nv_lab_machine_memory_bytes (machine) / NV_MIB);
}

/* Shared, so that virtiofsd can write what it reads right into it. */
static void
add_node (GPtrArray *argv, guint index, const NvLabNode *node, guint first_cpu)
{
  GString *numa = g_string_new (NULL);

  g_string_printf (numa, "node,nodeid=%u", index);
  if (node->memory_bytes > 0)
    {
      nv_argv_add_format (argv, "-object",
                          "memory-backend-memfd,id=node%u,size=%" G_GUINT64_FORMAT "M,share=on", index,
                          node->memory_bytes / NV_MIB);
      g_string_append_printf (numa, ",memdev=node%u", index);
    }
  if (node->n_cpus > 0)
    g_string_append_printf (numa, ",cpus=%u-%u", first_cpu, first_cpu + node->n_cpus - 1);
  nv_argv_add (argv, "-numa", numa->str);
  g_string_free (numa, TRUE);
}

static void
add_nodes (GPtrArray *argv, const NvLabMachine *machine)
{
  guint n_cpus = 0;

  for (guint i = 0; i < machine->n_nodes; i++)
    {
      add_node (argv, i, machine->nodes + i, n_cpus);
      n_cpus += machine->nodes[i].n_cpus;
    }
  for (guint from = 0; from < machine->n_nodes; from++)
    for (guint to = 0; to < machine->n_nodes; to++)
      if (from != to)
        nv_argv_add_format (argv, "-numa", "dist,src=%u,dst=%u,val=%u", from, to,
                            machine->distances[from][to]);
}

/* RDRAND fills the kernel's entropy pool at once; a kernel that panics ends the lab. */
static void
add_command_line (GPtrArray *argv, const NvLabMachine *machine)
{
  GString *line = g_string_new ("console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on");
  const char *separator = " hugepagesz=2M hugepages=";

  for (guint i = 0; i < machine->n_nodes; i++)
    if (machine->nodes[i].n_huge_pages > 0)
      {
        g_string_append_printf (line, "%s%u:%u", separator, i, machine->nodes[i].n_huge_pages);
        separator = ",";
      }
  nv_argv_add (argv, "-append", line->str);
  g_string_free (line, TRUE);
}

static void
add_devices (GPtrArray *argv, const NvLabQemu *qemu)
{
  nv_argv_add_format (argv, "-chardev", "socket,id=console,fd=%d", qemu->console);
  nv_argv_add (argv, "-serial", "chardev:console");
  nv_argv_add_format (argv, "-chardev", "socket,id=root,fd=%d", qemu->root);
  nv_argv_add (argv, "-device", "vhost-user-fs-pci,chardev=root,queue-size=1024,tag=" NV_LAB_ROOT_TAG);
  nv_argv_add_format (argv, "-chardev", "socket,id=channel,fd=%d", qemu->channel);
  nv_argv_add (argv, "-device", "virtio-serial-pci");
  nv_argv_add (argv, "-device", "virtserialport,chardev=channel,nr=1");
}

char **
nv_lab_qemu_argv (const NvLabMachine *machine, const NvLabQemu *qemu)
{
  GPtrArray *argv = g_ptr_array_new ();

  nv_argv_add (argv, qemu->qemu, NULL);
  nv_argv_add (argv, "-name", "numavm-lab,debug-threads=on");
  nv_argv_add (argv, "-machine", "pc");
  /* A plain CPU: five-level page tables, SMAP or AVX cost more to emulate than they save. */
  nv_argv_add (argv, "-accel", qemu->kvm ? "kvm" : "tcg,thread=multi");
  nv_argv_add (argv, "-cpu", qemu->kvm ? "host" : "Nehalem,+rdrand");
  if (qemu->plugin)
    nv_argv_add (argv, "-plugin", qemu->plugin);
  add_cpus_and_memory (argv, machine);
  nv_argv_add (argv, "-nodefaults", NULL);
  nv_argv_add (argv, "-no-user-config", NULL);
  nv_argv_add (argv, "-no-reboot", NULL);
  nv_argv_add (argv, "-display", "none");
  nv_argv_add (argv, "-kernel", qemu->kernel);
  nv_argv_add_format (argv, "-initrd", "/proc/self/fd/%d", qemu->initramfs);
  add_command_line (argv, machine);
  add_nodes (argv, machine);
  add_devices (argv, qemu);
  g_ptr_array_add (argv, NULL);
  return (char **)g_ptr_array_free (argv, FALSE);
}
