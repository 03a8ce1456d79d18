/* What is measured: the defaults, and the one parser of every value that changes them. */

#include "bench/options.h"
#include "bench/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A seed of 63 bits at most: JSON's readers take it as a signed number. */
#define MAX_SEED INT64_MAX

/* An array that is shorter has not a page for a thread. */
#define MIN_SIZE_BYTES ((uint64_t)NV_BASE_PAGE_BYTES)
#define MAX_SIZE_BYTES (UINT64_C (1) << 60)

#define MAX_STRIDE_BYTES 1048576

void
nv_setup_init (struct nv_setup *setup)
{
  *setup = (struct nv_setup){
    /* A stride of one line, so that the chase touches all of its array. */
    .kernel_options = { .chases = 1, .stride_bytes = NV_LINE_BYTES, .reads = 2, .writes = 1 },
    .isa = NV_AUTO,
    .store = NV_AUTO,
    .prefetch = NV_AUTO,
    .iterations = 20,
  };
  nv_pages_init (&setup->pages);
}

/* Digits alone, which must end at @ret_end; strtoull() would take blanks and signs. */
static bool
read_digits (const char *text, unsigned base, const char **ret_end, uint64_t *ret_value)
{
  static const char digits[] = "0123456789abcdef";
  uint64_t value = 0;
  const char *at = text;

  for (; *at; at++)
    {
      const char *digit = memchr (digits, *at >= 'A' && *at <= 'F' ? *at + ('a' - 'A') : *at, base);

      if (!digit)
        break;
      if (__builtin_mul_overflow (value, base, &value)
          || __builtin_add_overflow (value, (uint64_t)(digit - digits), &value))
        return false;
    }
  *ret_end = at;
  *ret_value = value;
  return at != text;
}

static int
read_unsigned (const char *name, const char *text, unsigned minimum, unsigned maximum, unsigned *ret_value,
               struct nv_message *message)
{
  const char *end;
  uint64_t value;

  if (!read_digits (text, 10, &end, &value) || *end != '\0' || value < minimum || value > maximum)
    return nv_fail (message, EINVAL, "%s '%.100s': a whole number from %u to %u is allowed", name, text,
                    minimum, maximum);
  *ret_value = (unsigned)value;
  return 0;
}

static const char size_units[] = "kmgtpe";

const char *
nv_format_size (uint64_t bytes, char *text, size_t size)
{
  uint64_t number = bytes;
  size_t unit = 0;

  for (; number > 0 && number % 1024 == 0 && size_units[unit]; unit++)
    number /= 1024;
  if (unit > 0)
    snprintf (text, size, "%llu%c", (unsigned long long)number, size_units[unit - 1] & ~0x20);
  else
    snprintf (text, size, "%llu", (unsigned long long)number);
  return text;
}

/* As numavm's sizes: IEC, a whole number; `2G` is 2 GiB. @else_allowed: for the message. */
static int
read_size (const char *name, const char *text, uint64_t minimum, const char *else_allowed,
           uint64_t *ret_bytes, struct nv_message *message)
{
  const char *unit, *power;
  uint64_t bytes;

  if (!read_digits (text, 10, &unit, &bytes))
    goto wrong;
  if (*unit != '\0' && strcasecmp (unit, "B") != 0)
    {
      power = strchr (size_units, *unit | 0x20);
      if (!power || (unit[1] != '\0' && strcasecmp (unit + 1, "iB") != 0))
        goto wrong;
      if (__builtin_mul_overflow (bytes, UINT64_C (1) << (10 * (power - size_units + 1)), &bytes))
        goto wrong;
    }
  if (bytes < minimum || bytes > MAX_SIZE_BYTES)
    goto wrong;
  *ret_bytes = bytes;
  return 0;

wrong:
  return nv_fail (
      message, EINVAL,
      "%s '%.100s': a whole number with K, M, G, T, P or E behind it is allowed, such as 512M, from %llu "
      "bytes to 1E%s",
      name, text, (unsigned long long)minimum, else_allowed);
}

/* The index of @text among @names, or -EINVAL. */
static int
read_choice (const char *name, const char *text, const char *const *names, int n_names,
             struct nv_message *message)
{
  char list[256] = "";

