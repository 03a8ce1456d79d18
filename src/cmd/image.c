/* image: makes the systems that VMs boot. */

#include "cmd/image.h"

#include <string.h>

static const struct
{
  const char *name;
  int (*run) (NvCommandContext *context, GError **error);
  gboolean runs_vm; /* the common options about VMs mean something */
} verbs[] = {
  { "build", nv_image_run_build },
  { "guest", nv_image_run_guest },
  { "install", nv_image_run_install, TRUE },
  { "list", nv_image_run_list },
};

static const NvOption image_options[] = {
  { "output", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (NvImageCommandOptions, output), "DIR",
    "build, guest: where it goes: nothing is there yet; needed" },
  { "distribution", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, distribution), "SUITE",
    "build: a real Debian, such as bookworm, with a disk" },
  { "packages", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, packages), "NAME,NAME",
    "build: what else is in that Debian" },
  { "mirror", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, mirror), "URL",
    "build: where that Debian comes from; default: this host's own package sources" },
  { "kernel", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (NvImageCommandOptions, kernel), "FILE|PACKAGE",
    "build: default: the newest one found; with --distribution its package, default linux-image-cloud-amd64" },
  { "debug-shell", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (NvImageCommandOptions, debug_shell), NULL,
    "build: a shell on the guest's console" },
  { "add", 0, NV_OPTION_STRINGS, G_STRUCT_OFFSET (NvImageCommandOptions, add), "FILE[:PATH]",
    "build: a static program of your own, in /bin or at PATH; may be given more than once" },
  { "iso", 'i', NV_OPTION_FILE, G_STRUCT_OFFSET (NvImageCommandOptions, iso), "FILE",
    "install: the installer's medium; needed" },
  { "disk", 'd', NV_OPTION_FILE, G_STRUCT_OFFSET (NvImageCommandOptions, disk), "PATH",
    "install: the new disk, raw if it ends in .raw, else qcow2; needed" },
  { "size", 's', NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, size), "SIZE",
    "build, install: of the disk; default 8G, of a distribution 4G" },
  { "memory", 'm', NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, memory), "MIB",
    "install: of the installer's VM; default 1024" },
  { "vcpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, vcpus), "N",
    "install: of the installer's VM; default 1" },
  { "network", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, network), "user|none|NAME",
    "install: of the installer's VM; default user" },
  { "name", 'n', NV_OPTION_STRING, G_STRUCT_OFFSET (NvImageCommandOptions, name), "NAME",
    "install: of the installer's VM; default install-DISK" },
  { "keep", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (NvImageCommandOptions, keep), NULL,
    "install: keep the disk of an installation that did not end well" },
  { NULL },
};

static gboolean
is_given (const NvOption *option, const NvImageCommandOptions *options)
{
  const void *value = (const char *)options + option->offset;

  return option->type == NV_OPTION_FLAG ? *(const gboolean *)value : *(char *const *)value != NULL;
}

static gboolean
is_verb (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

/* The help of an option that not all verbs have begins with those that have it, `VERB, VERB:`. */
static gboolean
is_for (const NvOption *option, const char *verb)
{
  g_autofree char *head = g_strndup (option->help, strcspn (option->help, ":"));
  g_auto (GStrv) names = g_strsplit (head, ", ", -1);

  return !is_verb (names[0]) || g_strv_contains ((const char *const *)names, verb);
}

/* An option that would have no effect is a misunderstanding. */
static gboolean
check_options (const NvImageCommandOptions *options, const char *verb, GError **error)
{
  for (const NvOption *option = image_options; option->name; option++)
    if (is_given (option, options) && !is_for (option, verb))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--%s: means nothing to `numavm image %s`",
                     option->name, verb);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_common (const NvCommonOptions *common, const char *verb, GError **error)
{
  const char *stray = common->connect  ? "connect"
                      : common->driver ? "driver"
                      : common->accel  ? "accel"
                      : common->seed   ? "seed"
                                       : NULL;

  if (stray)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "--%s: means nothing to `numavm image %s`, which runs no VM", stray, verb);
  return !stray;
}

