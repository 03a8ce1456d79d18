#include "experiment/transfer.h"
#include "base/error.h"
#include "experiment/door.h"
#include "vm/console-log.h"
#include "vm/state.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* QEMU's user network has the host's loopback interface there. */
#define HOST_OF_GUEST "10.0.2.2"

/* Owns nothing, and may do nothing, on any machine. */
#define USER "nobody"

#define SSH_KEYGEN   "/usr/bin/ssh-keygen"
#define RUN_DIR      "/run/sshd" /* where sshd's unprivileged part looks at the network; nothing is in it */
#define INCOMING     "incoming"
#define LOG_LINES    8
#define OPEN_FOLDERS 16 /* of nftw() */

/* All that scp needs to put a file there, see sftp-server(8): no reading, no listing, no links, no removing.
 */
#define REQUESTS "open,close,write,lstat,stat,fstat,setstat,fsetstat,realpath,limits"

typedef struct
{
  char *name;   /* of its files */
  char *chroot; /* root's: sshd demands it */
  char *incoming;
  char *log;
  char *key; /* the private one, of the guest */
  NvDoor *door;
} Place;

struct NvTransfer
{
  char *dir;
  int lock; /* on @dir: it is in use */
  char *host_key;
  guint64 max_file_bytes;
  GPtrArray *places; /* of Place */
};

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED, "cannot make '%s': %s",
               path, g_strerror (errno));
  return FALSE;
}

/* --- may it be? --- */

/* sshd takes no folder that anybody but root could have replaced, up to the file system's root. */
static gboolean
check_path (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  struct stat status;

  if (strpbrk (path, "\"%\\\n") || !g_utf8_validate (path, -1, NULL))
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_UNAVAILABLE,
          "transport=scp: sshd's configuration cannot name '%s': set NUMAVM_STATE_DIR to another place",
          path);
      return FALSE;
    }
  if (lstat (path, &status) == 0 && !S_ISLNK (status.st_mode)
      && (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH))))
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_UNAVAILABLE,
          "transport=scp: others than root may write to '%s', and sshd wants no such folder above its "
          "own: set NUMAVM_STATE_DIR to another place",
          path);
      return FALSE;
    }
  return strcmp (parent, path) == 0 || check_path (parent, error);
}

gboolean
nv_transfer_check (GError **error)
{
  g_autofree char *path = nv_state_path ("transfers");
  const char *problem = NULL;

  if (geteuid () != 0)
    problem =
        "an sshd that locks guests into a folder needs root: run numavm as root, or leave transport=scp out";
  else if (access (NV_DOOR_SSHD, X_OK) != 0)
    problem = "'" NV_DOOR_SSHD "' is missing: install openssh-server";
  else if (access (SSH_KEYGEN, X_OK) != 0)
    problem = "'" SSH_KEYGEN "' is missing: install openssh-client";
  else if (!getpwnam (USER))
    problem = "there is no user '" USER "'";
  if (!problem)
    return check_path (path, error);
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "transport=scp: %s", problem);
  return FALSE;
}

/* --- keys and configurations --- */

/* Returns: (transfer full): the private key; @path.pub has the public one. */
static char *
make_key (const char *path, GError **error)
{
  const char *const argv[] = { SSH_KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path, NULL };
  g_autofree char *said = NULL;
  int status;
  char *key;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said, &status,
                     error))
    return NULL;
  if (!g_spawn_check_wait_status (status, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "ssh-keygen made no key: %s", g_strchomp (said));
      return NULL;
    }
  return g_file_get_contents (path, &key, NULL, error) ? key : NULL;
}

/* `TYPE BASE64`, without what follows. */
static char *
read_public_key (const char *private_path, GError **error)
{
  g_autofree char *path = g_strconcat (private_path, ".pub", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  words = g_strsplit_set (text, " \n", 3);
  if (g_strv_length (words) >= 2)
    return g_strdup_printf ("%s %s", words[0], words[1]);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "'%s' is no public key", path);
  return NULL;
}