  for (int i = 0; i < n_names; i++)
    {
      if (strcmp (text, names[i]) == 0)
        return i;
      nv_append (list, sizeof list, i < n_names - 1 ? ", " : " or ", names[i]);
    }
  return nv_fail (message, EINVAL, "%s '%.100s': %s is allowed", name, text, list);
}

static int
fail_kernel (const char *name, const char *value, struct nv_message *message)
{
  const struct nv_kernel *const *kernels = nv_kernels (NV_ISA_PORTABLE);
  char list[256] = "";

  for (size_t i = 0; kernels[i]; i++)
    nv_append (list, sizeof list, ", ", kernels[i]->name);
  return nv_fail (message, EINVAL, "%s '%.100s': a list of %s is allowed, or all", name, value, list);
}

static int
set_kernels (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const struct nv_kernel *const *all = nv_kernels (NV_ISA_PORTABLE);
  const char *kernels[NV_MAX_KERNELS];
  size_t n = 0;

  if (strcmp (value, "all") == 0)
    for (; all[n] && n < NV_MAX_KERNELS; n++)
      kernels[n] = all[n]->name;
  else
    for (const char *at = value;; at++)
      {
        size_t length = strcspn (at, ",");
        char one[32];
        const struct nv_kernel *kernel;

        snprintf (one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one - 1), at);
        kernel = strlen (one) == length ? nv_kernel_find (NV_ISA_PORTABLE, one) : NULL;
        if (!kernel || n == NV_MAX_KERNELS)
          return fail_kernel (name, value, message);
        for (size_t i = 0; i < n; i++)
          if (strcmp (kernels[i], one) == 0)
            return nv_fail (message, EINVAL, "%s '%.100s': '%s' is named twice", name, value, one);
        kernels[n++] = kernel->name;
        at += length;
        if (*at == '\0')
          break;
      }
  memcpy (setup->kernels, kernels, sizeof *kernels * n);
  setup->n_kernels = n;
  return 0;
}

static int
set_access (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const char *names[] = { nv_access_name (NV_ACCESS_SEQ), nv_access_name (NV_ACCESS_PAGE),
                          nv_access_name (NV_ACCESS_LINE) };
  int access = read_choice (name, value, names, 3, message);

  if (access < 0)
    return access;
  setup->access = (enum nv_access)access;
  return 0;
}

static int
set_size (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return read_size (name, value, MIN_SIZE_BYTES, "", &setup->size_bytes, message);
}

static int
set_iterations (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return read_unsigned (name, value, 1, 1000000, &setup->iterations, message);
}

static int
set_threads (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return read_unsigned (name, value, 1, 65535, &setup->team.n_threads, message);
}

static int
set_threads_per_node (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return read_unsigned (name, value, 1, 65535, &setup->team.per_node, message);
}

/* Which there are is for nv_team_make() to say. */
static int
set_cpus (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  if (*value == '\0' || value[strspn (value, "0123456789,-")] != '\0')
    return nv_fail (message, EINVAL, "%s '%.100s': a list of CPUs is allowed, such as 0-3,8", name, value);
  setup->team.cpus = value;
  return 0;
}

static int
set_no_pin (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  setup->team.unpinned = true;
  return 0;
}

/* By a parser that knows nothing of options: what its message says of the value follows the option's name. */
static int
set_pages_with (int (*parse) (const char *text, struct nv_pages *pages, struct nv_message *message),
                const char *subject, struct nv_setup *setup, const char *name, const char *value,
                struct nv_message *message)
{
  struct nv_pages pages = setup->pages;
  struct nv_message why;
  char begin[128];
  size_t length = (size_t)snprintf (begin, sizeof begin, "%s '%.100s': ", subject, value);

  if (parse (value, &pages, &why) != 0)
    return nv_fail (message, EINVAL, "%s '%.100s': %.350s", name, value,
                    why.text + (strncmp (why.text, begin, length) == 0 ? length : 0));
  setup->pages = pages;
  return 0;
}

static int
set_pages (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return set_pages_with (nv_pages_parse, "pages", setup, name, value, message);
}

static int
parse_page_size_here (const char *text, struct nv_pages *pages, struct nv_message *message)
{
  return nv_pages_parse_size ("/", text, pages, message);
}

