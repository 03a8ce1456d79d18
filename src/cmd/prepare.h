#pragma once

#include "cmd/command.h"
#include "policy/plan.h"
#include "vm/fleet.h"

/* From requests to VMs that can be made: what `up` and `define` share. Nothing is made here, except, when
 * wanted, the default guest, which all VMs share. */

/* What the options say of each VM. */
typedef struct
{
  char *policy;
  char *nodes;
  char *cpus;
  char *pages;
  char *template;
  char *network;
  char *kernel;
  char *image;
  char *format;
  gboolean prealloc;
} NvVmOptions;

/* Rows for an NvOption table; @Type has an NvVmOptions called `vm`. */
/* clang-format off */
#define NV_VM_OPTIONS(Type) \
  { "policy", 'p', NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.policy), "NAME", \
    "where memory goes: see below; default: none" }, \
  { "nodes", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.nodes), "N", \
    "choose among the first N nodes that a VM may use; default: all" }, \
  { "cpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.cpus), "free|same|NODES", \
    "pin to the CPUs of these nodes, or of the memory's; default: free" }, \
  { "pages", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.pages), "SIZE", \
    "memory from huge pages of this size, such as 2M" }, \
  { "prealloc", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (Type, vm.prealloc), NULL, \
    "allocate all memory at start" }, \
  { "format", 'f', NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.format), "qcow2|raw", \
    "of the disk; default: that of an image that is there, else qcow2" }, \
  { "template", 't', NV_OPTION_FILE, G_STRUCT_OFFSET (Type, vm.template), "FILE", \
    "domain XML of your own" }, \
  { "network", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (Type, vm.network), "user|none|NAME", \
    "instead of what the template says" }, \
  { "kernel", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (Type, vm.kernel), "FILE", \
    "of the default guest; default: the newest one found" }, \
  { "image", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (Type, vm.image), "DIR", \
    "instead of the default guest: what `numavm image build` made" }
/* clang-format on */

typedef struct
{
  /* In. */
  const NvCommandContext *context;
  GPtrArray *requests;  /* of NvRequest */
  NvProblems *problems; /* gets what is wrong, by the request's line */
  guint64 seed;
  const char *network;  /* (nullable) */
  const char *kernel;   /* (nullable): of the default guest */
  const char *image;    /* (nullable): directory of a guest instead of that */
  const char *disk_dir; /* (nullable): the default */
  NvDiskFormat disk_format;
  const char *disk_path;   /* (nullable): instead of one below disk_dir; with one request */
  const char *cdrom;       /* (nullable): absolute: an installer's medium, see NvVm */
  gboolean refer_to_disks; /* disks are somebody else's: they are referred to, neither made nor removed */
  gboolean only_print;     /* nothing will be made: names that exist and networks do not matter */
  gboolean no_guest;       /* the default guest is not needed: VMs are only looked at */

  /* Out. */
  NvDriverHost *host;
  NvAccel accel;
  char *emulation_reason; /* (nullable): why the CPUs are emulated */
  guint n_bad_lines;      /* that are wrong in themselves, or on this host */
  guint n_bad_inputs;     /* problems that are the input's own, not the host's lack of room */
  GPtrArray *members;     /* of NvFleetMember, by request; complete only if there are no problems */
} NvPreparation;

/* What the options say, to @request and to @preparation. */
gboolean nv_vm_options_read (const NvVmOptions *options, NvRequest *request, NvPreparation *preparation,
                             GError **error);

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
