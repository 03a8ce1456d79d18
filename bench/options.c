/* numavm-bench's command line, and what it says of itself. */

#include "bench/manual.h"
#include "bench/options.h"
#include "bench/text.h"

#include <errno.h>
#include <string.h>

enum
{
  HELP_WIDTH = 100,
  NAME_WIDTH = 24,
  MAX_NAME = 32,
};

/* Of Levenshtein: so many letters must be put in, taken out or replaced. */
static size_t
edit_distance (const char *a, const char *b)
{
  size_t row[MAX_NAME + 1], n = strlen (b);

  for (size_t j = 0; j <= n; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1]; i++)
    {
      size_t diagonal = row[0];

      row[0] = i;
      for (size_t j = 1; j <= n; j++)
        {
          size_t best = diagonal + (a[i - 1] != b[j - 1]);

          diagonal = row[j];
          if (row[j] + 1 < best)
            best = row[j] + 1;
          if (row[j - 1] + 1 < best)
            best = row[j - 1] + 1;
          row[j] = best;
        }
    }
  return row[n];
}

static int
fail_unknown (const char *name, struct nv_message *message)
{
  const char *nearest = NULL;
  size_t distance = 1 + strlen (name) / 3; /* what is farther was not meant */

  for (const struct nv_option *option = nv_options; option->name; option++)
    if (strlen (name) < MAX_NAME && edit_distance (name, option->name) < distance)
      {
        distance = edit_distance (name, option->name);
        nearest = option->name;
      }
  if (nearest)
    return nv_fail (message, EINVAL, "there is no option '--%.100s': is --%s meant?", name, nearest);
  return nv_fail (message, EINVAL, "there is no option '--%.100s': see --help", name);
}

static const struct nv_option *
find_short (const char *argument)
{
  for (const struct nv_option *option = nv_options; option->name; option++)
    if (argument[0] == '-' && option->short_name && argument[1] == option->short_name && argument[2] == '\0')
      return option;
  return NULL;
}

/* Returns: the option that @argument names; NULL with a message. @ret_value: behind its `=`, or NULL. */
static const struct nv_option *
find_option (const char *argument, const char **ret_value, struct nv_message *message)
{
  const struct nv_option *option;
  char name[128];
  size_t length;

  *ret_value = NULL;
  if (argument[0] != '-' || argument[1] == '\0')
    {
      nv_fail (message, EINVAL, "argument '%.100s': only options are allowed, see --help", argument);
      return NULL;
    }
  if (argument[1] != '-')
    {
      option = find_short (argument);
      if (!option)
        nv_fail (message, EINVAL, "there is no option '%.100s': see --help", argument);
      return option;
    }
  length = strcspn (argument + 2, "=");
  snprintf (name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name), argument + 2);
  option = nv_option_find (name);
  if (!option)
    fail_unknown (name, message);
  else if (argument[2 + length] == '=')
    *ret_value = argument + 2 + length + 1;
  return option;
}

const char *
nv_option_dashes (const char *text)
{
  for (const struct nv_option *option = nv_options; option->name; option++)
    {
      size_t length = strlen (option->name);

      if (strncmp (text, option->name, length) == 0
          && (text[length] == ':' || strncmp (text + length, " '", 2) == 0))
        return "--";
    }
  return "";
}

int
nv_arguments_parse (struct nv_arguments *arguments, int argc, char **argv, struct nv_message *message)
{
  for (int i = 1; i < argc; i++)
    {
      const char *value;
      const struct nv_option *option = find_option (argv[i], &value, message);
      struct nv_message why;

      if (!option)
        return -EINVAL;
      if (option->value && !value && i + 1 < argc)
        value = argv[++i];
      if (!option->set && value)
        return nv_fail (message, EINVAL, "--%s '%.100s': it takes no value", option->name, value);
      if (!option->set)
        *(bool *)((char *)arguments + option->flag) = true;
      else if (nv_setup_set (&arguments->setup, option->name, value, &why) != 0)
        return nv_fail (message, EINVAL, "%s%.500s", nv_option_dashes (why.text), why.text);
    }
  if (arguments->json && arguments->csv)
    return nv_fail (message, EINVAL, "--csv: either JSON or CSV can be printed, not both");
  return 0;
}