static int
set_page_size (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return set_pages_with (parse_page_size_here, "page size", setup, name, value, message);
}

static int
set_touch (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  static const char *const names[] = { "owner", "main" };
  int who = read_choice (name, value, names, 2, message);

  if (who < 0)
    return who;
  setup->touched_by_main = who == 1;
  return 0;
}

static int
set_isa (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const char *names[1 + NV_N_ISAS] = { "auto" };
  int isa;

  for (int i = 0; i < NV_N_ISAS; i++)
    names[1 + i] = nv_isa_name ((enum nv_isa)i);
  isa = read_choice (name, value, names, 1 + NV_N_ISAS, message);
  if (isa < 0)
    return isa;
  setup->isa = isa - 1;
  return 0;
}

static int
set_store (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const char *names[1 + NV_N_STORES] = { "auto" };
  int store;

  for (int i = 0; i < NV_N_STORES; i++)
    names[1 + i] = nv_store_name ((enum nv_store)i);
  store = read_choice (name, value, names, 1 + NV_N_STORES, message);
  if (store < 0)
    return store;
  setup->store = store - 1;
  return 0;
}

static int
set_prefetch (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  static const char *const names[] = { "auto", "off", "on" };
  int prefetch = read_choice (name, value, names, 3, message);

  if (prefetch < 0)
    return prefetch;
  setup->prefetch = prefetch - 1;
  return 0;
}

static int
set_chases (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return read_unsigned (name, value, 1, NV_MAX_CHASES, &setup->kernel_options.chases, message);
}

static int
set_locality (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  if (strcmp (value, "all") != 0)
    return read_size (name, value, NV_BASE_PAGE_BYTES, ", or all", &setup->kernel_options.locality_bytes,
                      message);
  setup->kernel_options.locality_bytes = 0;
  return 0;
}

static int
set_stride (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  uint64_t bytes;
  struct nv_message why;

  if (read_size (name, value, 8, "", &bytes, &why) != 0 || bytes % 8 != 0 || bytes > MAX_STRIDE_BYTES)
    return nv_fail (message, EINVAL, "%s '%.100s': a multiple of 8 bytes is allowed, from 8 to %d", name,
                    value, MAX_STRIDE_BYTES);
  setup->kernel_options.stride_bytes = (unsigned)bytes;
  return 0;
}

static int
set_mix (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const char *colon, *end;
  uint64_t reads, writes;

  if (!read_digits (value, 10, &colon, &reads) || *colon != ':' || !read_digits (colon + 1, 10, &end, &writes)
      || *end != '\0' || reads > NV_MAX_MIX || writes > NV_MAX_MIX || reads + writes == 0)
    return nv_fail (message, EINVAL,
                    "%s '%.100s': READS:WRITES is allowed, such as 2:1, each at most %d and not both 0", name,
                    value, NV_MAX_MIX);
  setup->kernel_options.reads = (unsigned)reads;
  setup->kernel_options.writes = (unsigned)writes;
  return 0;
}

static int
set_mode (struct nv_setup *setup, enum nv_mode mode, const char *name, struct nv_message *message)
{
  if (setup->mode != NV_MODE_KERNELS && setup->mode != mode)
    return nv_fail (message, EINVAL, "%s: either a matrix or the loaded latency can be measured, not both",
                    name);
  setup->mode = mode;
  return 0;
}

static int
set_matrix (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return set_mode (setup, NV_MODE_MATRIX, name, message);
}

static int
set_loaded_latency (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  return set_mode (setup, NV_MODE_LOADED_LATENCY, name, message);
}

static int
set_seed (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  bool hexadecimal = strncasecmp (value, "0x", 2) == 0;
  const char *end;
  uint64_t seed;

  if (!read_digits (value + (hexadecimal ? 2 : 0), hexadecimal ? 16 : 10, &end, &seed) || *end != '\0'
      || seed > MAX_SEED)
    return nv_fail (message, EINVAL,
                    "%s '%.100s': a whole number from 0 to %lld is allowed, or 0x and digits", name, value,
                    (long long)MAX_SEED);
  setup->seed = seed;
  setup->pages.seed = seed;
  return 0;
}

