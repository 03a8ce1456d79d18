#pragma once

/* Hosts as literals, for tests of the policy room. */

#include "base/size.h"
#include "placement/host.h"

#define THREADS_PER_CORE 2

typedef struct
{
  guint os_index;
  guint n_cores; /* of two threads each; 0: a node without CPUs */
  guint mib;     /* 0: a node without memory */
} TestNode;

/* All memory is available, distances are unknown, CPUs are numbered through from 0. */
static inline NvHost *
test_host (const TestNode *nodes, guint n_nodes)
{
  NvHost *host = nv_host_new ("test");
  guint cpu = 0;

  for (guint i = 0; i < n_nodes; i++)
    {
      NvNode *node = nv_host_add_node (host, nodes[i].os_index);

      node->memory_total_bytes = node->memory_available_bytes = nodes[i].mib * NV_MIB;
      for (guint j = 0; j < nodes[i].n_cores; j++)
        {
          NvSet *threads = nv_set_new ();

          for (guint k = 0; k < THREADS_PER_CORE; k++)
            nv_set_add (threads, cpu++);
          nv_node_take_core (node, threads);
        }
    }
  nv_host_finish (host);
  return host;
}

/* @n_nodes equal ones, numbered from 0. */
static inline NvHost *
test_host_even (guint n_nodes, guint n_cores, guint mib)
{
  g_autofree TestNode *nodes = g_new (TestNode, n_nodes);

  for (guint i = 0; i < n_nodes; i++)
    nodes[i] = (TestNode){ i, n_cores, mib };
  return test_host (nodes, n_nodes);
}
