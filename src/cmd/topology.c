/* topology: nodes, CPUs, memory, distances of this host, of libvirt's view of a host, or of a described one.
 */

#include "cmd/command.h"
#include "host/topology.h"
#include "report/topology.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *host;
  gboolean libvirt;
  gboolean no_picture;
} TopologyOptions;

static NvHost *
read_own_view (const NvCommandContext *context, GError **error)
{
  g_autoptr (NvConnection) connection = nv_open_connection (context->common, error);

  if (connection && connection->driver->own_view)
    return connection->driver->own_view (connection, error);
  if (connection)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "topology: driver '%s' sees the host as numavm does: leave out --libvirt and --connect",
                 connection->driver->name);
  return NULL;
}

static NvHost *
read_host (const NvCommandContext *context, GError **error)
{
  const TopologyOptions *options = context->options;

  if (options->host && options->libvirt)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "topology: --host or --libvirt, not both");
      return NULL;
    }
  if (options->host)
    return nv_host_describe (options->host, error);
  return options->libvirt || context->common->connect ? read_own_view (context, error)
                                                      : nv_host_read ("/", error);
}

/* What there is to say of each part, with a blank line between. */
static void
print_parts (char *const *parts)
{
  gboolean first = TRUE;

  for (; *parts; parts++)
    {
      if (!**parts)
        continue;
      printf ("%s%s", first ? "" : "\n", *parts);
      first = FALSE;
    }
}

static int
run_topology (NvCommandContext *context, GError **error)
{
  const TopologyOptions *options = context->options;
  NvTopologyStyle style = { .utf8 = g_get_charset (NULL), .columns = nv_columns_of_output () };
  g_autoptr (NvHost) host = NULL;
  g_auto (GStrv) parts = NULL;

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "topology: '%s': a machine is described with --host '%s'",
                   context->arguments[0], context->arguments[0]);
      return NV_EXIT_USAGE;
    }
  host = read_host (context, error);
  if (!host)
    return NV_EXIT_FAILED;
  if (context->common->json)
    {
      nv_print_json (nv_topology_to_json (host));
      return NV_EXIT_DONE;
    }
  parts = g_new0 (char *, 4);
  parts[0] = nv_topology_format_nodes (host, &style);
  parts[1] = nv_topology_format_distances (host, &style);
  parts[2] = options->no_picture ? NULL : nv_topology_draw (host, &style);
  print_parts (parts);
  return NV_EXIT_DONE;
}

static const NvOption topology_options[] = {
  { "host", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (TopologyOptions, host), "FILE|TEXT",
    "a described machine: a file in hwloc's XML, or hwloc's words, such as 'node:4 core:2 pu:2'" },
  { "libvirt", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (TopologyOptions, libvirt), NULL,
    "the host as libvirt sees it; so with --connect" },
  { "no-picture", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (TopologyOptions, no_picture), NULL, "only the tables" },
  { NULL },
};

const NvCommand nv_command_topology = {
  .name = "topology",
  .summary = "show a host's nodes, CPUs, memory and distances",
  .description =
      "Shows this host, the host behind a libvirt connection, or a machine that is only described: for each "
      "node its cores, CPUs, memory, huge pages and whether a VM may use it, the distances between nodes, and "
      "a picture in which the nodes nearest to each other stand side by side.\n\n"
      "What is available on a node of this host is its free memory and what the kernel can reclaim of page "
      "cache and slab, less the low watermark: what a VM can get there without swapping. libvirt reports "
      "free memory only.\n\n"
      "The other commands place VMs on the nodes that this table calls usable.",
  .examples = "# this host\n"
              "numavm topology\n"
              "# a machine that lstopo recorded elsewhere\n"
              "numavm topology --host machine.xml\n"
              "numavm topology --host 'package:2 node:2 core:8 pu:2'\n"
              "numavm topology --libvirt --connect qemu+ssh://host/system",
  .options_size = sizeof (TopologyOptions),
  .options = topology_options,
  .run = run_topology,
};