const struct nv_option *
nv_option_find (const char *name)
{
  for (const struct nv_option *option = nv_options; option->name; option++)
    if (strcmp (option->name, name) == 0)
      return option;
  return NULL;
}

int
nv_setup_set (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message)
{
  const struct nv_option *option = nv_option_find (name);

  if (!option || !option->set)
    return nv_fail (message, ENOENT, "there is no option '%.100s'", name);
  if (option->value && !value)
    return nv_fail (message, EINVAL, "%s: %s is missing", name, option->value);
  if (!option->value && value)
    return nv_fail (message, EINVAL, "%s '%.100s': it takes no value", name, value);
  return option->set (setup, name, value, message);
}

static bool
has_own_order (const char *kernel)
{
  const struct nv_kernel *found = nv_kernel_find (NV_ISA_PORTABLE, kernel);

  return found && found->own_order;
}

/* Names those that go over their arrays in an order of their own, and those that do not. */
static int
fail_access (const struct nv_setup *setup, struct nv_message *message)
{
  char own[128] = "", others[128] = "";

  for (size_t i = 0; i < setup->n_kernels; i++)
    if (has_own_order (setup->kernels[i]))
      nv_append (own, sizeof own, ", ", setup->kernels[i]);
    else
      nv_append (others, sizeof others, ",", setup->kernels[i]);
  return nv_fail (message, EINVAL,
                  "access '%s': seq alone is allowed with kernels that have an order of their own: %s%s%s",
                  setup->access == NV_ACCESS_PAGE ? "page" : "line", own,
                  *others ? "; it goes with --kernel " : "", others);
}

int
nv_setup_check (const struct nv_setup *setup, struct nv_message *message)
{
  char policy[96];

  if (setup->mode == NV_MODE_MATRIX && setup->n_kernels > 0)
    return nv_fail (message, EINVAL, "kernel: a matrix is measured with read and chase: leave it out");
  if (setup->mode == NV_MODE_MATRIX && setup->pages.policy != NV_PAGES_FIRST_TOUCH)
    {
      nv_pages_format (&setup->pages, policy, sizeof policy);
      return nv_fail (message, EINVAL,
                      "pages '%s': a matrix has its pages bound to each node in turn: leave it out", policy);
    }
  for (size_t i = 0; i < setup->n_kernels && setup->access != NV_ACCESS_SEQ; i++)
    if (has_own_order (setup->kernels[i]))
      return fail_access (setup, message);
  return 0;
}

/* Is @kernel measured? */
static bool
measures (const struct nv_setup *setup, const char *kernel)
{
  for (size_t i = 0; i < setup->n_kernels; i++)
    if (strcmp (setup->kernels[i], kernel) == 0)
      return true;
  return false;
}

bool
nv_setup_unused (const struct nv_setup *setup, char *list, size_t size)
{
  const struct nv_kernel_options *asked = &setup->kernel_options;
  bool chases = setup->mode == NV_MODE_LOADED_LATENCY || measures (setup, "chase");
  bool has_arrays = chases || setup->n_kernels > 1 || !measures (setup, "spin");
  const struct
  {
    const char *name;
    bool is_used, is_set;
  } options[] = {
    { "--chases", chases, asked->chases != 1 },
    { "--locality", chases, asked->locality_bytes > 0 },
    { "--stride", chases, asked->stride_bytes != NV_LINE_BYTES },
    { "--mix", measures (setup, "mix"), asked->reads != 2 || asked->writes != 1 },
    { "--size", has_arrays, setup->size_bytes > 0 },
    { "--pages", has_arrays, setup->pages.policy != NV_PAGES_FIRST_TOUCH },
    { "--page-size", has_arrays, setup->pages.kind != NV_PAGE_BASE },
    { "--touch", has_arrays, setup->touched_by_main },
  };

  *list = '\0';
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (options[i].is_set && !options[i].is_used)
      nv_append (list, size, ", ", options[i].name);
  return *list != '\0';
}

#define FLAG(member) .flag = offsetof (struct nv_arguments, member)