static char *
format_config (const Place *place, const char *host_key, const char *authorized_keys)
{
  return g_strdup_printf ("HostKey \"%s\"\n"
                          "AuthorizedKeysFile \"%s\"\n"
                          "ChrootDirectory \"%s\"\n"
                          "ForceCommand internal-sftp -d /" INCOMING " -p " REQUESTS "\n"
                          "Subsystem sftp internal-sftp\n"
                          "AllowUsers " USER "\n"
                          "AuthenticationMethods publickey\n"
                          "PubkeyAuthentication yes\n"
                          "PasswordAuthentication no\n"
                          "KbdInteractiveAuthentication no\n"
                          "PermitRootLogin no\n"
                          "UsePAM no\n"
                          "StrictModes yes\n"
                          "DisableForwarding yes\n"
                          "AllowTcpForwarding no\n"
                          "AllowStreamLocalForwarding no\n"
                          "AllowAgentForwarding no\n"
                          "X11Forwarding no\n"
                          "PermitTunnel no\n"
                          "PermitOpen none\n"
                          "PermitListen none\n"
                          "PermitTTY no\n"
                          "PermitUserRC no\n"
                          "PermitUserEnvironment no\n"
                          "MaxAuthTries 3\n"
                          "MaxSessions 1\n"
                          "LoginGraceTime 60\n"
                          "ClientAliveInterval 20\n"
                          "ClientAliveCountMax 3\n"
                          "UseDNS no\n"
                          "PidFile none\n"
                          "LogLevel INFO\n",
                          host_key, authorized_keys, place->chroot);
}

/* Of each VM only the public part stays in a file. */
static gboolean
write_keys (Place *place, const char *stem, const char *authorized_keys, GError **error)
{
  g_autofree char *path = g_strconcat (stem, ".key", NULL);
  g_autofree char *public = NULL, *line = NULL;

  place->key = make_key (path, error);
  if (!place->key || !(public = read_public_key (path, error)))
    return FALSE;
  line = g_strdup_printf ("restrict %s\n", public);
  if (unlink (path) != 0 || !g_file_set_contents (authorized_keys, line, -1, error))
    return FALSE;
  return chmod (authorized_keys, 0644) == 0 || fail (authorized_keys, error);
}

/* --- a VM's place --- */

static void
place_free (gpointer data)
{
  Place *place = data;

  nv_door_free (place->door);
  g_free (place->name);
  g_free (place->chroot);
  g_free (place->incoming);
  g_free (place->log);
  g_free (place->key);
  g_free (place);
}

/* A VM may be called what scp would take for a host, and a shell for more. */
static char *
choose_name (const char *vm, guint index)
{
  gboolean is_plain = g_ascii_isalnum (*vm);

  for (const char *at = vm; *at && is_plain; at++)
    is_plain = g_ascii_isalnum (*at) || strchr ("._-", *at);
  return is_plain ? g_strdup (vm) : g_strdup_printf ("vm%u", index);
}

static gboolean
make_folders (const Place *place, GError **error)
{
  const struct passwd *user = getpwnam (USER);

  if (mkdir (place->chroot, 0755) != 0 || chmod (place->chroot, 0755) != 0)
    return fail (place->chroot, error);
  if (mkdir (place->incoming, 0700) != 0 || !user || chown (place->incoming, user->pw_uid, user->pw_gid) != 0)
    return fail (place->incoming, error);
  return TRUE;
}

static gboolean
add_place (NvTransfer *transfer, const char *vm, GError **error)
{
  guint index = transfer->places->len;
  g_autofree char *stem = g_strdup_printf ("%s/%u", transfer->dir, index);
  g_autofree char *authorized_keys = g_strconcat (stem, ".authorized", NULL);
  g_autofree char *config = g_strconcat (stem, ".config", NULL);
  g_autofree char *host_key = g_build_filename (transfer->dir, "host", NULL);
  g_autofree char *text = NULL;
  Place *place = g_new0 (Place, 1);

  g_ptr_array_add (transfer->places, place);
  place->name = choose_name (vm, index);
  place->chroot = g_strconcat (stem, ".root", NULL);
  place->incoming = g_build_filename (place->chroot, INCOMING, NULL);
  place->log = g_strconcat (stem, ".log", NULL);
  text = format_config (place, host_key, authorized_keys);
  if (!make_folders (place, error) || !write_keys (place, stem, authorized_keys, error)
      || !g_file_set_contents (config, text, -1, error))
    return FALSE;
  place->door = nv_door_open (config, place->log, place->incoming, transfer->max_file_bytes, error);
  return place->door != NULL;
}

/* --- the whole --- */

