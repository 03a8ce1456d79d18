#include "bench/options.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

/* Sets one on a setup of defaults. */
static void
set (struct nv_setup *setup, const char *name, const char *value)
{
  struct nv_message message = { "" };

  nv_setup_init (setup);
  g_assert_cmpint (nv_setup_set (setup, name, value, &message), ==, 0);
  g_assert_cmpstr (message.text, ==, "");
}

static void
assert_refused (const char *name, const char *value, const char *why)
{
  static struct nv_setup setup, before;
  struct nv_message message = { "" };

  nv_setup_init (&setup);
  memcpy (&before, &setup, sizeof setup);
  g_assert_cmpint (nv_setup_set (&setup, name, value, &message), ==, -EINVAL);
  g_assert_cmpstr (message.text, ==, why);
  g_assert_cmpmem (&setup, sizeof setup, &before, sizeof before);
}

static void
the_default_is_streams_kernels_on_base_pages (void)
{
  static struct nv_setup setup;

  nv_setup_init (&setup);
  g_assert_cmpuint (setup.n_kernels, ==, 0);
  g_assert_cmpint (setup.access, ==, NV_ACCESS_SEQ);
  g_assert_cmpint (setup.isa, ==, NV_AUTO);
  g_assert_cmpint (setup.pages.policy, ==, NV_PAGES_FIRST_TOUCH);
  g_assert_cmpuint (setup.pages.page_bytes, ==, 4096);
  g_assert_cmpuint (setup.iterations, ==, 20);
}

static void
values_are_read (void)
{
  static struct nv_setup setup;

  set (&setup, "kernel", "triad,chase");
  g_assert_cmpuint (setup.n_kernels, ==, 2);
  g_assert_cmpstr (setup.kernels[1], ==, "chase");
  set (&setup, "kernel", "all");
  g_assert_cmpuint (setup.n_kernels, ==, 10);
  set (&setup, "access", "line");
  g_assert_cmpint (setup.access, ==, NV_ACCESS_LINE);
  set (&setup, "iterations", "7");
  g_assert_cmpuint (setup.iterations, ==, 7);
  set (&setup, "threads", "2");
  g_assert_cmpuint (setup.team.n_threads, ==, 2);
  set (&setup, "threads-per-node", "3");
  g_assert_cmpuint (setup.team.per_node, ==, 3);
  set (&setup, "cpus", "0-3,8");
  g_assert_cmpstr (setup.team.cpus, ==, "0-3,8");
  set (&setup, "no-pin", NULL);
  g_assert_true (setup.team.unpinned);
  set (&setup, "touch", "main");
  g_assert_true (setup.touched_by_main);
  set (&setup, "isa", "avx512");
  g_assert_cmpint (setup.isa, ==, NV_ISA_AVX512);
  set (&setup, "store", "rep");
  g_assert_cmpint (setup.store, ==, NV_STORE_REP);
  set (&setup, "prefetch", "off");
  g_assert_cmpint (setup.prefetch, ==, 0);
  set (&setup, "prefetch", "on");
  g_assert_cmpint (setup.prefetch, ==, 1);
  set (&setup, "chases", "24");
  g_assert_cmpuint (setup.kernel_options.chases, ==, 24);
  set (&setup, "stride", "64");
  g_assert_cmpuint (setup.kernel_options.stride_bytes, ==, 64);
  set (&setup, "mix", "16:0");
  g_assert_cmpuint (setup.kernel_options.reads, ==, 16);
  g_assert_cmpuint (setup.kernel_options.writes, ==, 0);
  set (&setup, "matrix", NULL);
  g_assert_cmpint (setup.mode, ==, NV_MODE_MATRIX);
  set (&setup, "loaded-latency", NULL);
  g_assert_cmpint (setup.mode, ==, NV_MODE_LOADED_LATENCY);
}

static void
sizes_are_iec (void)
{
  static struct nv_setup setup;
  static const struct
  {
    const char *text;
    uint64_t bytes;
  } sizes[] = {
    { "4096", 4096 },
    { "8192B", 8192 },
    { "512M", UINT64_C (512) << 20 },
    { "512mib", UINT64_C (512) << 20 },
    { "2G", UINT64_C (2) << 30 },
    { "1T", UINT64_C (1) << 40 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      set (&setup, "size", sizes[i].text);
      g_assert_cmpuint (setup.size_bytes, ==, sizes[i].bytes);
    }
  set (&setup, "locality", "256k");
  g_assert_cmpuint (setup.kernel_options.locality_bytes, ==, 262144);
  set (&setup, "locality", "all");
  g_assert_cmpuint (setup.kernel_options.locality_bytes, ==, 0);
}

static void
a_size_is_written_as_it_is_read (void)
{
  static const char *const sizes[] = { "4097", "5000K", "512M", "3G", "1T", "2P", "1E" };
  static struct nv_setup setup;
  char text[32];

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      set (&setup, "size", sizes[i]);
      g_assert_cmpstr (nv_format_size (setup.size_bytes, text, sizeof text), ==, sizes[i]);
    }
}

