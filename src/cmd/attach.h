#pragma once

#include "cmd/command.h"

/* A VM's serial console on this terminal. */

typedef enum
{
  NV_ATTACH_ENDED,    /* the console was closed: the VM ended */
  NV_ATTACH_LEFT,     /* the user typed the escape, Ctrl-] */
  NV_ATTACH_STOPPED,  /* by tick() */
  NV_ATTACH_NO_OUTPUT /* what the guest prints cannot be written; errno says why */
} NvAttachEnd;

typedef struct
{
  const NvCommandContext *context;
  const char *name; /* of the VM */
  int console;      /* from NvDriver.open_console */
  int output;       /* what the guest prints goes there */

  /* (nullable): who has it ends by itself what deadly signals end. Called about twice a second. Returns: go
   * on? */
  gboolean (*tick) (gpointer data);
  /* (nullable): sees what the guest prints. */
  void (*printed) (const char *bytes, gsize length, gpointer data);
  gpointer data;
} NvAttach;

/**
 * nv_attach:
 *
 * Connects standard input to the console and the console to the output. A terminal is raw meanwhile; the end
 * of an input that is no terminal only ends the input.
 */
NvAttachEnd nv_attach (const NvAttach *attach);
