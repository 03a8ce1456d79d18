#include "image/bootstrap.h"
#include "base/error.h"
#include "image/directory.h"
#include "image/distribution-resource.h"
#include "image/tool.h"
#include "vm/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_PACKAGE "linux-image-cloud-amd64"

/* What the guest's service and workloads of any kind rely on: a system that boots, and hears its power
 * button; page policies, scp. */
#define ALWAYS "systemd,systemd-sysv,udev,kmod,acpid,numactl,openssh-client"

/* What was said that tells why a tool failed. */
typedef struct
{
  const NvBootstrap *bootstrap;
  char *complaint;   /* (nullable): of apt's and mmdebstrap's, the first */
  char *last;        /* (nullable) */
  gboolean is_full;  /* a file system has no room left */
  gboolean is_small; /* the disk has not enough for the system */
} Listener;

static void
listener_clear (Listener *listener)
{
  g_free (listener->complaint);
  g_free (listener->last);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listener, listener_clear)

/* --- what the tools say --- */

static const struct
{
  const char *said, *shown;
} stages[] = {
  { "I: running apt-get update", "reads the lists of packages" },
  { "I: downloading packages", "downloads the packages of the base system" },
  { "I: extracting archives", "unpacks the base system" },
  { "I: installing essential", "installs the base system" },
  { "I: installing remaining", "downloads and installs packages" },
  { "I: cleaning package lists", "cleans up" },
  { "I: making the disk", "makes the disk" },
  { "I: compacting the disk", "compacts the disk" },
};

static void
on_line (const char *line, gpointer data)
{
  Listener *listener = data;
  const NvDistributionOptions *options = listener->bootstrap->options;

  options->log (line, options->data);
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    if (g_str_has_prefix (line, stages[i].said))
      options->progress (stages[i].shown, options->data);
  if (strstr (line, "No space left on device"))
    listener->is_full = TRUE;
  if (strstr (line, "Could not allocate"))
    listener->is_small = TRUE;
  if (!listener->complaint && g_str_has_prefix (line, "E: "))
    listener->complaint = g_strdup (line + strlen ("E: "));
  if (*line)
    {
      g_free (listener->last);
      listener->last = g_strdup (line);
    }
}

/* (nullable) (transfer full): the last word of "Unable to locate package NAME". */
static char *
unknown_package (const char *complaint)
{
  static const char *const texts[] = { "Unable to locate package ", "Package '", NULL };
  char *name = NULL;

  for (guint i = 0; complaint && texts[i] && !name; i++)
    if (g_str_has_prefix (complaint, texts[i])
        && (i == 0 || strstr (complaint, "has no installation candidate")))
      {
        const char *from = complaint + strlen (texts[i]);

        name = g_strndup (from, strcspn (from, "' "));
      }
  return name;
}

/* @problem: how the tool ended; replaced by why. */
static void
explain (const Listener *listener, GError *taken_problem, GError **error)
{
  g_autoptr (GError) problem = taken_problem;
  g_autofree char *package = unknown_package (listener->complaint);

  if (!g_error_matches (problem, NV_ERROR, NV_ERROR_FAILED))
    g_propagate_error (error, g_steal_pointer (&problem));
  else if (package)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "package '%s': '%s' has none of that name: `apt-cache search WORD` finds names", package,
                 listener->bootstrap->options->suite);
  else if (listener->is_small)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "--size: the packages do not fit on a disk of %" G_GUINT64_FORMAT " MiB: say more",
                 listener->bootstrap->options->size_bytes >> 20);
  else if (listener->is_full)
    g_set_error (error, NV_ERROR, NV_ERROR_NO_SPACE,
                 "no space left in '%s' for the system, its disk and its packages: about 3 GiB are needed",
                 listener->bootstrap->scratch);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s: %s (--verbose shows all that is said)",
                 problem->message, listener->complaint ?: listener->last ?: "it says nothing");
}

static gboolean
run (const NvBootstrap *self, GPtrArray *argv, GError **error)
{
  g_auto (Listener) listener = { .bootstrap = self };
  GError *problem = NULL;

  g_ptr_array_add (argv, NULL);
  if (nv_tool_run ((const char *const *)argv->pdata, self->inside, on_line, &listener,
                   self->options->cancellable, &problem))
    return TRUE;
  explain (&listener, problem, error);
  return FALSE;
}

/* --- the two steps --- */

