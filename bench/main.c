/* numavm-bench: reads its options, measures, prints. */

#include "bench/clock.h"
#include "bench/csv.h"
#include "bench/options.h"
#include "bench/record.h"
#include "bench/text.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A line that is rewritten more often nobody can read. */
#define PROGRESS_INTERVAL_NS 100000000

struct output
{
  const struct nv_arguments *arguments;
  struct nv_text *text; /* NULL: JSON or CSV */
  size_t n_results;
  size_t n_kernels;    /* that are measured one after the other; 0: not known yet, or results are counted */
  bool counts_results; /* a kernel has more than one */
  bool shows_progress, progress_is_shown;
  int64_t progress_ns; /* when it was shown last */
};

static volatile sig_atomic_t signal_number;

/* The first error of writing to stdout. */
static int write_error;

static void
on_signal (int number)
{
  signal_number = number;
}

static bool
is_cancelled (void *data)
{
  return signal_number != 0 || write_error != 0;
}

/* The first asks it to end with what it has, the second ends it. */
static void
catch_signals (void)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  const struct sigaction asking = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    {
      struct sigaction before;

      if (sigaction (numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction (numbers[i], &asking, NULL);
    }
}

static void say (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

static void
say (const char *format, ...)
{
  va_list arguments;

  fputs ("numavm-bench: ", stderr);
  va_start (arguments, format);
  vfprintf (stderr, format, arguments);
  va_end (arguments);
  fputc ('\n', stderr);
}

static void
end_progress (struct output *output)
{
  if (output->progress_is_shown)
    fputs ("\r\033[K", stderr);
  output->progress_is_shown = false;
}

/* A full disk is noticed here, not at the end of an hour. */
static void
flush_stdout (void)
{
  if ((fflush (stdout) != 0 || ferror (stdout)) && write_error == 0)
    write_error = errno;
}

/* Which result it will be, where there is more than one. */
static void
show_position (const struct output *output)
{
  if (output->n_kernels > 1)
    fprintf (stderr, ", %zu of %zu", output->n_results + 1, output->n_kernels);
  else if (output->counts_results)
    fprintf (stderr, ", step %zu", output->n_results + 1);
}

static void
on_progress (void *data, const char *kernel, unsigned iteration, unsigned total)
{
  struct output *output = data;
  int64_t now_ns = nv_now_ns ();

  if (!output->shows_progress
      || (output->progress_is_shown && now_ns - output->progress_ns < PROGRESS_INTERVAL_NS))
    return;
  fprintf (stderr, "\r\033[K[%s", kernel);
  show_position (output);
  if (iteration > 0)
    fprintf (stderr, ": %u/%u]", iteration, total);
  else
    fputs (": warming up]", stderr);
  output->progress_is_shown = true;
  output->progress_ns = now_ns;
}

/* What was asked but will make no difference. */
static void
say_unused (const struct nv_setup *asked, const struct nv_setup *setup)
{
  char list[160];

  if (nv_setup_unused (setup, list, sizeof list))
    say ("no kernel asked for uses %s", list);
  if (asked->kernel_options.locality_bytes > 0 && setup->kernel_options.locality_bytes == 0)
    say ("--locality: the array is not larger than that, which makes it 'all'");
}

static void
on_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
          double timer_tick_ns)
{
  struct output *output = data;

  say_unused (&output->arguments->setup, setup);
  output->counts_results = setup->mode != NV_MODE_KERNELS;
  if (!output->counts_results)
    output->n_kernels = setup->n_kernels;
  if (output->text)
    nv_text_start (output->text, setup, team, facts, timer_tick_ns);
  else if (output->arguments->csv)
    nv_csv_write_header (stdout);
  else
    {
      json_t *record = nv_record_setup (setup, team, facts, timer_tick_ns);

      nv_record_write (record, stdout);
      json_decref (record);
    }
  flush_stdout ();
}

static void
on_result (void *data, const struct nv_setup *setup, const struct nv_result *result)
{
  struct output *output = data;

  end_progress (output);
  output->n_results++;
  if (output->text)
    nv_text_result (output->text, setup, result);
  else if (output->arguments->csv)
    nv_csv_write_result (setup, result, stdout);
  else
    nv_record_write_result (setup, result, stdout);
  flush_stdout ();
}

/* What did not reach the file or pipe was not done. */
static int
close_stdout (int status)
{
  flush_stdout ();
  if (write_error == 0)
    return status;
  say ("cannot write the output: %s", strerror (write_error));
  return NV_STATUS_FAILED;
}

/* 32 bits: short enough to be typed again. */
static void
draw_seed (struct nv_setup *setup)
{
  uint32_t seed;

  if (getrandom (&seed, sizeof seed, 0) != sizeof seed)
    seed = (uint32_t)time (NULL);
  setup->seed = seed;
  setup->pages.seed = seed;
}

static int
measure (const struct nv_arguments *arguments)
{
  struct output output = {
    .arguments = arguments,
    .text = arguments->json || arguments->csv ? NULL : nv_text_new (stdout),
    .shows_progress = !arguments->quiet && isatty (STDERR_FILENO),
  };
  const struct nv_reporter reporter = {
    .start = on_start,
    .result = on_result,
    .progress = on_progress,
    .cancelled = is_cancelled,
    .data = &output,
  };
  struct nv_message message = { "" };
  enum nv_status status;

  if (!output.text && !arguments->json && !arguments->csv)
    {
      say ("no memory");
      return NV_STATUS_FAILED;
    }
  catch_signals ();
  status = nv_bench_run (&arguments->setup, &reporter, &message);
  end_progress (&output);
  if (nv_text_end (output.text, nv_status_is_measured (status)) < 0)
    {
      say ("not all of the tables is shown: no memory");
      status = NV_STATUS_FAILED;
    }
  status = close_stdout (status);
  if (write_error != 0)
    return status;
  if (signal_number != 0)
    {
      /* As if the signal had not been caught: a shell that runs a loop ends it, too. */
      say ("interrupted after %zu result%s", output.n_results, output.n_results == 1 ? "" : "s");
      signal (signal_number, SIG_DFL);
      raise (signal_number);
    }
  if (*message.text)
    say ("%s%s", nv_option_dashes (message.text), message.text);
  return status;
}

int
main (int argc, char **argv)
{
  static struct nv_arguments arguments;
  struct nv_message message;

  nv_setup_init (&arguments.setup);
  draw_seed (&arguments.setup);
  if (nv_arguments_parse (&arguments, argc, argv, &message) != 0)
    {
      say ("%s", message.text);
      return NV_STATUS_USAGE;
    }
  if (arguments.help)
    nv_options_print_help (stdout);
  else if (arguments.version)
    printf ("numavm-bench %s\n", NV_VERSION);
  else if (arguments.list)
    nv_list_print (stdout);
  else if (arguments.manual)
    nv_manual_print (stdout);
  else if (arguments.completion)
    nv_completion_print (stdout);
  else
    return measure (&arguments);
  return close_stdout (NV_STATUS_DONE);
}
