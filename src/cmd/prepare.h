#pragma once

#include "cmd/command.h"
#include "policy/plan.h"
#include "vm/fleet.h"

/* From requests to VMs that can be made: what `up` and `define` share. Nothing is made here, except, when
 * wanted, the default guest, which all VMs share. */

typedef struct
{
  /* In. */
  const NvCommandContext *context;
  GPtrArray *requests;  /* of NvRequest */
  NvProblems *problems; /* gets what is wrong, by the request's line */
  guint64 seed;
  const char *network;  /* (nullable) */
  const char *kernel;   /* (nullable): of the default guest */
  const char *disk_dir; /* (nullable): the default */
  NvDiskFormat disk_format;
  const char *disk_path;   /* (nullable): instead of one below disk_dir; with one request */
  gboolean refer_to_disks; /* disks are somebody else's: they are referred to, neither made nor removed */
  gboolean only_print;     /* nothing will be made: names that exist and networks do not matter */
  gboolean no_guest;       /* the default guest is not needed: VMs are only looked at */

  /* Out. */
  NvDriverHost *host;
  NvAccel accel;
  char *emulation_reason; /* (nullable): why the CPUs are emulated */
  guint n_bad_inputs;     /* problems that are the input's own, not the host's lack of room */
  GPtrArray *members;     /* of NvFleetMember, by request; complete only if there are no problems */
} NvPreparation;

/* Reads the host and chooses the accelerator. Call first, so that parsing can know the host. */
gboolean nv_prepare_host (NvPreparation *preparation, GError **error);

/**
 * nv_prepare_members:
 *
 * Checks, plans and builds. What is wrong with a request goes to problems; what is wrong with everything (no
 * connection, no kernel for the default guest) is the error.
 */
gboolean nv_prepare_members (NvPreparation *preparation, GError **error);

/* NvCommand.list: the policies. */
char *nv_list_policies (void);

void nv_preparation_clear (NvPreparation *preparation);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvPreparation, nv_preparation_clear)
