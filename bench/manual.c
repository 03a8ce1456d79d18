/* numavm-bench's man page and its completion, from the table of options; and the words that --help has, too.
 */

#include "bench/manual.h"
#include "bench/options.h"

#include <string.h>

const char nv_manual_summary[] = "numavm-bench: measures memory, with pages placed across NUMA nodes";

const char nv_manual_description[] =
    "Runs kernels (see --list) in one pinned thread a CPU, each first touching the memory that it will use; "
    "warms up until times are stable, keeps the time of every iteration, verifies the results and looks "
    "where the pages really are. Before and after each iteration of two or more threads a cache line is "
    "handed over between them: where that shows that the host has moved the CPUs, results are grouped by it, "
    "and an iteration during which it changed is left out. The text has STREAM's result lines; numbers of "
    "bandwidth are decimal MB/s, sizes are IEC (2G is 2 GiB).";

const char *const nv_option_groups[] = {
  [NV_OPTIONS_WHAT] = "What is measured",
  [NV_OPTIONS_WHERE] = "Where pages and threads are",
  [NV_OPTIONS_HOW] = "How it is measured",
  [NV_OPTIONS_OUTPUT] = "What is printed",
};

const char *const nv_manual_pages[][2] = {
  { "first-touch", "the kernel's default: where the thread runs that touches a page first" },
  { "local, l", "on the node of the thread that uses the page" },
  { "bind:NODES", "within these nodes" },
  { "interleave[:NODES], i", "page after page over the nodes (default everywhere: all nodes with memory)" },
  { "random[:NODES], r", "each page on a node drawn at random" },
  { "round-robin[:NODES]", "each array on the next node" },
  { "weighted:0=3,1=1", "over the nodes in proportion to the weights" },
  { "mixed[:NODES], m", "over the nodes in inverse proportion to their distance from the thread's node" },
  { NULL },
};

const char *const nv_manual_statuses[][2] = {
  { "0", "measured" },
  { "1", "failed; also a kernel whose result was wrong: no number of it is printed" },
  { "2", "bad usage: what was asked cannot be" },
  { "3", "measured, but more than 1 % of the pages are not where they were asked to be" },
  { NULL },
};

const char *const nv_manual_examples[][2] = {
  { "numavm-bench --access seq > result.txt", "STREAM's kernels on all CPUs" },
  { "numavm-bench --kernel triad --threads 2 --json | tail -1", "the summary of one, for a program" },
  { "numavm-bench --access line --pages random --threads 2",
    "lines in a random order, pages drawn at random" },
  { "numavm-bench --kernel chase --size 512M --page-size thp", "latency with huge pages" },
  { "numavm-bench --matrix", "bandwidth and latency from each node to each" },
  { NULL },
};

/* Text for roff: a line must not begin with a control character, and `-` and `\` mean themselves. */
static void
print_text (FILE *file, const char *text)
{
  if (*text == '.' || *text == '\'')
    fputs ("\\&", file);
  for (; *text; text++)
    if (*text == '\\')
      fputs ("\\e", file);
    else if (*text == '-')
      fputs ("\\-", file);
    else
      fputc (*text, file);
}

static void
print_item (FILE *file, const char *name, const char *text)
{
  fputs (".TP\n\\fB", file);
  print_text (file, name);
  fputs ("\\fR\n", file);
  print_text (file, text);
  fputc ('\n', file);
}

static void
print_items (FILE *file, const char *heading, const char *const (*rows)[2])
{
  fprintf (file, ".SH %s\n", heading);
  for (; (*rows)[0]; rows++)
    print_item (file, (*rows)[0], (*rows)[1]);
}

static void
print_option (FILE *file, const struct nv_option *option)
{
  fputs (".TP\n\\fB", file);
  if (option->short_name)
    fprintf (file, "\\-%c\\fR, \\fB", option->short_name);
  fputs ("\\-\\-", file);
  print_text (file, option->name);
  fputs ("\\fR", file);
  if (option->value)
    {
      fputs (" \\fI", file);
      print_text (file, option->value);
      fputs ("\\fR", file);
    }
  fputc ('\n', file);
  print_text (file, option->help);
  fputc ('\n', file);
}

