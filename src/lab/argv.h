#pragma once

#include "lab/machine.h"

/* What a lab's QEMU is given beside its machine. Descriptors are inherited. */
typedef struct
{
  const char *qemu;
  const char *kernel;
  gboolean kvm;
  const char *plugin; /* (nullable): of the emulation, as -plugin takes it */
  int initramfs;
  int root;    /* of virtiofsd's socket, connected */
  int channel; /* see guest/lab/protocol.h */
  int console; /* what the kernel prints */
} NvLabQemu;

/* Returns: (transfer full): ended by NULL. */
char **nv_lab_qemu_argv (const NvLabMachine *machine, const NvLabQemu *qemu);
