#pragma once

#include <glib.h>

/* The machine that a lab emulates, as a plain table. */

enum
{
  NV_LAB_MAX_NODES = 16,
  NV_LAB_MAX_CPUS = 64, /* of all nodes together */
};

#define NV_LAB_HUGE_PAGE_BYTES (G_GUINT64_CONSTANT (2) << 20)

typedef struct
{
  guint64 memory_bytes; /* 0: CPUs only */
  guint n_cpus;         /* 0: memory only */
  guint n_huge_pages;   /* of NV_LAB_HUGE_PAGE_BYTES, reserved at boot */
} NvLabNode;

typedef struct
{
  guint n_nodes;
  NvLabNode nodes[NV_LAB_MAX_NODES];
  guint distances[NV_LAB_MAX_NODES][NV_LAB_MAX_NODES]; /* [from][to], as the SLIT has them */
} NvLabMachine;

/* What somebody asks for, as texts; NULL: the preset's, or the default. A preset is nothing else. */
typedef struct
{
  const char *nodes;      /* how many */
  const char *memory;     /* of each, or a list */
  const char *cpus;       /* of all, dealt out evenly, or a list */
  const char *distances;  /* by the difference of the nodes' indexes, or rows divided by `;` */
  const char *huge_pages; /* NODE:COUNT,... */
} NvLabRequest;

typedef struct
{
  const char *name;
  const char *summary;
  NvLabRequest request;
} NvLabPreset;

/* Ended by a NULL name. */
extern const NvLabPreset nv_lab_presets[];

/* The names of all, for messages. Returns: (transfer full). */
char *nv_lab_preset_names (void);

/**
 * nv_lab_machine_parse:
 * @preset: (nullable): the name of one, for what is not in @request
 *
 * Returns: %FALSE with NV_ERROR_USAGE: which option is wrong, and what is allowed.
 */
gboolean nv_lab_machine_parse (const NvLabRequest *request, const char *preset, NvLabMachine *ret_machine,
                               GError **error);

/* Do all of its nodes fit into so much memory? %FALSE with NV_ERROR_NO_FIT. */
gboolean nv_lab_machine_check_fit (const NvLabMachine *machine, guint64 available_bytes, GError **error);

guint64 nv_lab_machine_memory_bytes (const NvLabMachine *machine);
guint nv_lab_machine_cpus (const NvLabMachine *machine);

/* Parses @text for machine->n_nodes nodes. See nv_lab_machine_parse(). */
gboolean nv_lab_distances_parse (const char *text, NvLabMachine *machine, GError **error);

/* The default: 10 for a node itself, and 10 more a step. */
void nv_lab_distances_set_default (NvLabMachine *machine);
