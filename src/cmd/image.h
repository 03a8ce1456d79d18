#pragma once

#include "cmd/command.h"

/* What `numavm image` takes; each thing that it does has a file of its own, image-NAME.c. */
typedef struct
{
  char *output;

  /* build */
  char *kernel;
  char **add;
  gboolean debug_shell;
  char *distribution;
  char *packages;
  char *mirror;

  /* install, and size of a distribution's */
  char *iso;
  char *disk;
  char *size;
  char *memory;
  char *vcpus;
  char *network;
  char *name;
  gboolean keep;
} NvImageCommandOptions;

/* Run with the arguments behind their name, and options that mean something to them. */
int nv_image_run_build (NvCommandContext *context, GError **error);
int nv_image_run_distribution (NvCommandContext *context, GError **error); /* build --distribution */
int nv_image_run_guest (NvCommandContext *context, GError **error);
int nv_image_run_install (NvCommandContext *context, GError **error);
int nv_image_run_list (NvCommandContext *context, GError **error);
