#include "vm/disk.h"
#include "base/error.h"
#include "base/size.h"
#include "vm/new-file.h"
#include "vm/qemu-img.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* As qemu-img rounds sizes up. */
#define SECTOR_BYTES G_GUINT64_CONSTANT (512)

/* qcow2 as qemu-img makes it by default: clusters of 64 KiB; header, refcount table and refcount block take
 * one each, then the L1 table with 8 bytes for each 512 MiB (qemu: docs/interop/qcow2.txt). */
#define QCOW2_CLUSTER_BYTES    (64 * NV_KIB)
#define QCOW2_L1_ENTRY_BYTES   G_GUINT64_CONSTANT (8)
#define QCOW2_L1_ENTRY_REACHES (512 * NV_MIB)

/* Each holds a descriptor, of which a process has 1024 by default. */
#define MAX_ORIGINALS 64

/* The first disk of its kind, from which those like it are copied. */
typedef struct
{
  gboolean busy; /* a thread is making it */
  int fd;        /* -1: there is none */
  struct stat made;
} Original;

struct NvDiskMaker
{
  GMutex lock;
  GCond changed;
  GHashTable *originals; /* by what is alike */
  guint n_kept;          /* originals with a descriptor */
  GMutex bases_lock;
  GHashTable *bases; /* of NvDiskInfo, by path */
  gint64 qemu_img_us;
};

/* One disk to be made. */
typedef struct
{
  const NvDisk *disk;
  NvDiskFlags flags;
  const NvDiskInfo *base; /* (nullable): owned by the maker */
  guint64 size_bytes;
} Order;

static void
original_free (gpointer data)
{
  Original *original = data;

  if (original->fd >= 0)
    close (original->fd);
  g_free (original);
}

NvDiskMaker *
nv_disk_maker_new (void)
{
  NvDiskMaker *maker = g_new0 (NvDiskMaker, 1);

  g_mutex_init (&maker->lock);
  g_cond_init (&maker->changed);
  g_mutex_init (&maker->bases_lock);
  maker->originals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, original_free);
  maker->bases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)nv_disk_info_free);
  return maker;
}

void
nv_disk_maker_free (NvDiskMaker *maker)
{
  if (!maker)
    return;
  g_hash_table_unref (maker->originals);
  g_hash_table_unref (maker->bases);
  g_mutex_clear (&maker->bases_lock);
  g_cond_clear (&maker->changed);
  g_mutex_clear (&maker->lock);
  g_free (maker);
}

gint64
nv_disk_maker_qemu_img_us (NvDiskMaker *maker)
{
  return __atomic_load_n (&maker->qemu_img_us, __ATOMIC_RELAXED);
}

static gboolean
run_qemu_img (NvDiskMaker *maker, const char *const *arguments, GCancellable *cancellable, GError **error)
{
  gint64 since = g_get_monotonic_time ();
  g_autofree char *output = nv_qemu_img_run (arguments, cancellable, error);

  __atomic_add_fetch (&maker->qemu_img_us, g_get_monotonic_time () - since, __ATOMIC_RELAXED);
  return output != NULL;
}

/* The base is looked at once, however many disks stand on it; who comes meanwhile waits.
 * Returns: (transfer none). */
static const NvDiskInfo *
look_at_base (NvDiskMaker *maker, const char *path, GError **error)
{
  gint64 since = g_get_monotonic_time ();
  NvDiskInfo *info;

  g_mutex_lock (&maker->bases_lock);
  info = g_hash_table_lookup (maker->bases, path);
  if (!info && (info = nv_disk_info_read (path, NULL, error)))
    {
      g_hash_table_insert (maker->bases, g_strdup (path), info);
      __atomic_add_fetch (&maker->qemu_img_us, g_get_monotonic_time () - since, __ATOMIC_RELAXED);
    }
  g_mutex_unlock (&maker->bases_lock);
  return info;
}

/* By its text, or by another way there. */
static gboolean
is_same_file (const char *path, const char *other)
{
  struct stat status, other_status;

  return g_str_equal (path, other)
         || (stat (path, &status) == 0 && stat (other, &other_status) == 0
             && status.st_dev == other_status.st_dev && status.st_ino == other_status.st_ino);
}

