#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* numavm-bench's options: one table, from which its command line is read and --help, the man page and the
 * shell completion are generated. Those that say what is measured are nv_setup_set()'s, too. */

enum nv_option_group
{
  NV_OPTIONS_WHAT,
  NV_OPTIONS_WHERE,
  NV_OPTIONS_HOW,
  NV_OPTIONS_OUTPUT,
  NV_OPTIONS_N_GROUPS,
};

/* What is asked of the program, not of the measurement. */
struct nv_arguments
{
  struct nv_setup setup;
  bool json, csv, quiet;
  bool list, help, version, manual, completion; /* prints that and measures nothing */
};

struct nv_option
{
  const char *name;
  char short_name; /* 0: none */
  enum nv_option_group group;
  const char *value;   /* what --help calls it; NULL: the option takes none */
  const char *choices; /* (nullable): words for completion; those of @value, where it lists them with `|` */
  const char *help;

  /* 0 or -EINVAL with a message; *setup is then as it was. @value: NULL where the option takes none. NULL: an
   * option of the program, a bool at offset @flag of struct nv_arguments. */
  int (*set) (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message);
  size_t flag;
};

/* Ended by a NULL name. */
extern const struct nv_option nv_options[];

/* The option of that name, without dashes; NULL: none. */
const struct nv_option *nv_option_find (const char *name);

/* "--" if the message @text begins with an option's name and its value, so that it names the option as typed;
 * else "". */
const char *nv_option_dashes (const char *text);

/**
 * nv_arguments_parse:
 * @arguments: (inout): its setup as nv_setup_init() leaves it, all flags false; keeps pointers into @argv
 *
 * `--name value`, `--name=value`, and flags. Returns: 0 or -EINVAL.
 */
int nv_arguments_parse (struct nv_arguments *arguments, int argc, char **argv, struct nv_message *message);

void nv_options_print_help (FILE *file);

/* Kernels, and the paths that this CPU can run. */
void nv_list_print (FILE *file);

/* numavm-bench(1) in roff, and bash's completion. */
void nv_manual_print (FILE *file);
void nv_completion_print (FILE *file);