/* Breaks @text into lines, of which all but the first are indented. */
static void
print_wrapped (FILE *file, const char *text, size_t indent)
{
  size_t column = indent;

  while (*text)
    {
      size_t length = strcspn (text, " \n");

      if (column > indent && column + 1 + length > HELP_WIDTH)
        {
          fprintf (file, "\n%*s", (int)indent, "");
          column = indent;
        }
      column += (size_t)fprintf (file, "%s%.*s", column > indent ? " " : "", (int)length, text);
      text += length + (text[length] != '\0');
    }
  fputc ('\n', file);
}

static void
print_option (FILE *file, const struct nv_option *option)
{
  int used = option->short_name ? fprintf (file, "  -%c, --%s", option->short_name, option->name)
                                : fprintf (file, "  --%s", option->name);

  if (option->value)
    used += fprintf (file, " %s", option->value);
  if (used + 2 > NAME_WIDTH)
    fprintf (file, "\n%*s", NAME_WIDTH, "");
  else
    fprintf (file, "%*s", NAME_WIDTH - used, "");
  print_wrapped (file, option->help, NAME_WIDTH);
}

static void
print_rows (FILE *file, const char *const (*rows)[2])
{
  for (; (*rows)[0]; rows++)
    {
      fprintf (file, "  %-*s", NAME_WIDTH - 2, (*rows)[0]);
      print_wrapped (file, (*rows)[1], NAME_WIDTH);
    }
}

void
nv_options_print_help (FILE *file)
{
  fprintf (file, "%s\n\nUsage: numavm-bench [OPTION...]\n\n", nv_manual_summary);
  print_wrapped (file, nv_manual_description, 0);
  for (int group = 0; group < NV_OPTIONS_N_GROUPS; group++)
    {
      fprintf (file, "\n%s:\n", nv_option_groups[group]);
      for (const struct nv_option *option = nv_options; option->name; option++)
        if (option->group == (enum nv_option_group)group)
          print_option (file, option);
    }
  fputs ("\nPolicies for --pages:\n", file);
  print_rows (file, nv_manual_pages);
  fputs ("\nExit status:\n", file);
  print_rows (file, nv_manual_statuses);
  fputs ("\nExamples:\n", file);
  for (const char *const(*example)[2] = nv_manual_examples; (*example)[0]; example++)
    fprintf (file, "  # %s\n  %s\n", (*example)[1], (*example)[0]);
}

static void
print_stores (FILE *file, const struct nv_kernel *kernel)
{
  const char *before = "";

  for (int store = 0; store < NV_N_STORES; store++)
    if (kernel->passes[store][false] || kernel->passes[store][true])
      {
        fprintf (file, "%s%s", before, nv_store_name ((enum nv_store)store));
        before = " ";
      }
}

void
nv_list_print (FILE *file)
{
  const struct nv_kernel *const *kernels = nv_kernels (NV_ISA_PORTABLE);

  fputs ("KERNEL  UNIT     SUMMARY\n", file);
  for (size_t i = 0; kernels[i]; i++)
    {
      fprintf (file, "%-8s%-9s%s (", kernels[i]->name, nv_text_unit (kernels[i]->unit), kernels[i]->summary);
      print_stores (file, kernels[i]);
      fputs (")\n", file);
    }
  fputs ("\ninstructions of this CPU:", file);
  for (int isa = 0; isa < NV_N_ISAS; isa++)
    if (nv_isa_available ((enum nv_isa)isa))
      fprintf (file, " %s", nv_isa_name ((enum nv_isa)isa));
  fputc ('\n', file);
}
