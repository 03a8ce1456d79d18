#pragma once

#include "vm/disk.h"
#include "vm/driver.h"

/* VMs made together: all or nothing. */

typedef enum
{
  NV_FLEET_NO_START = 1 << 0, /* defined only */
  NV_FLEET_PAUSED = 1 << 1,   /* started, their CPUs left stopped */
  NV_FLEET_KEEP = 1 << 2,     /* a failure leaves what was made */
} NvFleetFlags;

typedef enum
{
  NV_STAGE_MAKE, /* disk, then definition */
  NV_STAGE_START,
  NV_STAGE_RESUME,
  NV_STAGE_ROLL_BACK,
  NV_STAGE_STOP,
  NV_STAGE_REMOVE,
  NV_N_STAGES
} NvStage;

/* A VM to be made, and what define() needs beside it. */
typedef struct
{
  NvVm *vm;
  char *template_xml; /* (nullable) */
  NvDiskFlags disk_flags;
} NvFleetMember;

void nv_fleet_member_free (NvFleetMember *member);

/* Where the time went. Stages: wall clock, from one to the next. Work: summed over the threads. */
typedef struct
{
  gint64 stage_us[NV_N_STAGES];
  gint64 disk_us;
  gint64 qemu_img_us; /* of disk_us: waiting for qemu-img */
  gint64 define_us;
  gint64 start_us;
  gint64 resume_us;
} NvFleetTimes;

/* @done of @total VMs are through the stage. Called in the thread that called nv_fleet_up(). */
typedef void (*NvFleetProgress) (NvStage stage, guint done, guint total, gpointer data);

typedef struct
{
  NvConnection *connection;
  GPtrArray *members;  /* of NvFleetMember */
  const char *network; /* (nullable): see NvDriver.define */
  NvFleetFlags flags;
  GCancellable *cancellable;
  NvFleetProgress progress; /* (nullable) */
  gpointer progress_data;
} NvFleetPlan;

/**
 * nv_fleet_up:
 * @ret_times: (out) (optional)
 *
 * Makes the disks and definitions in parallel; when all are there, starts all paused; when all are started,
 * resumes them. If any of it fails or is cancelled, no other VM is begun and all that this call made is taken
 * away again, unless
 * NV_FLEET_KEEP. Runs the default main context, so that signals (g_unix_signal_add()) can cancel.
 *
 * Returns: %FALSE with the first failure; its message counts the others, and names what could not be taken
 * away.
 */
gboolean nv_fleet_up (const NvFleetPlan *plan, NvFleetTimes *ret_times, GError **error);

/**
 * nv_fleet_down:
 * @infos: (element-type NvVmInfo): from NvDriver.list
 *
 * Stops, undefines, and removes the disks that numavm made, in parallel. Goes on past failures.
 *
 * Returns: %FALSE with the first failure, its message counting the others; NV_ERROR_UNAVAILABLE, with nothing
 * done, if @connection is remote.
 */
gboolean nv_fleet_down (NvConnection *connection, GPtrArray *infos, NvFleetProgress progress,
                        gpointer progress_data, GError **error);

/**
 * nv_fleet_start:
 * @infos: (element-type NvVmInfo): stopped ones are started, paused ones resumed
 * @paused: leave the CPUs stopped
 *
 * In parallel; goes on past failures. Returns: as nv_fleet_down().
 */
gboolean nv_fleet_start (NvConnection *connection, GPtrArray *infos, gboolean paused,
                         NvFleetProgress progress, gpointer progress_data, GError **error);

/**
 * nv_fleet_stop:
 * @timeout_s: how long a guest may take to power off; 0: pull the plug at once
 *
 * Asks all in parallel, then waits for all; goes on past failures. The default guest has nothing to save and
 * is not asked.
 *
 * Returns: as nv_fleet_down(); a guest that did not power off in time goes on running and is named in the
 * error.
 */
gboolean nv_fleet_stop (NvConnection *connection, GPtrArray *infos, guint timeout_s, NvFleetProgress progress,
                        gpointer progress_data, GError **error);