static int
remove_entry (const char *path, const struct stat *status, int type, struct FTW *position)
{
  remove (path);
  return 0;
}

static void
remove_tree (const char *path)
{
  nftw (path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static int
lock_dir (const char *path, int operation)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd >= 0 && flock (fd, operation) == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

/* What nobody holds is what a numavm left that was killed. */
static void
remove_leftovers (const char *all)
{
  g_autoptr (GDir) dir = g_dir_open (all, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (all, name, NULL);
      int lock = lock_dir (path, LOCK_EX | LOCK_NB);

      if (lock < 0)
        continue;
      remove_tree (path);
      close (lock);
    }
}

/* Nobody sweeps between a folder's making and its lock. */
static gboolean
make_dir (NvTransfer *transfer, GError **error)
{
  g_autofree char *all = nv_state_transfers_dir (error);
  gboolean made;
  int all_lock;

  if (!all)
    return FALSE;
  all_lock = lock_dir (all, LOCK_EX);
  if (all_lock < 0)
    return fail (all, error);
  remove_leftovers (all);
  transfer->dir = g_build_filename (all, "XXXXXX", NULL);
  /* sshd reads the public key as the user that it is for. */
  made = (g_mkdtemp (transfer->dir) && (transfer->lock = lock_dir (transfer->dir, LOCK_EX)) >= 0
          && chmod (transfer->dir, 0711) == 0)
         || fail (transfer->dir, error);
  close (all_lock);
  return made;
}

static gboolean
make_host_key (NvTransfer *transfer, GError **error)
{
  g_autofree char *path = g_build_filename (transfer->dir, "host", NULL);
  g_autofree char *private = make_key (path, error);

  transfer->host_key = private ? read_public_key (path, error) : NULL;
  return transfer->host_key != NULL;
}

NvTransfer *
nv_transfer_start (const char *const *names, guint n, guint64 max_file_bytes, GError **error)
{
  g_autoptr (NvTransfer) transfer = g_new0 (NvTransfer, 1);

  transfer->lock = -1;
  transfer->max_file_bytes = max_file_bytes;
  transfer->places = g_ptr_array_new_with_free_func (place_free);
  if (!nv_transfer_check (error) || !make_dir (transfer, error))
    return NULL;
  if (mkdir (RUN_DIR, 0755) != 0 && errno != EEXIST)
    {
      fail (RUN_DIR, error);
      return NULL;
    }
  if (!make_host_key (transfer, error))
    return NULL;
  for (guint i = 0; i < n; i++)
    if (!add_place (transfer, names[i], error))
      return NULL;
  return g_steal_pointer (&transfer);
}

void
nv_transfer_free (NvTransfer *transfer)
{
  if (!transfer)
    return;
  g_ptr_array_unref (transfer->places);
  if (transfer->dir)
    remove_tree (transfer->dir);
  if (transfer->lock >= 0)
    close (transfer->lock);
  g_free (transfer->host_key);
  g_free (transfer->dir);
  g_free (transfer);
}

json_t *
nv_transfer_job (const NvTransfer *transfer, guint index)
{
  const Place *place = g_ptr_array_index (transfer->places, index);

  return json_pack ("{s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "host", HOST_OF_GUEST, "port",
                    (int)nv_door_port (place->door), "user", USER, "folder", "/" INCOMING, "key", place->key,
                    "host_key", transfer->host_key, "name", place->name);
}

gboolean
nv_transfer_take (NvTransfer *transfer, guint index, NvSentLine hear, gpointer data, const char *results,
                  GError **error)
{
  const Place *place = g_ptr_array_index (transfer->places, index);
  const NvSent sent = { place->incoming, place->name, transfer->max_file_bytes };
  GError *first = NULL;

  nv_door_close (place->door);
  if (nv_door_fault (place->door))
    g_set_error (&first, NV_ERROR, NV_ERROR_FAILED, "it %s", nv_door_fault (place->door));
  else
    nv_sent_read (&sent, hear, data, &first);
  if (results)
    nv_sent_copy (&sent, results, first ? NULL : &first);
  if (!first)
    return TRUE;
  g_propagate_error (error, first);
  return FALSE;
}

char *
nv_transfer_log_tail (const NvTransfer *transfer, guint index)
{
  const Place *place = g_ptr_array_index (transfer->places, index);

  return nv_console_log_tail (place->log, LOG_LINES);
}
