#include "bench/list.h"
#include "bench/pages.h"
#include "bench/proc.h"
#include "tree.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB (UINT64_C (1) << 20)

/* What is asked */

static struct nv_pages
parse (const char *text)
{
  struct nv_pages pages = { .kind = NV_PAGE_BASE, .page_bytes = 4096 };
  struct nv_message message = { "" };

  g_assert_cmpint (nv_pages_parse (text, &pages, &message), ==, 0);
  g_assert_cmpstr (message.text, ==, "");
  return pages;
}

static void
a_policy_is_shown_as_it_is_read (void)
{
  static const char *const texts[] = {
    "first-touch",
    "local",
    "bind:0",
    "bind:0-2",
    "bind:0-1023",
    "interleave",
    "interleave:0-1",
    "random:0,2,5-7",
    "round-robin:3,1,0",
    "round-robin",
    "weighted:0=3,1=1",
    "weighted:7=65535",
    "mixed",
    "mixed:0-1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      struct nv_pages pages = parse (texts[i]);
      char text[128];

      nv_pages_format (&pages, text, sizeof text);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
the_originals_letters_stand_for_policies (void)
{
  static const struct
  {
    const char *letter, *name;
  } letters[] = { { "l", "local" },
                  { "i", "interleave" },
                  { "r", "random" },
                  { "m", "mixed" },
                  { "i:0,1", "interleave:0-1" } };

  for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
    {
      struct nv_pages pages = parse (letters[i].letter);
      char text[64];

      nv_pages_format (&pages, text, sizeof text);
      g_assert_cmpstr (text, ==, letters[i].name);
    }
}

static void
ranges_share_a_weight (void)
{
  struct nv_pages pages = parse ("weighted:0-1=3,4=2");

  g_assert_cmpuint (pages.n_nodes, ==, 3);
  g_assert_cmpuint (pages.nodes[1].node, ==, 1);
  g_assert_cmpfloat (pages.nodes[1].weight, ==, 3);
  g_assert_cmpuint (pages.nodes[2].node, ==, 4);
  g_assert_cmpfloat (pages.nodes[2].weight, ==, 2);
}

static void
mistakes_are_refused_with_what_is_allowed (void)
{
  static const struct
  {
    const char *text, *part;
  } mistakes[] = {
    { "", "pages '': first-touch, local, bind:0-2" },
    { "binds:0", "weighted:0=3,1=1 or mixed is allowed" },
    { "x", "is allowed" },
    { "bind", "no nodes are named" },
    { "bind:", "'' is no list of nodes from 0 to 1023" },
    { "bind:x", "'x' is no list" },
    { "bind:-1", "'-1' is no list" },
    { "bind:0-", "'0-' is no list" },
    { "bind:2-0", "'2-0' is no list" },
    { "bind:1024", "from 0 to 1023" },
    { "bind:99999999999999999999", "from 0 to 1023" },
    { "bind:0,", "is no list" },
    { "bind:0 1", "' 1' does not belong" },
    { "bind:0=1", "'=1' does not belong" },
    { "interleave:0,0", "node 0 is named twice" },
    { "random:0-3,2", "node 2 is named twice" },
    { "weighted", "no nodes are named" },
    { "weighted:0", "node 0 has no weight: a whole number from 1 to 65535" },
    { "weighted:0=3,1", "node 1 has no weight" },
    { "weighted:0=0", "node 0 has no weight" },
    { "weighted:0=-1", "node 0 has no weight" },
    { "weighted:0=65536", "node 0 has no weight" },
    { "weighted:0=1.5", "'.5' does not belong" },
    { "first-touch:0", "'first-touch' is asked for without nodes" },
    { "l:0", "'local' is asked for without nodes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      struct nv_pages pages = { .policy = NV_PAGES_MIXED, .n_nodes = 77 };
      struct nv_message message = { "" };

      g_assert_cmpint (nv_pages_parse (mistakes[i].text, &pages, &message), ==, -EINVAL);
      if (!strstr (message.text, mistakes[i].part))
        g_error ("'%s' does not say '%s'", message.text, mistakes[i].part);
      g_assert_cmpuint (pages.n_nodes, ==, 77);
      g_assert_cmpint (pages.policy, ==, NV_PAGES_MIXED);
    }
}

static void
page_sizes_are_those_of_the_kernel (void)
{
  static const struct
  {
    const char *text;
    enum nv_page_kind kind;
    uint64_t bytes;
  } sizes[] = { { "4K", NV_PAGE_BASE, 4096 },
                { "thp", NV_PAGE_THP, 2 * MIB },
                { "hugetlb", NV_PAGE_HUGETLB, 2 * MIB },
                { "2M", NV_PAGE_HUGETLB, 2 * MIB },
                { "1G", NV_PAGE_HUGETLB, 1024 * MIB } };
  char *root = tree_unpack ("two-sockets");
  struct nv_message message;
  struct nv_pages initial;

  nv_pages_init (&initial);
  g_assert_cmpint (initial.kind, ==, NV_PAGE_BASE);
  g_assert_cmpuint (initial.page_bytes, ==, sysconf (_SC_PAGESIZE));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      struct nv_pages pages = { .n_nodes = 5 };

      g_assert_cmpint (nv_pages_parse_size (root, sizes[i].text, &pages, &message), ==, 0);
      g_assert_cmpint (pages.kind, ==, sizes[i].kind);
      g_assert_cmpuint (pages.page_bytes, ==, sizes[i].bytes);
      g_assert_cmpuint (pages.n_nodes, ==, 5);
    }
  tree_remove (root);
}

static void
page_sizes_that_the_kernel_lacks_are_refused_with_those_that_it_has (void)
{
  char *rich = tree_unpack ("two-sockets"), *poor = tree_unpack ("one-node");
  struct nv_pages pages = { .page_bytes = 77 };
  struct nv_message message;

  g_assert_cmpint (nv_pages_parse_size (rich, "5M", &pages, &message), ==, -EINVAL);
  g_assert_cmpstr (message.text, ==, "page size '5M': this kernel has 4K, thp, hugetlb, 2M, 1G");
  g_assert_cmpint (nv_pages_parse_size (poor, "2M", &pages, &message), ==, -EINVAL);
  g_assert_cmpstr (message.text, ==, "page size '2M': this kernel has 4K, thp");
  g_assert_cmpint (nv_pages_parse_size (poor, "thp", &pages, &message), ==, -EINVAL);
  g_assert_cmpstr (message.text, ==, "page size 'thp': this kernel has no transparent huge pages");
  g_assert_cmpint (nv_pages_parse_size (poor, "hugetlb", &pages, &message), ==, -EINVAL);
  g_assert_cmpstr (message.text, ==, "page size 'hugetlb': this kernel has no huge pages to reserve");
  g_assert_cmpuint (pages.page_bytes, ==, 77);
  tree_remove (rich);
  tree_remove (poor);
}

static void
nodes_that_are_not_named_are_all_with_memory (void)
{
  struct nv_pages pages = parse ("interleave");
  struct nv_message message;

  g_assert_cmpint (nv_pages_resolve (&pages, &message), ==, 0);
  g_assert_cmpuint (pages.n_nodes, >, 0);
  for (guint i = 0; i < pages.n_nodes; i++)
    g_assert_cmpfloat (pages.nodes[i].weight, ==, 1);
}

static void
a_node_that_is_not_there_is_refused_with_those_that_are (void)
{
  struct nv_pages pages = parse ("bind:1020-1023"), all = parse ("interleave");
  struct nv_message message;
  char here[64];

  g_assert_cmpint (nv_pages_resolve (&pages, &message), ==, -ENODEV);
  g_assert_true (g_str_has_prefix (
      message.text, "pages 'bind:1020-1023': nodes '1020-1023': this process may use memory on node"));
  g_assert_cmpint (nv_pages_resolve (&all, &message), ==, 0);
  g_snprintf (here, sizeof here, "%u", all.nodes[0].node);
  g_assert_nonnull (strstr (message.text, here));
}

/* Where pages are to be */

static void
interleave_goes_round_the_nodes (void)
{
  static const int nodes[] = { 1, 4, 6 };
  struct nv_pages pages = parse ("interleave:1,4,6");

  for (guint page = 0; page < 9; page++)
    g_assert_cmpint (nv_pages_target (&pages, 0, page, 0), ==, nodes[page % 3]);
}

static void
round_robin_gives_each_array_the_next_node (void)
{
  struct nv_pages pages = parse ("round-robin:3,1");

  g_assert_cmpint (nv_pages_target (&pages, 0, 0, 0), ==, 3);
  g_assert_cmpint (nv_pages_target (&pages, 0, 99, 0), ==, 3);
  g_assert_cmpint (nv_pages_target (&pages, 1, 5, 0), ==, 1);
  g_assert_cmpint (nv_pages_target (&pages, 2, 0, 0), ==, 3);
}

static void
local_is_the_owners_node_and_first_touch_is_any (void)
{
  struct nv_pages local = parse ("local"), touch = parse ("first-touch"), several = parse ("bind:0-2"),
                  one = parse ("bind:2");

  local.n_nodes = 2;
  local.nodes[0] = (struct nv_node_weight){ 0, 1 };
  local.nodes[1] = (struct nv_node_weight){ 3, 1 };
  g_assert_cmpint (nv_pages_target (&local, 0, 7, 3), ==, 3);
  g_assert_cmpint (nv_pages_target (&local, 0, 7, 0), ==, 0);
  g_assert_cmpint (nv_pages_target (&touch, 0, 7, 3), ==, -1);
  g_assert_cmpint (nv_pages_target (&several, 0, 7, 3), ==, -1);
  g_assert_cmpint (nv_pages_target (&one, 0, 7, 3), ==, 2);
}

static void
random_is_even_and_differs_by_seed_and_array (void)
{
  enum
  {
    N = 30000
  };
  struct nv_pages pages = parse ("random:0-2"), other = pages;
  guint counts[3] = { 0 }, same_array = 0, same_seed = 0;

  pages.seed = 1;
  other.seed = 2;
  for (guint page = 0; page < N; page++)
    {
      int node = nv_pages_target (&pages, 0, page, 0);

      g_assert_cmpint (node, ==, nv_pages_target (&pages, 0, page, 1));
      counts[node]++;
      same_array += node == nv_pages_target (&pages, 1, page, 0);
      same_seed += node == nv_pages_target (&other, 0, page, 0);
    }
  /* Binomial with p = 1/3: a standard deviation is 82, four of them are allowed, and the draws are always the
   * same. */
  for (guint node = 0; node < 3; node++)
    g_assert_cmpint (ABS ((int)counts[node] - N / 3), <, 330);
  g_assert_cmpint (ABS ((int)same_array - N / 3), <, 330);
  g_assert_cmpint (ABS ((int)same_seed - N / 3), <, 330);
}

static void
whole_weights_come_out_even_after_their_sum (void)
{
  static const char *const texts[] = { "weighted:0=3,1=1", "weighted:0=1,1=2,2=4", "weighted:0=5,1=5,2=1,3=9",
                                       "weighted:0=7" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      struct nv_pages pages = parse (texts[i]);
      guint sum = 0;

      for (guint n = 0; n < pages.n_nodes; n++)
        sum += (guint)pages.nodes[n].weight;
      for (guint64 round = 0; round < 500; round++)
        {
          guint counts[4] = { 0 };

          for (guint page = 0; page < sum; page++)
            counts[nv_pages_target (&pages, 0, round * sum + page, 0)]++;
          for (guint n = 0; n < pages.n_nodes; n++)
            g_assert_cmpuint (counts[n], ==, (guint)pages.nodes[n].weight);
        }
    }
}

/* Mixed: shares in inverse proportion to distances, here those of a machine with four nodes. */
static void
every_stretch_has_the_shares_of_its_distances (void)
{
  static const double distances[] = { 10, 16, 32, 40 };
  enum
  {
    N = 3000,
    FAR = 100000000
  };
  struct nv_node_weight nodes[4];
  double sum = 0;

  for (guint i = 0; i < 4; i++)
    {
      nodes[i] = (struct nv_node_weight){ i, 1 / distances[i] };
      sum += nodes[i].weight;
    }
  for (guint64 start = 0; start <= FAR; start += FAR / 10 + 7)
    {
      guint counts[4] = { 0 };

      for (guint page = 0; page < N; page++)
        {
          counts[nv_pages_spread (nodes, 4, start + page)]++;
          for (guint i = 0; i < 4; i++)
            g_assert_cmpfloat (ABS (counts[i] - (page + 1) * nodes[i].weight / sum), <, 2);
        }
    }
}

/* Where pages are */

enum
{
  N_BYTES = 24 << 20
};

/* Two owners on the first node that can be used, which is the only one on most machines. */
struct placed
{
  struct nv_pages pages;
  struct nv_owner owners[2];
  struct nv_buffer buffer;
};

static void
place (struct placed *placed, const char *policy, const char *page_size, unsigned array)
{
  struct nv_message message = { "" };

  placed->pages = parse (policy);
  g_assert_cmpint (nv_pages_parse_size ("/", page_size, &placed->pages, &message), ==, 0);
  g_assert_cmpint (nv_pages_resolve (&placed->pages, &message), ==, 0);
  for (guint i = 0; i < 2; i++)
    placed->owners[i] = (struct nv_owner){ N_BYTES / 2, placed->pages.nodes[0].node };
  if (nv_buffer_map (&placed->pages, array, N_BYTES, placed->owners, 2, &placed->buffer, &message) < 0)
    g_error ("%s %s: %s", policy, page_size, message.text);
  memset (placed->buffer.address, 1, N_BYTES);
  g_assert_cmpint (nv_buffer_settle (&placed->pages, &placed->buffer, placed->owners, 2, &message), ==, 0);
}

static struct nv_residence
look (const struct placed *placed, const struct nv_pages *pages)
{
  struct nv_message message = { "" };
  struct nv_residence residence;

  g_assert_cmpint (nv_buffer_residence (pages, &placed->buffer, placed->owners, 2, &residence, &message), ==,
                   0);
  g_assert_cmpstr (message.text, ==, "");
  return residence;
}

static gboolean
has_thp (void)
{
  char value[32];

  return nv_proc_setting ("/", "sys/kernel/mm/transparent_hugepage/enabled", value, sizeof value) == 0
         && strcmp (value, "never") != 0;
}

static void
pages_are_where_each_policy_asks (void)
{
  static const char *const policies[] = { "first-touch", "local",       "bind:%u",       "interleave",
                                          "random",      "round-robin", "weighted:%u=3", "mixed" };
  struct nv_pages all = parse ("interleave");
  struct nv_message message;

  g_assert_cmpint (nv_pages_resolve (&all, &message), ==, 0);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (policies); i++)
    {
      const char *form = policies[i / 2], *percent = strchr (form, '%');
      const char *page_size = i % 2 && has_thp () ? "thp" : "4K";
      g_autofree char *policy =
          percent ? g_strdup_printf ("%.*s%u%s", (int)(percent - form), form, all.nodes[0].node, percent + 2)
                  : g_strdup (form);
      struct placed placed;
      struct nv_residence residence;
      uint64_t sum = 0;

      place (&placed, policy, page_size, i % 3);
      residence = look (&placed, &placed.pages);
      for (size_t node = 0; node < residence.n_nodes; node++)
        sum += residence.node_bytes[node];
      g_assert_cmpuint (sum, ==, residence.resident_bytes);
      g_assert_cmpuint (residence.resident_bytes, >=, N_BYTES);
      g_assert_cmpuint (residence.resident_bytes, <=, placed.buffer.mapping_bytes);
      g_assert_cmpfloat (residence.mismatch, <=, 0.01);
      if (i % 2 == 0)
        {
          g_assert_cmpuint (residence.resident_bytes, ==, N_BYTES);
          g_assert_cmpuint (residence.huge_bytes, ==, 0);
        }
      nv_residence_clear (&residence);
      nv_buffer_unmap (&placed.buffer);
    }
}

static void
transparent_huge_pages_are_counted (void)
{
  struct placed placed;
  struct nv_pages base = parse ("first-touch");
  struct nv_residence residence;
  char text[256];

  if (!has_thp ())
    {
      g_test_skip ("no transparent huge pages");
      return;
    }
  place (&placed, "random", "thp", 1);
  residence = look (&placed, &placed.pages);
  g_assert_cmpuint (residence.huge_bytes, >, 0);
  g_assert_cmpuint (residence.huge_bytes % placed.pages.page_bytes, ==, 0);
  g_assert_cmpuint (residence.huge_bytes, <=, residence.resident_bytes);
  g_assert_cmpfloat (
      ABS (residence.kind_mismatch - 1 + (double)residence.huge_bytes / (double)residence.resident_bytes), <,
      1e-9);
  nv_residence_clear (&residence);

  /* Who asked for base pages has not got them. */
  base.seed = placed.pages.seed;
  residence = look (&placed, &base);
  g_assert_cmpfloat (residence.kind_mismatch, >, 0.05);
  g_assert_false (residence.holds);
  nv_residence_explain (&base, &residence, text, sizeof text);
  g_assert_nonnull (strstr (text, "% is in huge pages, none was asked for"));

  /* Taken apart, none is left, and each part is still found. */
  for (uint64_t at = 0; at < placed.buffer.mapping_bytes; at += placed.pages.page_bytes)
    g_assert_cmpint (mprotect ((char *)placed.buffer.mapping + at, 4096, PROT_READ), ==, 0);
  nv_residence_clear (&residence);
  residence = look (&placed, &placed.pages);
  g_assert_cmpuint (residence.huge_bytes, ==, 0);
  g_assert_cmpuint (residence.resident_bytes, >=, N_BYTES);
  g_assert_cmpfloat (residence.mismatch, <=, 0.01);
  g_assert_cmpfloat (residence.kind_mismatch, ==, 1);
  g_assert_false (residence.holds);
  nv_residence_explain (&placed.pages, &residence, text, sizeof text);
  g_assert_true (g_str_has_prefix (text, "huge pages: 0 % of what was asked: "));
  nv_residence_clear (&residence);
  nv_buffer_unmap (&placed.buffer);
}

/* All is on one node, and what is asked is another: on a machine with one node, too, a mismatch can be seen.
 */
static void
pages_elsewhere_are_a_mismatch (void)
{
  static const struct
  {
    const char *policy;
    double mismatch;
  } asked[] = {
    { "bind:%u", 0 },          { "bind:1022,%u", 0 },
    { "bind:1022", 1 },        { "bind:1022,1023", 1 },
    { "round-robin:1022", 1 }, { "interleave:1022,%u", 0.5 },
    { "random:1022,%u", 0.5 }, { "weighted:1022=1,%u=3", 0.25 },
    { "first-touch", 0 },
  };
  struct placed placed;

  place (&placed, "local", "4K", 0);
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      g_auto (GStrv) parts = g_strsplit (asked[i].policy, "%u", 2);
      g_autofree char *node = g_strdup_printf ("%u", placed.owners[0].node);
      g_autofree char *policy = g_strjoinv (node, parts);
      struct nv_pages pages = parse (policy);
      struct nv_residence residence;

      pages.seed = 1;
      residence = look (&placed, &pages);
      g_assert_cmpfloat (ABS (residence.mismatch - asked[i].mismatch), <, 0.02);
      g_assert_cmpint (residence.holds, ==, asked[i].mismatch == 0);
      nv_residence_clear (&residence);
    }
  nv_buffer_unmap (&placed.buffer);
}

