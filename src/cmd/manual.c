/* manual: the man pages, generated from the commands' records. */

#include "cmd/command.h"
#include "cmd/help.h"

#include <stdio.h>
#include <string.h>

/* Text for roff: a line must not begin with a control character, and `-` and `\` mean themselves. */
static void
print_text (const char *text)
{
  gboolean line_start = TRUE;

  for (; *text; text++)
    {
      if (line_start && (*text == '.' || *text == '\''))
        fputs ("\\&", stdout);
      if (*text == '\\')
        fputs ("\\e", stdout);
      else if (*text == '-')
        fputs ("\\-", stdout);
      else
        putchar (*text);
      line_start = *text == '\n';
    }
}

static void
print_heading (const char *page, const char *summary)
{
  printf (".TH \"%s\" 1 \"\" \"numavm %s\" \"User Commands\"\n.SH NAME\n", page, NV_VERSION);
  print_text (page);
  fputs (" \\- ", stdout);
  print_text (summary);
  putchar ('\n');
}

static void
print_paragraphs (const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n\n", -1);

  for (guint i = 0; paragraphs[i]; i++)
    {
      puts (".PP");
      print_text (paragraphs[i]);
      putchar ('\n');
    }
}

static void
print_options (const NvOption *options)
{
  for (; options && options->name; options++)
    {
      fputs (".TP\n\\fB", stdout);
      if (options->short_name)
        printf ("\\-%c\\fR, \\fB", options->short_name);
      fputs ("\\-\\-", stdout);
      print_text (options->name);
      fputs ("\\fR", stdout);
      if (options->value)
        {
          fputs (" \\fI", stdout);
          print_text (options->value);
          fputs ("\\fR", stdout);
        }
      putchar ('\n');
      print_text (options->help);
      putchar ('\n');
    }
}

static void
print_exit_status (void)
{
  fputs (".SH EXIT STATUS\n"
         ".TP\n0\ndone\n"
         ".TP\n1\nfailed\n"
         ".TP\n2\nbad usage or bad input\n"
         ".TP\n3\ndone, but a placement or a verdict does not hold\n",
         stdout);
}

static void
print_command_page (const NvCommand *command)
{
  g_autofree char *page = g_strdup_printf ("numavm-%s", command->name);

  print_heading (page, command->summary);
  printf (".SH SYNOPSIS\n\\fBnumavm %s\\fR [OPTION...]", command->name);
  if (command->arguments)
    {
      putchar (' ');
      print_text (command->arguments);
    }
  putchar ('\n');
  if (command->description)
    {
      puts (".SH DESCRIPTION");
      print_paragraphs (command->description);
    }
  if (command->list)
    {
      g_autofree char *list = command->list ();

      puts (".PP\n.nf");
      print_text (list);
      puts ("\n.fi");
    }
  puts (".SH OPTIONS");
  print_options (command->options);
  puts (".SS Common options");
  print_options (nv_common_options_of (command));
  if (command->examples)
    {
      puts (".SH EXAMPLES\n.nf");
      print_text (command->examples);
      puts ("\n.fi");
    }
  print_exit_status ();
  puts (".SH SEE ALSO\n\\fBnumavm\\fR(1)");
}

static void
print_main_page (void)
{
  print_heading ("numavm", "place VMs on the NUMA nodes of a host and start them");
  puts (".SH SYNOPSIS\n\\fBnumavm\\fR COMMAND [OPTION...] [ARGUMENT...]\n.SH COMMANDS");
  for (guint i = 0; nv_commands[i]; i++)
    {
      printf (".TP\n\\fBnumavm\\-%s\\fR(1)\n", nv_commands[i]->name);
      print_text (nv_commands[i]->summary);
      putchar ('\n');
    }
  puts (".SH COMMON OPTIONS");
  print_options (nv_common_options);
  puts (".SH DRIVERS");
  for (guint i = 0; nv_drivers[i]; i++)
    {
      printf (".TP\n%s\n", nv_drivers[i]->name);
      print_text (nv_drivers[i]->summary);
      putchar ('\n');
    }
  print_exit_status ();
  fputs (
      ".SH ENVIRONMENT\n.TP\nNUMAVM_STATE_DIR\n"
      "the directory for disks, logs, sockets and locks, instead of /var/lib/numavm and /run/numavm (root) or\n"
      "the user's XDG directories\n"
      ".SH SEE ALSO\n\\fBvirsh\\fR(1), \\fBnumactl\\fR(8), \\fBnumastat\\fR(8), \\fBqemu\\-img\\fR(1)\n",
      stdout);
}

static int
run_manual (NvCommandContext *context, GError **error)
{
  if (context->n_arguments == 0)
    {
      print_main_page ();
      return NV_EXIT_DONE;
    }
  for (guint i = 0; nv_commands[i]; i++)
    if (strcmp (nv_commands[i]->name, context->arguments[0]) == 0)
      {
        NvCommandContext other = { .n_arguments = 1, .arguments = (char *[]){ (char *)"--manual", NULL } };

        if (nv_commands[i]->passes_through)
          return nv_commands[i]->run (&other, error);
        print_command_page (nv_commands[i]);
        return NV_EXIT_DONE;
      }
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "manual: there is no command '%s'", context->arguments[0]);
  return NV_EXIT_USAGE;
}

const NvCommand nv_command_manual = {
  .name = "manual",
  .summary = "print a man page, in roff",
  .arguments = "[COMMAND]",
  .examples = "# read one that is not installed\n"
              "numavm manual up | man -l -",
  .run = run_manual,
};