const struct nv_option nv_options[] = {
  { "kernel", .value = "LIST", .set = set_kernels,
    .help =
        "which, divided by commas, or all; default copy,scale,add,triad; --loaded-latency: those that load, default read" },
  { "access", .value = "seq|page|line", .set = set_access,
    .help = "in order; pages in a random order, in order within; or lines in a random order" },
  { "size", .value = "SIZE", .set = set_size,
    .help = "of each array, such as 512M; default: four times the last-level caches, or what memory allows" },
  { "matrix", .set = set_matrix,
    .help = "bandwidth (read) and latency (chase) from each node with CPUs to each with memory" },
  { "loaded-latency", .set = set_loaded_latency,
    .help = "one thread's latency while the others load the memory, more from step to step" },
  { "chases", .value = "N", .set = set_chases,
    .help = "chase: so many at once in each thread, 1 to 32; default 1" },
  { "locality", .value = "SIZE|all", .choices = "all", .set = set_locality,
    .help = "chase: stay in a block of that size until all of it is seen; default all" },
  { "stride", .value = "BYTES", .set = set_stride, .help = "chase: from slot to slot; default 64" },
  { "mix", .value = "READS:WRITES", .set = set_mix,
    .help = "mix: lines read for lines written; default 2:1" },

  { "pages", .group = NV_OPTIONS_WHERE, .value = "POLICY",
    .choices = "first-touch local bind: interleave: random: round-robin: weighted: mixed", .set = set_pages,
    .help = "where pages are to be: see below; default first-touch" },
  { "page-size", .group = NV_OPTIONS_WHERE, .value = "4K|thp|hugetlb|2M|1G", .set = set_page_size,
    .help = "base pages, transparent huge pages, or reserved ones; default 4K" },
  { "touch", .group = NV_OPTIONS_WHERE, .value = "owner|main", .set = set_touch,
    .help = "who touches a page first: the thread that uses it, or one for all; default owner" },
  { "threads", .group = NV_OPTIONS_WHERE, .value = "N", .set = set_threads,
    .help = "default: one a CPU, or OMP_NUM_THREADS; chase: 1" },
  { "threads-per-node", .group = NV_OPTIONS_WHERE, .value = "N", .set = set_threads_per_node,
    .help = "so many on each node that has CPUs" },
  { "cpus", .group = NV_OPTIONS_WHERE, .value = "LIST", .set = set_cpus,
    .help = "the threads' CPUs in this order, such as 0-3,8" },
  { "no-pin", .group = NV_OPTIONS_WHERE, .set = set_no_pin, .help = "let the scheduler move the threads" },

  { "iterations", .group = NV_OPTIONS_HOW, .value = "N", .set = set_iterations,
    .help = "timed repetitions of each kernel; default 20" },
  { "isa", .group = NV_OPTIONS_HOW, .value = "auto|portable|avx2|avx512", .set = set_isa,
    .help = "instructions; auto (of this and the next two) tries them and takes the fastest" },
  { "store", .group = NV_OPTIONS_HOW, .value = "auto|temporal|nontemporal|rep", .set = set_store,
    .help = "through the caches, past them, or by the microcode's own choice (rep movs, rep stos)" },
  { "prefetch", .group = NV_OPTIONS_HOW, .value = "auto|off|on", .set = set_prefetch, .help = "by software" },
  { "seed", .group = NV_OPTIONS_HOW, .value = "N", .set = set_seed,
    .help = "of every random order and placement; default: a random one, which is printed" },

  { "json", .group = NV_OPTIONS_OUTPUT, FLAG (json),
    .help = "a JSON object a line: the setup, each iteration, a summary for each group" },
  { "csv", .group = NV_OPTIONS_OUTPUT, FLAG (csv), .help = "a row an iteration" },
  { "quiet", 'q', .group = NV_OPTIONS_OUTPUT, FLAG (quiet), .help = "no progress" },
  { "list", .group = NV_OPTIONS_OUTPUT, FLAG (list),
    .help = "list the kernels, and what this CPU can run of them" },
  { "manual", .group = NV_OPTIONS_OUTPUT, FLAG (manual), .help = "print the man page, in roff" },
  { "completion", .group = NV_OPTIONS_OUTPUT, FLAG (completion),
    .help = "print the completion script for bash" },
  { "help", 'h', .group = NV_OPTIONS_OUTPUT, FLAG (help), .help = "print this" },
  { "version", .group = NV_OPTIONS_OUTPUT, FLAG (version), .help = "print the version" },
  { NULL },
};