/* Returns: (transfer full): `build, guest, install or list`. */
static char *
list_verbs (void)
{
  GString *text = g_string_new (verbs[0].name);

  for (guint i = 1; i < G_N_ELEMENTS (verbs); i++)
    g_string_append_printf (text, "%s%s", i + 1 < G_N_ELEMENTS (verbs) ? ", " : " or ", verbs[i].name);
  return g_string_free (text, FALSE);
}

static int
run_image (NvCommandContext *context, GError **error)
{
  const char *verb = context->n_arguments > 0 ? context->arguments[0] : NULL;
  g_autofree char *allowed = list_verbs ();

  for (guint i = 0; verb && i < G_N_ELEMENTS (verbs); i++)
    {
      if (strcmp (verbs[i].name, verb) != 0)
        continue;
      if (!check_options (context->options, verb, error)
          || (!verbs[i].runs_vm && !check_common (context->common, verb, error)))
        return NV_EXIT_USAGE;
      context->n_arguments--;
      context->arguments++;
      return verbs[i].run (context, error);
    }
  if (verb)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image '%s': %s is allowed", verb, allowed);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image: say what to do: %s", allowed);
  return NV_EXIT_USAGE;
}

const NvCommand nv_command_image = {
  .name = "image",
  .summary = "make and list the systems that VMs boot; install one from an ISO",
  .arguments = "build|guest|install|list [DIR...]",
  .description =
      "build makes a directory of three files, whole or not at all: a kernel; an initramfs with the guest's program "
      "and the modules that this kernel needs for it; and image.json, which says what is in them. The same inputs "
      "give the same bytes. Neither root nor a network is needed.\n\n"
      "VMs without an image of their own boot the same guest without this command; it is for guests with another "
      "kernel, a shell or programs of your own.\n\n"
      "build --distribution makes a Debian with a disk of its own and numavm's guest program as a service in it: "
      "disk.qcow2, which starts by itself, its kernel and initrd, with which --image starts it sooner, and image.json, "
      "which has all packages and their versions. `up` and `run` give each VM an overlay on the disk. It is a system "
      "for a laboratory: whoever has its console is root, without a password. Its name server is the one of QEMU's user "
      "network (10.0.2.3): in another network write /etc/resolv.conf. Packages come from this host's own sources, and are kept "
      "for the next image; the order in which they are named makes no difference. It needs mmdebstrap, and root or a user who may make user namespaces.\n\n"
      "guest writes numavm's guest program and a systemd unit for it, and prints how they are installed. A system that has "
      "them, however it was made, is measured by `run --quick \"base=DISK ...\"`. What powers it off is its own: acpid, or "
      "logind with D-Bus.\n\n"
      "install makes a new disk and boots a VM from an installer's ISO with its serial console, boot menu and all, on "
      "this terminal; Ctrl-] leaves. When the installer powers off or reboots, the VM is gone and the disk is there. If "
      "it ends otherwise (it was left or interrupted, its kernel panicked, QEMU died, nothing was written to the disk), "
      "the disk is removed, too. A kernel speaks there if it is told to: console=ttyS0 on its command line.\n\n"
      "list shows the images that build made: each DIR, or the folders of the current directory.",
  .examples = "numavm image build -o guest\n"
              "printf '2 1024\\n' | numavm up --image guest -\n"
              "# look around in it\n"
              "numavm image build -o debug --debug-shell\n"
              "# with a benchmark of your own, as /bin/stream\n"
              "numavm image build -o mine --debug-shell --add ./stream\n"
              "# a Debian with two benchmarks\n"
              "numavm image build --distribution bookworm --packages stress-ng,sysbench -o bookworm\n"
              "printf '2 1024\\n' | numavm up --image bookworm --network user -\n"
              "# a system of your own, as a disk\n"
              "numavm image install --iso debian.iso -s 8G -d debian.qcow2\n"
              "printf '1 1024 base=debian.qcow2\\n' | numavm up -\n"
              "# what it needs to be measured\n"
              "numavm image guest -o service\n"
              "numavm run --quick \"base=debian.qcow2 kernels=triad\"",
  .options_size = sizeof (NvImageCommandOptions),
  .options = image_options,
  .run = run_image,
};