/* With --wrap: a machine of two nodes on which no page was moved from where interleave put it. */
static gboolean two_nodes;

long __real_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags);
long __wrap_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags);

long
__wrap_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
  if (!two_nodes)
    return __real_move_pages (pid, count, pages, nodes, status, flags);
  for (unsigned long i = 0; i < count; i++)
    status[i] = (int)((guintptr)pages[i] / 4096 % 2);
  return 0;
}

static void
even_shares_alone_are_only_what_interleave_asks (void)
{
  static const struct
  {
    const char *policy;
    double mismatch;
  } asked[] = { { "interleave:0,1", 0 },
                { "random:0,1", 0.5 },
                { "weighted:1=1,0=1", 1 }, /* in turn, from the other one on */
                { "weighted:0=3,1=1", 0.75 } };
  struct placed placed;
  char text[256];

  place (&placed, "local", "4K", 1);
  two_nodes = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      struct nv_pages pages = parse (asked[i].policy);
      struct nv_residence residence = look (&placed, &pages);

      g_assert_cmpfloat (ABS (residence.mismatch - asked[i].mismatch), <, 0.03);
      g_assert_cmpint (residence.holds, ==, i == 0);
      nv_residence_explain (&pages, &residence, text, sizeof text);
      g_assert_true (i == 0 || strstr (text, "% is elsewhere: 50.0 % on node 0, 50.0 % on node 1"));
      nv_residence_clear (&residence);
    }
  two_nodes = FALSE;
  nv_buffer_unmap (&placed.buffer);
}