static void
a_seed_is_decimal_or_hexadecimal_and_also_that_of_pages (void)
{
  static struct nv_setup setup;

  set (&setup, "seed", "42");
  g_assert_cmpuint (setup.seed, ==, 42);
  g_assert_cmpuint (setup.pages.seed, ==, 42);
  set (&setup, "seed", "0xC0ffee");
  g_assert_cmpuint (setup.seed, ==, 0xc0ffee);
  set (&setup, "seed", "9223372036854775807");
  g_assert_cmpuint (setup.seed, ==, INT64_MAX);
}

static void
pages_and_their_sizes_are_read (void)
{
  static struct nv_setup setup;

  set (&setup, "pages", "bind:0");
  g_assert_cmpint (setup.pages.policy, ==, NV_PAGES_BIND);
  g_assert_cmpuint (setup.pages.n_nodes, ==, 1);
  set (&setup, "pages", "i");
  g_assert_cmpint (setup.pages.policy, ==, NV_PAGES_INTERLEAVE);
  set (&setup, "page-size", "4K");
  g_assert_cmpint (setup.pages.kind, ==, NV_PAGE_BASE);
}

static void
what_is_not_allowed_is_refused_with_what_is (void)
{
  static const char size[] = "a whole number with K, M, G, T, P or E behind it is allowed, such as 512M, "
                             "from 4096 bytes to 1E";
  static const char *const bad_sizes[] = { "5x",  "",    "-5",  "1.5G",
                                           "5GB", " 5M", "100", "99999999999999999999",
                                           "16E" };
  struct nv_message message;
  static struct nv_setup setup;

  for (gsize i = 0; i < G_N_ELEMENTS (bad_sizes); i++)
    {
      g_autofree char *why = g_strdup_printf ("size '%s': %s", bad_sizes[i], size);

      assert_refused ("size", bad_sizes[i], why);
    }
  assert_refused ("iterations", "0", "iterations '0': a whole number from 1 to 1000000 is allowed");
  assert_refused ("iterations", "4294967297",
                  "iterations '4294967297': a whole number from 1 to 1000000 is allowed");
  assert_refused ("chases", "33", "chases '33': a whole number from 1 to 32 is allowed");
  assert_refused ("access", "random", "access 'random': seq, page or line is allowed");
  assert_refused ("isa", "sse", "isa 'sse': auto, portable, avx2 or avx512 is allowed");
  assert_refused ("store", "", "store '': auto, temporal, nontemporal or rep is allowed");
  assert_refused ("mix", "0:0",
                  "mix '0:0': READS:WRITES is allowed, such as 2:1, each at most 16 and not both 0");
  assert_refused ("mix", "2",
                  "mix '2': READS:WRITES is allowed, such as 2:1, each at most 16 and not both 0");
  assert_refused ("stride", "12", "stride '12': a multiple of 8 bytes is allowed, from 8 to 1048576");
  assert_refused ("locality", "al",
                  "locality 'al': a whole number with K, M, G, T, P or E behind it is allowed, such as 512M, "
                  "from 4096 bytes to 1E, or all");
  assert_refused ("cpus", "0;1", "cpus '0;1': a list of CPUs is allowed, such as 0-3,8");
  assert_refused ("seed", "0x",
                  "seed '0x': a whole number from 0 to 9223372036854775807 is allowed, or 0x and digits");
  assert_refused (
      "seed", "9223372036854775808",
      "seed '9223372036854775808': a whole number from 0 to 9223372036854775807 is allowed, or 0x and digits");
  assert_refused ("size", NULL, "size: SIZE is missing");
  assert_refused ("matrix", "yes", "matrix 'yes': it takes no value");
  nv_setup_init (&setup);
  g_assert_cmpint (nv_setup_set (&setup, "json", NULL, &message), ==, -ENOENT);
  g_assert_cmpint (nv_setup_set (&setup, "colour", "red", &message), ==, -ENOENT);
}

