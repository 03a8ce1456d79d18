#include "guest/lab/mounts.h"

#include "guest/lab/fail.h"
#include "guest/lab/protocol.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
make_directories (const char *path)
{
  char part[PATH_MAX];

  snprintf (part, sizeof part, "%s", path);
  for (char *slash = strchr (part + 1, '/'); slash; slash = strchr (slash + 1, '/'))
    {
      *slash = '\0';
      mkdir (part, 0755);
      *slash = '/';
    }
  mkdir (part, 0755);
}

static void
mount_or_fail (const char *source, const char *target, const char *type, unsigned long flags,
               const char *options)
{
  make_directories (target);
  if (mount (source, target, type, flags, options) != 0)
    nv_lab_fail ("cannot mount '%s' on '%s': %s", source, target, strerror (errno));
}

/* One mount of the share only: a second one of the same tag could not differ in whether it may be written. */
static void
mount_share (const char *out)
{
  char path[PATH_MAX];

  mount_or_fail (NV_LAB_ROOT_TAG, "/lower", "virtiofs", out ? 0 : MS_RDONLY, NULL);
  if (!out)
    return;
  snprintf (path, sizeof path, "/lower%s", out);
  mount_or_fail (path, "/out", NULL, MS_BIND, NULL);
  if (mount (NULL, "/lower", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
    nv_lab_fail ("cannot protect the host's root directory: %s", strerror (errno));
}

/* The rights of who mounts it are those an overlay uses below. With this one it opens all files without
 * touching their times of access, which an ordinary user on the host may do to files of his own only. */
static void
set_fowner (bool has)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

  if (syscall (SYS_capget, &header, data) != 0)
    return;
  data[0].effective = (data[0].effective & ~(1U << CAP_FOWNER)) | (has ? 1U << CAP_FOWNER : 0);
  syscall (SYS_capset, &header, data);
}

void
nv_lab_enter_root (const char *out, bool ordinary)
{
  mount_share (out);
  mount_or_fail ("overlay", "/overlay", "tmpfs", 0, "mode=0755");
  make_directories ("/overlay/upper");
  make_directories ("/overlay/work");
  set_fowner (!ordinary);
  mount_or_fail ("overlay", "/root", "overlay", 0,
                 "lowerdir=/lower,upperdir=/overlay/upper,workdir=/overlay/work");
  set_fowner (true);
  mount_or_fail ("run", "/root/run", "tmpfs", 0, "mode=0755");
  if (out)
    mount_or_fail ("/out", "/root" NV_LAB_OUT_DIRECTORY, NULL, MS_MOVE, NULL);
  if (chdir ("/root") != 0 || mount (".", "/", NULL, MS_MOVE, NULL) != 0 || chroot (".") != 0
      || chdir ("/") != 0)
    nv_lab_fail ("cannot go to the host's root directory: %s", strerror (errno));
}

static void
set_up_network (void)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };

  if (fd < 0 || ioctl (fd, SIOCSIFFLAGS, &loopback) != 0)
    printf ("numavm lab: no loopback interface: %s\n", strerror (errno));
  if (fd >= 0)
    close (fd);
}

void
nv_lab_set_up_system (void)
{
  static const struct
  {
    const char *type, *target, *options;
    bool optional; /* this kernel may lack it */
  } mounts[] = {
    { "proc", "/proc" },
    { "sysfs", "/sys" },
    { "cgroup2", "/sys/fs/cgroup", .optional = true },
    { "devtmpfs", "/dev" },
    { "devpts", "/dev/pts", "mode=0620,ptmxmode=0666" },
    { "tmpfs", "/dev/shm" },
    { "hugetlbfs", "/dev/hugepages", .optional = true }, /* libvirt takes huge pages from there */
    /* The VMs of the machine outside must not be seen, and even less started, in here. */
    { "tmpfs", "/var/lib/libvirt", "mode=0755" },
    { "tmpfs", "/etc/libvirt/qemu", "mode=0755" },
    { "tmpfs", "/var/lib/numavm", "mode=0755" },
  };

  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
    {
      make_directories (mounts[i].target);
      if (!mounts[i].optional)
        mount_or_fail (mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].options);
      else if (mount (mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].options) != 0)
        printf ("numavm lab: no '%s': %s\n", mounts[i].target, strerror (errno));
    }
  make_directories ("/run/lock");
  sethostname ("lab", strlen ("lab"));
  set_up_network ();
}