static void
only_touched_pages_are_resident (void)
{
  struct nv_pages pages = parse ("first-touch");
  struct nv_owner owner = { N_BYTES, 0 };
  struct nv_buffer buffer;
  struct nv_residence residence;
  struct nv_message message;

  g_assert_cmpint (nv_pages_parse_size ("/", "4K", &pages, &message), ==, 0);
  g_assert_cmpint (nv_buffer_map (&pages, 0, N_BYTES, &owner, 1, &buffer, &message), ==, 0);
  ((volatile char *)buffer.address)[5 * 4096] = 1;
  g_assert_cmpint (nv_buffer_residence (&pages, &buffer, &owner, 1, &residence, &message), ==, 0);
  g_assert_cmpuint (residence.resident_bytes, ==, 4096);
  nv_residence_clear (&residence);
  nv_buffer_unmap (&buffer);
}

static void
arrays_are_staggered_on_page_boundaries (void)
{
  for (guint array = 0; array < 3; array++)
    for (guint i = 0; i < 2; i++)
      {
        struct placed placed;

        place (&placed, "first-touch", i && has_thp () ? "thp" : "4K", array);
        g_assert_cmpuint ((guintptr)placed.buffer.address % (2 * MIB), ==, array * 33 * 4096);
        nv_buffer_unmap (&placed.buffer);
      }
}