static void
a_kernel_that_is_none_is_refused_with_those_that_are (void)
{
  static const char *const bad[] = { "", "copy,", "fly", "copy,,add", "copy add", "all,copy" };
  static struct nv_setup setup;
  struct nv_message message;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *begin = g_strdup_printf ("kernel '%s': a list of copy, ", bad[i]);

      nv_setup_init (&setup);
      g_assert_cmpint (nv_setup_set (&setup, "kernel", bad[i], &message), ==, -EINVAL);
      g_assert_true (g_str_has_prefix (message.text, begin));
      g_assert_cmpuint (setup.n_kernels, ==, 0);
    }
  assert_refused ("kernel", "copy,add,copy", "kernel 'copy,add,copy': 'copy' is named twice");
}

static void
a_matrix_and_a_loaded_latency_exclude_each_other (void)
{
  static struct nv_setup setup;
  struct nv_message message;

  set (&setup, "matrix", NULL);
  g_assert_cmpint (nv_setup_set (&setup, "matrix", NULL, &message), ==, 0);
  g_assert_cmpint (nv_setup_set (&setup, "loaded-latency", NULL, &message), ==, -EINVAL);
  g_assert_cmpint (setup.mode, ==, NV_MODE_MATRIX);
}

/* The command line, as words of one text. */
static int
parse (struct nv_arguments *arguments, const char *line, struct nv_message *message)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  memset (arguments, 0, sizeof *arguments);
  nv_setup_init (&arguments->setup);
  return nv_arguments_parse (arguments, (int)g_strv_length (words), words, message);
}

static void
a_command_line_is_read (void)
{
  static struct nv_arguments arguments;
  struct nv_message message;

  g_assert_cmpint (parse (&arguments, "numavm-bench --size=1M --threads 2 -q --json --no-pin", &message), ==,
                   0);
  g_assert_cmpuint (arguments.setup.size_bytes, ==, 1048576);
  g_assert_cmpuint (arguments.setup.team.n_threads, ==, 2);
  g_assert_true (arguments.setup.team.unpinned);
  g_assert_true (arguments.quiet && arguments.json);
  g_assert_false (arguments.csv || arguments.help || arguments.list);
  g_assert_cmpint (parse (&arguments, "numavm-bench -h", &message), ==, 0);
  g_assert_true (arguments.help);
}

static void
mistakes_on_a_command_line_are_named (void)
{
  static const struct
  {
    const char *line;
    const char *why;
  } mistakes[] = {
    { "numavm-bench --size 5x",
      "--size '5x': a whole number with K, M, G, T, P or E behind it is allowed, such as 512M, from 4096 "
      "bytes to 1E" },
    { "numavm-bench --size", "--size: SIZE is missing" },
    { "numavm-bench --json=yes", "--json 'yes': it takes no value" },
    { "numavm-bench --matrix=yes", "--matrix 'yes': it takes no value" },
    { "numavm-bench --treads 2", "there is no option '--treads': is --threads meant?" },
    { "numavm-bench --frobnicate", "there is no option '--frobnicate': see --help" },
    { "numavm-bench --", "there is no option '--': see --help" },
    { "numavm-bench -x", "there is no option '-x': see --help" },
    { "numavm-bench copy", "argument 'copy': only options are allowed, see --help" },
    { "numavm-bench -", "argument '-': only options are allowed, see --help" },
    { "numavm-bench --json --csv", "--csv: either JSON or CSV can be printed, not both" },
  };
  static struct nv_arguments arguments;
  struct nv_message message;

  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_assert_cmpint (parse (&arguments, mistakes[i].line, &message), ==, -EINVAL);
      g_assert_cmpstr (message.text, ==, mistakes[i].why);
    }
}

static void
what_does_not_go_together_is_refused (void)
{
  static const struct
  {
    const char *line;
    const char *why;
  } setups[] = {
    { "b --matrix --kernel copy", "kernel: a matrix is measured with read and chase: leave it out" },
    { "b --matrix --pages random:0",
      "pages 'random:0': a matrix has its pages bound to each node in turn: leave it out" },
    { "b --access line --kernel copy,chase,add,gather",
      "access 'line': seq alone is allowed with kernels that have an order of their own: chase, gather; it "
      "goes with --kernel copy,add" },
    { "b --access page --kernel chase",
      "access 'page': seq alone is allowed with kernels that have an order of their own: chase" },
    { "b --matrix --access line", NULL },
    { "b --access line --kernel copy", NULL },
  };
  static struct nv_arguments arguments;

  for (gsize i = 0; i < G_N_ELEMENTS (setups); i++)
    {
      struct nv_message message = { "" };

      g_assert_cmpint (parse (&arguments, setups[i].line, &message), ==, 0);
      g_assert_cmpint (nv_setup_check (&arguments.setup, &message), ==, setups[i].why ? -EINVAL : 0);
      g_assert_cmpstr (message.text, ==, setups[i].why ? setups[i].why : "");
    }
}