static gboolean
check_against_base (const Order *order, GError **error)
{
  const NvDisk *disk = order->disk;

  if (disk->format == NV_DISK_RAW && !(order->flags & NV_DISK_FULL_COPY))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "disk '%s': raw cannot be an overlay of '%s': choose qcow2 or a full copy", disk->path,
                 disk->base);
  else if (is_same_file (disk->path, disk->base))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': cannot be its own base", disk->path);
  else if (order->size_bytes < order->base->virtual_bytes)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "disk '%s': %" G_GUINT64_FORMAT " bytes are less than its base '%s' has: %" G_GUINT64_FORMAT,
                 disk->path, order->size_bytes, disk->base, order->base->virtual_bytes);
  else
    return TRUE;
  return FALSE;
}

static gboolean
complete_order (NvDiskMaker *maker, Order *order, GError **error)
{
  const NvDisk *disk = order->disk;

  if (disk->base && !(order->base = look_at_base (maker, disk->base, error)))
    {
      g_prefix_error (error, "disk '%s': base: ", disk->path);
      return FALSE;
    }
  order->size_bytes = disk->size_bytes;
  if (order->size_bytes == 0 && order->base)
    order->size_bytes = order->base->virtual_bytes;
  if (order->size_bytes == 0 || order->size_bytes > G_MAXINT64 - SECTOR_BYTES)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "disk '%s': size %" G_GUINT64_FORMAT ": from 1 byte to 8 EiB is allowed", disk->path,
                   order->size_bytes);
      return FALSE;
    }
  order->size_bytes = (order->size_bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
  return !order->base || check_against_base (order, error);
}

/* Makes the content from nothing but the base. */
static gboolean
make_original (NvDiskMaker *maker, const Order *order, NvNewFile *file, GCancellable *cancellable,
               GError **error)
{
  const char *format = nv_disk_format_name (order->disk->format);
  const NvDiskInfo *base = order->base;
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, order->size_bytes);

  if (!base)
    return run_qemu_img (maker, (const char *[]){ "create", "-q", "-f", format, file->temporary, size, NULL },
                         cancellable, error);
  if (!(order->flags & NV_DISK_FULL_COPY))
    return run_qemu_img (maker,
                         (const char *[]){ "create", "-q", "-f", format, "-b", base->path, "-F", base->format,
                                           file->temporary, size, NULL },
                         cancellable, error);
  if (!run_qemu_img (maker,
                     (const char *[]){ "convert", "-q", "-f", base->format, "-O", format, base->path,
                                       file->temporary, NULL },
                     cancellable, error))
    return FALSE;
  return order->size_bytes == base->virtual_bytes
         || run_qemu_img (maker,
                          (const char *[]){ "resize", "-q", "-f", format, file->temporary, size, NULL },
                          cancellable, error);
}

/* What disks must have in common to have the same content. */
static char *
kind_of (const Order *order)
{
  return g_strdup_printf ("%s %" G_GUINT64_FORMAT " %s %s", nv_disk_format_name (order->disk->format),
                          order->size_bytes, order->flags & NV_DISK_FULL_COPY ? "copy" : "overlay",
                          order->base ? order->base->path : "");
}

/* Waits while another thread makes it. With a descriptor: to copy from. Without one: the caller makes it,
 * and must call settle_original(). */
static Original *
claim_original (NvDiskMaker *maker, const Order *order)
{
  g_autofree char *kind = kind_of (order);
  Original *original;

  g_mutex_lock (&maker->lock);
  original = g_hash_table_lookup (maker->originals, kind);
  if (!original)
    {
      original = g_new0 (Original, 1);
      original->fd = -1;
      g_hash_table_insert (maker->originals, g_steal_pointer (&kind), original);
    }
  while (original->busy)
    g_cond_wait (&maker->changed, &maker->lock);
  original->busy = original->fd < 0;
  g_mutex_unlock (&maker->lock);
  return original;
}

/* @file: (nullable): what was made; NULL: it failed, and whoever waits tries again. */
static void
settle_original (NvDiskMaker *maker, Original *original, const NvNewFile *file)
{
  g_mutex_lock (&maker->lock);
  if (file && maker->n_kept < MAX_ORIGINALS && fstat (file->fd, &original->made) == 0)
    original->fd = fcntl (file->fd, F_DUPFD_CLOEXEC, 0);
  if (original->fd >= 0)
    maker->n_kept++;
  original->busy = FALSE;
  g_cond_broadcast (&maker->changed);
  g_mutex_unlock (&maker->lock);
}

/* An original is a disk with a name, so a VM may have begun to write to it. */
static gboolean
is_untouched (const Original *original)
{
  struct stat now;

  return fstat (original->fd, &now) == 0 && now.st_size == original->made.st_size
         && now.st_mtim.tv_sec == original->made.st_mtim.tv_sec
         && now.st_mtim.tv_nsec == original->made.st_mtim.tv_nsec;
}