static void
what_was_mapped_is_unmapped (void)
{
  struct placed placed;
  char *before, *behind;
  size_t bytes;
  unsigned char resident;

  place (&placed, "bind:0", "4K", 1);
  bytes = placed.buffer.mapping_bytes;
  before = (char *)placed.buffer.mapping - 4096;
  behind = (char *)placed.buffer.mapping + bytes;
  nv_buffer_unmap (&placed.buffer);
  g_assert_null (placed.buffer.mapping);
  for (char *at = before; at <= behind; at += (bytes + 4096) / 2 / 4096 * 4096)
    g_assert_cmpint (mincore (at, 4096, &resident), ==, -1);
  nv_buffer_unmap (&placed.buffer);
}

/* What does not fit */

static void
huge_pages_that_are_not_reserved_are_refused_with_need_and_have (void)
{
  struct nv_pages pages = parse ("bind:0");
  struct nv_owner owner = { UINT64_C (1) << 45, 0 };
  struct nv_buffer buffer = { .bytes = 77 };
  struct nv_message message = { "" };

  pages.kind = NV_PAGE_HUGETLB;
  pages.page_bytes = 2 * MIB;
  g_assert_cmpint (nv_buffer_map (&pages, 0, owner.bytes, &owner, 1, &buffer, &message), ==, -ENOMEM);
  g_assert_nonnull (
      strstr (message.text,
              "page-size '2M': 16777216 huge pages are needed for 1 array of 32T with --pages bind:0, "));
  g_assert_nonnull (strstr (message.text, " are free: echo "));
  g_assert_nonnull (strstr (message.text, "/node0/hugepages/hugepages-2048kB/nr_hugepages reserves them"));
  g_assert_cmpuint (buffer.bytes, ==, 77);
}

