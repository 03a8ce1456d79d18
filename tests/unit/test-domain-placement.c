#include "base/error.h"
#include "base/size.h"
#include "vm/domain-placement.h"

#define DOMAIN(inside) "<domain type='qemu'><memory unit='KiB'>1048576</memory>" inside "</domain>"

/* Returns: (transfer full): with one region. */
static NvPlacement *
parse_one (const char *xml)
{
  g_autoptr (GError) error = NULL;
  NvPlacement *placement = nv_domain_placement_parse (xml, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (placement->regions->len, ==, 1);
  g_assert_cmpuint (nv_placement_memory_bytes (placement), ==, NV_GIB);
  return placement;
}

static void
assert_declares (const char *xml, const char *expected)
{
  g_autoptr (NvPlacement) placement = parse_one (xml);
  g_autofree char *text = nv_placement_format_memory (placement);

  g_assert_cmpstr (text, ==, expected);
}

static void
a_numatune_says_what_is_declared (void)
{
  assert_declares (DOMAIN (""), "anywhere");
  assert_declares (DOMAIN ("<numatune><memory mode='strict' nodeset='0-1'/></numatune>"), "within 0-1");
  assert_declares (DOMAIN ("<numatune><memory nodeset='2'/></numatune>"), "within 2");
  assert_declares (DOMAIN ("<numatune><memory mode='interleave' nodeset='0,2-3,5'/></numatune>"),
                   "0,2-3,5, 25% each");
  assert_declares (DOMAIN ("<numatune><memory mode='preferred' nodeset='0'/></numatune>"), "anywhere");
  assert_declares (DOMAIN ("<numatune><memory mode='strict' placement='auto'/></numatune>"), "anywhere");
}

static void
guest_cells_have_their_own_or_that_of_all (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvPlacement) placement = nv_domain_placement_parse (
      DOMAIN ("<numatune><memory mode='strict' nodeset='0-3'/><memnode cellid='1' mode='strict' "
              "nodeset='2'/></numatune><cpu><numa><cell id='0' cpus='0' memory='524288' unit='KiB'/><cell "
              "id='1' cpus='1' memory='1' unit='GiB'/></numa></cpu>"),
      &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = nv_placement_format_memory (placement);
  g_assert_cmpstr (text, ==, "within 0-3; within 2");
  g_assert_cmpuint (nv_placement_memory_bytes (placement), ==, NV_GIB + 512 * NV_MIB);
}

static void
what_is_no_domain_is_refused (void)
{
  static const char *const wrong[] = {
    "no XML",
    "<domain/>",
    "<domain><memory unit='KiB'>-1</memory></domain>",
    DOMAIN ("<numatune><memory mode='strict' nodeset='x'/></numatune>"),
    DOMAIN ("<numatune><memory mode='odd' nodeset='0'/></numatune>"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (nv_domain_placement_parse (wrong[i], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/domain-placement/a_numatune_says_what_is_declared", a_numatune_says_what_is_declared);
  g_test_add_func ("/domain-placement/guest_cells_have_their_own_or_that_of_all",
                   guest_cells_have_their_own_or_that_of_all);
  g_test_add_func ("/domain-placement/what_is_no_domain_is_refused", what_is_no_domain_is_refused);
  return g_test_run ();
}
