#include "cmd/help.h"

#include <stdio.h>
#include <string.h>

#define HELP_WIDTH 80

const NvOption nv_common_options[] = {
  { "connect", 'c', NV_OPTION_STRING, G_STRUCT_OFFSET (NvCommonOptions, connect), "URI",
    "libvirt's URI; default qemu:///system for root, qemu:///session else" },
  { "driver", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvCommonOptions, driver), "NAME",
    "what VMs run on: see `numavm --help`; default: the first that can be used" },
  { "accel", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvCommonOptions, accel), "kvm|tcg",
    "hardware or emulated CPUs; default: KVM where it can be used" },
  { "seed", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvCommonOptions, seed), "N",
    "of every random draw; the same seed gives the same placement" },
  { "json", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (NvCommonOptions, json), NULL, "print JSON" },
  { "quiet", 'q', NV_OPTION_FLAG, G_STRUCT_OFFSET (NvCommonOptions, quiet), NULL,
    "no notes and no progress" },
  { "verbose", 'v', NV_OPTION_FLAG, G_STRUCT_OFFSET (NvCommonOptions, verbose), NULL, "more detail" },
  { NULL },
};

const NvOption *
nv_common_options_of (const NvCommand *command)
{
  const NvOption *option = nv_common_options;

  while (command->without_vms && option->offset != G_STRUCT_OFFSET (NvCommonOptions, json))
    option++;
  return option;
}

static void
add_entries (GArray *entries, const NvOption *options, void *base)
{
  static const GOptionArg arguments[] = {
    [NV_OPTION_FLAG] = G_OPTION_ARG_NONE,
    [NV_OPTION_STRING] = G_OPTION_ARG_STRING,
    [NV_OPTION_FILE] = G_OPTION_ARG_FILENAME,
    [NV_OPTION_STRINGS] = G_OPTION_ARG_STRING_ARRAY,
  };

  for (; options && options->name; options++)
    {
      GOptionEntry entry = {
        .long_name = options->name,
        .short_name = options->short_name,
        .arg = arguments[options->type],
        .arg_data = (char *)base + options->offset,
        .description = options->help,
        .arg_description = options->value,
      };

      g_array_append_val (entries, entry);
    }
}

/* Appends a paragraph, broken into lines of at most HELP_WIDTH characters. */
static void
append_wrapped (GString *text, const char *paragraph)
{
  g_auto (GStrv) words = g_strsplit_set (paragraph, " \n", -1);
  glong column = 0;

  for (guint i = 0; words[i]; i++)
    {
      glong length = g_utf8_strlen (words[i], -1);

      if (column > 0 && column + 1 + length > HELP_WIDTH)
        {
          g_string_append_c (text, '\n');
          column = 0;
        }
      if (column > 0)
        g_string_append_c (text, ' ');
      g_string_append (text, words[i]);
      column += length + (column > 0);
    }
}

/* For --help, below the options. */
static char *
format_description (const NvCommand *command)
{
  GString *text = g_string_new (NULL);

  if (command->description)
    {
      g_auto (GStrv) paragraphs = g_strsplit (command->description, "\n\n", -1);

      for (guint i = 0; paragraphs[i]; i++)
        {
          g_string_append (text, i > 0 ? "\n\n" : "");
          append_wrapped (text, paragraphs[i]);
        }
    }
  if (command->list)
    {
      g_autofree char *list = command->list ();

      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n\n" : "", list);
    }
  if (command->examples)
    {
      g_auto (GStrv) lines = g_strsplit (command->examples, "\n", -1);

      g_string_append_printf (text, "%sExamples:", text->len > 0 ? "\n\n" : "");
      for (guint i = 0; lines[i]; i++)
        g_string_append_printf (text, "\n  %s", lines[i]);
    }
  return g_string_free (text, FALSE);
}

gboolean
nv_options_parse (const NvCommand *command, NvCommonOptions *common, void *options, int *argc, char ***argv,
                  GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (command->arguments);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_autofree char *program = g_strdup_printf ("numavm %s", command->name);
  g_autofree char *summary =
      g_strdup_printf ("%c%s.", g_ascii_toupper (*command->summary), command->summary + 1);
  g_autofree char *description = format_description (command);
  g_autoptr (GError) problem = NULL;

  add_entries (entries, command->options, options);
  add_entries (entries, nv_common_options_of (command), common);
  g_option_context_add_main_entries (context, (const GOptionEntry *)(void *)entries->data, NULL);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_set_prgname (program);
  if (g_option_context_parse (context, argc, argv, &problem))
    {
      /* `--` ends the options and is left in place where arguments follow it. */
      for (int i = 1; i < *argc; i++)
        if (strcmp ((*argv)[i], "--") == 0)
          {
            memmove (*argv + i, *argv + i + 1, sizeof (char *) * (gsize)(*argc - i));
            (*argc)--;
            break;
          }
      return TRUE;
    }
  *problem->message = g_ascii_tolower (*problem->message);
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s (see `numavm %s --help`)", problem->message,
               command->name);
  return FALSE;
}

static void
clear_texts (const NvOption *options, void *base)
{
  for (; options && options->name; options++)
    {
      void *value = (char *)base + options->offset;

      if (options->type == NV_OPTION_STRINGS)
        g_clear_pointer ((char ***)value, g_strfreev);
      else if (options->type != NV_OPTION_FLAG)
        g_clear_pointer ((char **)value, g_free);
    }
}

void
nv_options_clear (const NvCommand *command, NvCommonOptions *common, void *options)
{
  clear_texts (command->options, options);
  clear_texts (nv_common_options, common);
}

void
nv_help_print (gboolean on_stderr)
{
  FILE *out = on_stderr ? stderr : stdout;

  fputs ("numavm: places VMs on the NUMA nodes of a host, starts them, and says what that is worth\n\n"
         "usage: numavm COMMAND [OPTION...] [ARGUMENT...]\n\n",
         out);
  for (guint i = 0; nv_commands[i]; i++)
    fprintf (out, "  %-12s%s\n", nv_commands[i]->name, nv_commands[i]->summary);
  fputs ("\nDrivers, for --driver:\n\n", out);
  for (guint i = 0; nv_drivers[i]; i++)
    {
      fprintf (out, "  %-12s%s\n", nv_drivers[i]->name, nv_drivers[i]->summary);
      if (nv_drivers[i]->default_uri)
        fprintf (out, "  %-12s--connect URI; default: %s\n", "", nv_drivers[i]->default_uri);
    }
  fputs ("\n`numavm COMMAND --help` tells all of a command; `numavm --version` which numavm this is.\n"
         "Exit status: 0 done, 1 failed, 2 bad usage or input, 3 done but a placement does not hold.\n",
         out);
}