static gboolean
make_blank_raw (const Order *order, NvNewFile *file, GError **error)
{
  if (ftruncate (file->fd, (off_t)order->size_bytes) == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%" G_GUINT64_FORMAT " bytes: %s", order->size_bytes,
               g_strerror (errno));
  return FALSE;
}

static gboolean
fill (NvDiskMaker *maker, const Order *order, NvNewFile *file, GCancellable *cancellable, GError **error)
{
  Original *original;
  gboolean made;

  if (order->disk->format == NV_DISK_RAW && !order->base)
    return make_blank_raw (order, file, error);
  original = claim_original (maker, order);
  if (original->fd < 0)
    {
      made = make_original (maker, order, file, cancellable, error);
      settle_original (maker, original, made ? file : NULL);
      return made;
    }
  if (!nv_file_copy (original->fd, file->fd, cancellable, error))
    return FALSE;
  return is_untouched (original) || make_original (maker, order, file, cancellable, error);
}

static guint64
needed_bytes (const Order *order)
{
  guint64 l1_bytes = (order->size_bytes / QCOW2_L1_ENTRY_REACHES + 1) * QCOW2_L1_ENTRY_BYTES;
  guint64 clusters = 3 + (l1_bytes + QCOW2_CLUSTER_BYTES - 1) / QCOW2_CLUSTER_BYTES;
  guint64 content = order->flags & NV_DISK_FULL_COPY && order->base ? order->base->actual_bytes : 0;

  return content + (order->disk->format == NV_DISK_QCOW2 ? clusters * QCOW2_CLUSTER_BYTES : 0);
}

static void
tell_space (const Order *order, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (order->disk->path);
  g_autofree char *needed = nv_size_format (needed_bytes (order));
  g_autofree char *available = NULL;
  struct statvfs fs;

  if (statvfs (dir, &fs) != 0)
    return;
  available = nv_size_format (fs.f_bavail * fs.f_frsize);
  g_clear_error (error);
  g_set_error (error, NV_ERROR, NV_ERROR_NO_SPACE,
               "disk '%s': directory '%s' is full: about %s are needed, %s are free", order->disk->path, dir,
               needed, available);
}

static gboolean
set_exists (const NvDisk *disk, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "disk '%s' exists", disk->path);
  return FALSE;
}

static gboolean
make_and_publish (NvDiskMaker *maker, const Order *order, GCancellable *cancellable, GError **error)
{
  g_autoptr (NvNewFile) file = nv_new_file_create (order->disk->path, error);

  return file && fill (maker, order, file, cancellable, error)
         && nv_new_file_publish (file, (order->flags & NV_DISK_OVERWRITE) != 0, error);
}

gboolean
nv_disk_create (NvDiskMaker *maker, const NvDisk *disk, NvDiskFlags flags, GCancellable *cancellable,
                GError **error)
{
  Order order = { .disk = disk, .flags = flags };
  g_autoptr (GError) problem = NULL;

  if (!(flags & NV_DISK_OVERWRITE) && g_file_test (disk->path, G_FILE_TEST_EXISTS))
    return set_exists (disk, error);
  if (!complete_order (maker, &order, error))
    return FALSE;
  if (make_and_publish (maker, &order, cancellable, &problem))
    return TRUE;
  if (g_error_matches (problem, NV_ERROR, NV_ERROR_EXISTS))
    return set_exists (disk, error);
  /* The partial file is gone by now, so what is free is what there was for it. */
  if (g_error_matches (problem, NV_ERROR, NV_ERROR_NO_SPACE))
    tell_space (&order, &problem);
  else
    g_prefix_error (&problem, "disk '%s': ", disk->path);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

gboolean
nv_disk_delete (const char *path, GError **error)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    g_set_error (error, NV_ERROR, errno == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED, "disk '%s': %s",
                 path, errno == ENOENT ? "there is none" : g_strerror (errno));
  else if (!S_ISREG (status.st_mode))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': is no regular file", path);
  else if (unlink (path) != 0)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot remove disk '%s': %s", path, g_strerror (errno));
  else
    return TRUE;
  return FALSE;
}

char *
nv_disk_path (const char *dir, const char *name, NvDiskFormat format)
{
  return g_strdup_printf ("%s/%s.%s", dir, name, nv_disk_format_name (format));
}