static void add_format (GPtrArray *argv, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_format (GPtrArray *argv, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (argv, g_strdup_vprintf (format, args));
  va_end (args);
}

/* Returns: (transfer full): the text of a script; scripts are given to a shell as text, so that nobody must
 * be able to enter the directory of a file. */
static char *
script (const char *name)
{
  g_autofree char *path = g_build_filename ("/numavm/distribution", name, NULL);
  g_autoptr (GBytes) content =
      g_resource_lookup_data (nv_distribution_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  gsize length;
  const char *bytes = g_bytes_get_data (content, &length);

  return g_strndup (bytes, length);
}

/* What documents a system has no use in one that is measured; licences stay. */
static void
add_exclusions (GPtrArray *argv)
{
  add_format (argv, "--dpkgopt=path-exclude=/usr/share/man/*");
  add_format (argv, "--dpkgopt=path-exclude=/usr/share/locale/*");
  add_format (argv, "--dpkgopt=path-exclude=/usr/share/doc/*");
  add_format (argv, "--dpkgopt=path-include=/usr/share/doc/*/copyright");
}

/* The cache goes in before anything is downloaded, and out when all is. */
static void
add_hooks (const NvBootstrap *self, GPtrArray *argv)
{
  g_autofree char *configure = script ("configure.sh");
  g_autofree char *cache = g_shell_quote (self->cache);
  g_autofree char *work = g_shell_quote (self->work);

  add_format (argv, "--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"");
  add_format (argv, "--setup-hook=sync-in %s /var/cache/apt/archives", cache);
  add_format (argv, "--essential-hook=%s", configure);
  add_format (argv, "--customize-hook=upload %s/" NV_BOOTSTRAP_GUEST " /usr/lib/numavm/guest", work);
  add_format (argv, "--customize-hook=upload %s/" NV_BOOTSTRAP_UNIT " /etc/systemd/system/" NV_BOOTSTRAP_UNIT,
              work);
  add_format (argv, "--customize-hook=%s", configure);
  add_format (argv, "--customize-hook=sync-out /var/cache/apt/archives %s", cache);
}

gboolean
nv_bootstrap_install (const NvBootstrap *self, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  const char *kernel = self->options->kernel_package;
  GString *include = g_string_new (ALWAYS);

  g_string_append_printf (include, ",%s", kernel ? kernel : KERNEL_PACKAGE);
  for (guint i = 0; i < self->packages->len; i++)
    g_string_append_printf (include, ",%s", (const char *)g_ptr_array_index (self->packages, i));
  add_format (argv, "mmdebstrap");
  /* Of root's it takes the mount namespace alone: whatever happens, no mount stays. */
  add_format (argv, "--mode=unshare");
  add_format (argv, "--variant=minbase");
  add_format (argv, "--format=directory");
  add_format (argv, "--skip=download/empty,essential/unlink");
  add_format (argv, "--include=%s", include->str);
  add_exclusions (argv);
  add_hooks (self, argv);
  add_format (argv, "%s", self->options->suite);
  add_format (argv, "%s/root", self->scratch);
  add_format (argv, "%s/" NV_BOOTSTRAP_SOURCES, self->work);
  g_string_free (include, TRUE);
  return run (self, argv, error);
}

/* A command that sees the system's files as its root does. */
static GPtrArray *
begin_inside (void)
{
  GPtrArray *argv = g_ptr_array_new_with_free_func (g_free);

  if (geteuid () != 0)
    {
      add_format (argv, "mmdebstrap");
      add_format (argv, "--unshare-helper");
    }
  return argv;
}

/* Holes stay holes. */
static gboolean
copy_file (const NvBootstrap *self, const char *name, GError **error)
{
  g_autofree char *from = g_build_filename (self->inside, "out", name, NULL);
  g_autofree char *to = g_build_filename (self->work, "image", name, NULL);
  int in = open (from, O_RDONLY | O_CLOEXEC);
  int out = open (to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  gboolean copied = FALSE;

  if (in >= 0 && out >= 0)
    copied = nv_file_copy (in, out, self->options->cancellable, error);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot copy '%s' to '%s': %s", from, to,
                 g_strerror (errno));
  if (in >= 0)
    close (in);
  if (out >= 0)
    close (out);
  return copied;
}

/* From the scratch directory to this user's own. */
static gboolean
take_over (const NvBootstrap *self, const char *made, GError **error)
{
  static const char *const names[] = { NV_DISTRIBUTION_DISK, NV_IMAGE_KERNEL, NV_IMAGE_INITRAMFS, "packages",
                                       "kernel" };
  g_autofree char *out = g_build_filename (self->inside, "out", NULL);

  if (strcmp (self->scratch, self->work) == 0 && g_rename (out, made) == 0)
    return TRUE;
  if (g_mkdir (made, 0755) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", made,
                   g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (!copy_file (self, names[i], error))
      return FALSE;
  return TRUE;
}

char *
nv_bootstrap_make_disk (const NvBootstrap *self, const char *command_line, guint64 bytes, GError **error)
{
  g_autoptr (GPtrArray) argv = begin_inside ();
  g_autofree char *made = g_build_filename (self->work, "image", NULL);
  g_autofree char *text = script ("disk.sh");

  add_format (argv, "sh");
  add_format (argv, "-c");
  add_format (argv, "%s", text);
  add_format (argv, "disk.sh");
  add_format (argv, "%s/root", self->scratch);
  add_format (argv, "%s/out", self->inside);
  add_format (argv, "%" G_GUINT64_FORMAT, bytes);
  add_format (argv, "%s", command_line);
  return run (self, argv, error) && take_over (self, made, error) ? g_steal_pointer (&made) : NULL;
}

/* --- its directories --- */

static char *
make_temporary (char *template, mode_t mode, GError **error)
{
  if (g_mkdtemp (template) && chmod (template, mode) == 0)
    return template;
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot make directory '%s': %s", template, g_strerror (errno));
  g_free (template);
  return NULL;
}

static void
ignore_line (const char *line, gpointer data)
{
}

/* Nothing outside is reached: it leaves file systems that are mounted there alone. */
static gboolean
remove_tree (GPtrArray *taken_argv, const char *path)
{
  g_autoptr (GPtrArray) argv = taken_argv;

  add_format (argv, "rm");
  add_format (argv, "-rf");
  add_format (argv, "--one-file-system");
  add_format (argv, "--");
  add_format (argv, "%s", path);
  g_ptr_array_add (argv, NULL);
  return nv_tool_run ((const char *const *)argv->pdata, NULL, ignore_line, NULL, NULL, NULL);
}

/* Is there a namespace? What is made in its directory must not be there before, and is nobody else's to move.
 */
static gboolean
enter (NvBootstrap *self, GError **error)
{
  g_autoptr (GPtrArray) argv = begin_inside ();
  g_autoptr (GError) problem = NULL;

  self->inside = g_build_filename (self->scratch, "inside", NULL);
  if (g_mkdir (self->inside, 0700) != 0 || chmod (self->inside, 01777) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", self->inside,
                   g_strerror (errno));
      return FALSE;
    }
  add_format (argv, "true");
  if (run (self, argv, &problem))
    return TRUE;
  g_set_error (error, NV_ERROR, problem->code,
               "a distribution's image needs root, or a user namespace with users of its own (/etc/subuid, "
               "newuidmap of the package uidmap): %s",
               problem->message);
  return FALSE;
}

gboolean
nv_bootstrap_begin (NvBootstrap *self, const char *dir, const char *cache, GError **error)
{
  gboolean is_root = geteuid () == 0;
  g_autofree char *left = NULL;

  self->work = make_temporary (g_strdup_printf ("%s.XXXXXX", dir), 0700, error);
  if (!self->work)
    return FALSE;
  self->cache = g_strdup (cache);
  self->scratch = is_root ? g_strdup (self->work)
                          : make_temporary (g_build_filename (g_get_tmp_dir (), "numavm-image.XXXXXX", NULL),
                                            0711, error);
  if (is_root)
    self->inside = g_strdup (self->work);
  if (self->scratch && (is_root || enter (self, error)))
    return TRUE;
  left = nv_bootstrap_end (self);
  if (left)
    g_prefix_error (error, "cannot remove%s, which stays: ", left);
  return FALSE;
}

char *
nv_bootstrap_end (NvBootstrap *self)
{
  GString *left = g_string_new (NULL);

  /* First what is the namespace's, then what is this user's. */
  if (self->scratch && strcmp (self->scratch, self->work) != 0)
    {
      g_autofree char *root = g_build_filename (self->scratch, "root", NULL);
      g_autofree char *out = g_build_filename (self->scratch, "inside", "out", NULL);

      remove_tree (begin_inside (), root);
      remove_tree (begin_inside (), out);
      if (!remove_tree (g_ptr_array_new_with_free_func (g_free), self->scratch))
        g_string_append_printf (left, " '%s'", self->scratch);
    }
  if (self->work && !remove_tree (g_ptr_array_new_with_free_func (g_free), self->work))
    g_string_append_printf (left, " '%s'", self->work);
  g_clear_pointer (&self->work, g_free);
  g_clear_pointer (&self->scratch, g_free);
  g_clear_pointer (&self->inside, g_free);
  g_clear_pointer (&self->cache, g_free);
  return g_string_free (left, left->len == 0);
}