static void
options_that_change_nothing_are_listed (void)
{
  static const char *const setups[][2] = {
    { "b --kernel copy --chases 4 --mix 3:1 --size 1M", "--chases, --mix" },
    { "b --kernel spin --pages random --size 1M", "--size, --pages" },
    { "b --kernel spin,copy --pages random --size 1M", "" },
    { "b --kernel chase,mix --chases 4 --mix 3:1 --stride 128 --locality 4K", "" },
    { "b --kernel read --loaded-latency --stride 128", "" },
    { "b --kernel copy", "" },
  };
  static struct nv_arguments arguments;
  struct nv_message message;
  char list[160];

  for (gsize i = 0; i < G_N_ELEMENTS (setups); i++)
    {
      g_assert_cmpint (parse (&arguments, setups[i][0], &message), ==, 0);
      g_assert_cmpint (nv_setup_unused (&arguments.setup, list, sizeof list), ==, *setups[i][1] != '\0');
      g_assert_cmpstr (list, ==, setups[i][1]);
    }
}

static void
a_message_names_the_option_as_typed (void)
{
  g_assert_cmpstr (nv_option_dashes ("size '4096': too small"), ==, "--");
  g_assert_cmpstr (nv_option_dashes ("page-size 'thp': none"), ==, "--");
  g_assert_cmpstr (nv_option_dashes ("matrix: no"), ==, "--");
  g_assert_cmpstr (nv_option_dashes ("sizes '4096': no option"), ==, "");
  g_assert_cmpstr (nv_option_dashes ("size of all"), ==, "");
  g_assert_cmpstr (nv_option_dashes ("cannot map"), ==, "");
}

static void
every_option_is_in_help_manual_and_completion (void)
{
  void (*const printers[]) (FILE *) = { nv_options_print_help, nv_manual_print, nv_completion_print };

  for (gsize i = 0; i < G_N_ELEMENTS (printers); i++)
    {
      char *text;
      size_t size;
      FILE *file = open_memstream (&text, &size);

      printers[i](file);
      fclose (file);
      for (const struct nv_option *option = nv_options; option->name; option++)
        {
          g_autofree char *plain = g_strdup_printf ("--%s", option->name);
          g_auto (GStrv) parts = g_strsplit (plain, "-", -1);
          g_autofree char *roff = g_strjoinv ("\\-", parts);

          g_assert_nonnull (strstr (text, printers[i] == nv_manual_print ? roff : plain));
        }
      free (text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/setup/the_default_is_streams_kernels_on_base_pages",
                   the_default_is_streams_kernels_on_base_pages);
  g_test_add_func ("/setup/values_are_read", values_are_read);
  g_test_add_func ("/setup/sizes_are_iec", sizes_are_iec);
  g_test_add_func ("/setup/a_size_is_written_as_it_is_read", a_size_is_written_as_it_is_read);
  g_test_add_func ("/setup/a_seed_is_decimal_or_hexadecimal_and_also_that_of_pages",
                   a_seed_is_decimal_or_hexadecimal_and_also_that_of_pages);
  g_test_add_func ("/setup/pages_and_their_sizes_are_read", pages_and_their_sizes_are_read);
  g_test_add_func ("/setup/what_is_not_allowed_is_refused_with_what_is",
                   what_is_not_allowed_is_refused_with_what_is);
  g_test_add_func ("/setup/a_kernel_that_is_none_is_refused_with_those_that_are",
                   a_kernel_that_is_none_is_refused_with_those_that_are);
  g_test_add_func ("/setup/a_matrix_and_a_loaded_latency_exclude_each_other",
                   a_matrix_and_a_loaded_latency_exclude_each_other);
  g_test_add_func ("/setup/a_command_line_is_read", a_command_line_is_read);
  g_test_add_func ("/setup/mistakes_on_a_command_line_are_named", mistakes_on_a_command_line_are_named);
  g_test_add_func ("/setup/what_does_not_go_together_is_refused", what_does_not_go_together_is_refused);
  g_test_add_func ("/setup/options_that_change_nothing_are_listed", options_that_change_nothing_are_listed);
  g_test_add_func ("/setup/a_message_names_the_option_as_typed", a_message_names_the_option_as_typed);
  g_test_add_func ("/setup/every_option_is_in_help_manual_and_completion",
                   every_option_is_in_help_manual_and_completion);
  return g_test_run ();
}