static void
more_than_a_node_has_is_refused_before_the_kernel_ends_the_process (void)
{
  struct nv_pages pages = parse ("bind:0");
  struct nv_owner owner = { UINT64_C (1) << 50, 0 };
  struct nv_buffer buffer;
  struct nv_message message = { "" };

  g_assert_cmpint (nv_buffer_map (&pages, 0, owner.bytes, &owner, 1, &buffer, &message), ==, -ENOMEM);
  g_assert_nonnull (strstr (message.text, "pages 'bind:0': 1048576.00 GiB are needed there, "));
  g_assert_cmpuint (nv_pages_available_bytes (&pages), >, 0);
}

static void
of_what_is_available_some_is_kept_free (void)
{
  g_assert_cmpuint (nv_room_bytes (UINT64_C (100) << 30), ==, UINT64_C (95) << 30);
  g_assert_cmpuint (nv_room_bytes (UINT64_C (4) << 30), ==, (UINT64_C (4) << 30) - (256 << 20));
  g_assert_cmpuint (nv_room_bytes (400 << 20), ==, 300 << 20);
  g_assert_cmpuint (nv_room_bytes (0), ==, 0);
}

/* What is forbidden */

#define REFUSE(number)                                                                                       \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),                                                        \
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))

/* As a container's profile does. */
static void
forbid_placing (void)
{
  struct sock_filter instructions[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    REFUSE (SYS_mbind),
    REFUSE (SYS_move_pages),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (instructions), instructions };

  g_assert_cmpint (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
  g_assert_cmpint (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
}

static void
try_without_mbind (void)
{
  struct nv_pages pages = parse ("interleave:0");
  struct nv_owner owner = { N_BYTES, 0 };
  struct nv_buffer buffer;
  struct nv_message message = { "" };
  struct placed placed;
  struct nv_residence residence;

  forbid_placing ();
  g_assert_cmpint (nv_buffer_map (&pages, 0, N_BYTES, &owner, 1, &buffer, &message), ==, -EPERM);
  g_assert_nonnull (strstr (message.text, "pages 'interleave:0': mbind is not permitted"));
  g_assert_nonnull (strstr (message.text, "first-touch works without it"));

  place (&placed, "first-touch", "4K", 0);
  residence = look (&placed, &placed.pages);
  if (g_file_test ("/proc/self/numa_maps", G_FILE_TEST_EXISTS))
    g_assert_cmpuint (residence.resident_bytes, ==, N_BYTES);
  else
    g_assert_cmpuint (residence.n_nodes, ==, 0);
  nv_residence_clear (&residence);
  g_assert_cmpint (nv_buffer_residence (&pages, &placed.buffer, &owner, 1, &residence, &message), ==, -EPERM);
  g_assert_nonnull (strstr (message.text, "move_pages is not permitted"));
  nv_buffer_unmap (&placed.buffer);
}

static void
without_mbind_first_touch_is_what_works (void)
{
  if (g_test_subprocess ())
    {
      try_without_mbind ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

/* Lists */

static void
a_list_has_ranges_where_numbers_go_up_by_one (void)
{
  static const unsigned numbers[] = { 0, 1, 2, 5, 4, 7, 8 };
  char text[64], small[6];

  nv_list_format (numbers, G_N_ELEMENTS (numbers), text, sizeof text);
  g_assert_cmpstr (text, ==, "0-2,5,4,7-8");
  nv_list_format (numbers, G_N_ELEMENTS (numbers), small, sizeof small);
  g_assert_cmpstr (small, ==, "0-2,5");
  nv_list_format (numbers, 0, text, sizeof text);
  g_assert_cmpstr (text, ==, "");
  g_assert_true (nv_list_contains ("0-2,5,7-8", 1));
  g_assert_true (nv_list_contains ("0-2,5,7-8", 8));
  g_assert_false (nv_list_contains ("0-2,5,7-8", 6));
  g_assert_false (nv_list_contains ("", 0));
}

#define ADD(name) g_test_add_func ("/pages/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_policy_is_shown_as_it_is_read);
  ADD (the_originals_letters_stand_for_policies);
  ADD (ranges_share_a_weight);
  ADD (mistakes_are_refused_with_what_is_allowed);
  ADD (page_sizes_are_those_of_the_kernel);
  ADD (page_sizes_that_the_kernel_lacks_are_refused_with_those_that_it_has);
  ADD (nodes_that_are_not_named_are_all_with_memory);
  ADD (a_node_that_is_not_there_is_refused_with_those_that_are);
  ADD (interleave_goes_round_the_nodes);
  ADD (round_robin_gives_each_array_the_next_node);
  ADD (local_is_the_owners_node_and_first_touch_is_any);
  ADD (random_is_even_and_differs_by_seed_and_array);
  ADD (whole_weights_come_out_even_after_their_sum);
  ADD (every_stretch_has_the_shares_of_its_distances);
  ADD (pages_are_where_each_policy_asks);
  ADD (transparent_huge_pages_are_counted);
  ADD (pages_elsewhere_are_a_mismatch);
  ADD (even_shares_alone_are_only_what_interleave_asks);
  ADD (only_touched_pages_are_resident);
  ADD (arrays_are_staggered_on_page_boundaries);
  ADD (what_was_mapped_is_unmapped);
  ADD (huge_pages_that_are_not_reserved_are_refused_with_need_and_have);
  ADD (of_what_is_available_some_is_kept_free);
  ADD (more_than_a_node_has_is_refused_before_the_kernel_ends_the_process);
  ADD (without_mbind_first_touch_is_what_works);
  ADD (a_list_has_ranges_where_numbers_go_up_by_one);
  return g_test_run ();
}