void
nv_manual_print (FILE *file)
{
  const struct nv_kernel *const *kernels = nv_kernels (NV_ISA_PORTABLE);

  fprintf (file, ".TH \"numavm\\-bench\" 1 \"\" \"numavm %s\" \"User Commands\"\n.SH NAME\n", NV_VERSION);
  fprintf (file, "numavm\\-bench \\- %s\n", strchr (nv_manual_summary, ' ') + 1);
  fputs (".SH SYNOPSIS\n\\fBnumavm\\-bench\\fR [OPTION...]\n.br\n\\fBnumavm bench\\fR [OPTION...]\n", file);
  fputs (".SH DESCRIPTION\n", file);
  print_text (file, nv_manual_description);
  fputs ("\n.SH KERNELS\n", file);
  for (size_t i = 0; kernels[i]; i++)
    print_item (file, kernels[i]->name, kernels[i]->summary);
  fputs (".SH OPTIONS\n", file);
  for (int group = 0; group < NV_OPTIONS_N_GROUPS; group++)
    {
      fprintf (file, ".SS %s\n", nv_option_groups[group]);
      for (const struct nv_option *option = nv_options; option->name; option++)
        if (option->group == (enum nv_option_group)group)
          print_option (file, option);
    }
  print_items (file, "PAGE POLICIES", nv_manual_pages);
  print_items (file, "EXIT STATUS", nv_manual_statuses);
  fputs (".SH ENVIRONMENT\n", file);
  print_item (file, "OMP_NUM_THREADS", "how many threads, where no option says it");
  fputs (".SH EXAMPLES\n.nf\n", file);
  for (const char *const(*example)[2] = nv_manual_examples; (*example)[0]; example++)
    {
      fputs ("# ", file);
      print_text (file, (*example)[1]);
      fputc ('\n', file);
      print_text (file, (*example)[0]);
      fputc ('\n', file);
    }
  fputs (".fi\n.SH SEE ALSO\n\\fBnumavm\\fR(1), \\fBnumactl\\fR(8), \\fBnumastat\\fR(8)\n", file);
}

/* The words that may follow an option, as a case of bash's; none where the value is the user's to say. */
static void
print_choices (FILE *file, const struct nv_option *option)
{
  const char *choices = option->choices ? option->choices : strchr (option->value, '|') ? option->value : "";

  fprintf (file, "    --%s) words='", option->name);
  for (; *choices; choices++)
    fputc (*choices == '|' ? ' ' : *choices, file);
  fputs ("' ;;\n", file);
}

void
nv_completion_print (FILE *file)
{
  const struct nv_kernel *const *kernels = nv_kernels (NV_ISA_PORTABLE);

  fputs ("# bash completion for numavm-bench; generated by `numavm-bench --completion`\n\n"
         "_numavm_bench ()\n{\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  COMPREPLY=()\n"
         "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} # bash makes three words of --name=value\n"
         "  [[ $cur == = ]] && cur=\n"
         "  case $prev in\n"
         "    --kernel) words='all",
         file);
  for (size_t i = 0; kernels[i]; i++)
    fprintf (file, " %s", kernels[i]->name);
  fputs ("' ;;\n", file);
  for (const struct nv_option *option = nv_options; option->name; option++)
    if (option->value && strcmp (option->name, "kernel") != 0)
      print_choices (file, option);
  fputs ("    *) words='", file);
  for (const struct nv_option *option = nv_options; option->name; option++)
    fprintf (file, "%s--%s", option == nv_options ? "" : " ", option->name);
  fputs ("' ;;\n  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
         "}\ncomplete -F _numavm_bench numavm-bench\n",
         file);
}
