#include "guest/announce.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* As the kernel writes it, such as "0-3"; "0" where it knows of no nodes. */
static void
read_nodes (char *ret_nodes, size_t size)
{
  FILE *file = fopen ("/sys/devices/system/node/online", "re");

  snprintf (ret_nodes, size, "0");
  if (!file)
    return;
  if (fgets (ret_nodes, (int)size, file))
    ret_nodes[strcspn (ret_nodes, "\n")] = '\0';
  fclose (file);
}

/* The beginning of the line is NV_GUEST_UP of the host program. */
void
nv_announce (void)
{
  struct utsname kernel;
  struct sysinfo memory;
  char nodes[256];

  uname (&kernel);
  sysinfo (&memory);
  read_nodes (nodes, sizeof nodes);
  printf ("numavm guest: up, kernel %s, %ld vCPUs, %llu MiB, NUMA nodes %s\n", kernel.release,
          sysconf (_SC_NPROCESSORS_ONLN), (unsigned long long)memory.totalram * memory.mem_unit >> 20, nodes);
}
