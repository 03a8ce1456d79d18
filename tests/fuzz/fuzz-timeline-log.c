/* A log of buddyinfo, thinned: whatever it is, its stretches are in order and hold together. */

#include "fuzz.h"
#include "store/timeline.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

static void
say (const char *text, gpointer data)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
check (const NvTimeline *timeline)
{
  g_assert_cmpuint (timeline->n, >, 0);
  g_assert_cmpuint (timeline->n_samples, >=, timeline->n);
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);

      g_assert_true (g_utf8_validate (counter->zone, -1, NULL));
      for (gsize j = 0; j < timeline->n; j++)
        {
          const NvStretch *stretch = &counter->stretches[j];

          g_assert_true (isnan (stretch->low) == isnan (stretch->high));
          g_assert_true (isnan (stretch->low) || (stretch->low >= 0 && stretch->low <= stretch->high));
          g_assert_true (isnan (stretch->last) || !isnan (stretch->low));
        }
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const NvTimelineFilter filter = { .order = -1, .node = -1, .n_stretches = 4 };
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvTimeline) timeline = NULL;

  g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  timeline = nv_timeline_read_log (path, 10, &filter, say, NULL, &error);
  g_assert_true ((timeline != NULL) == (error == NULL));
  if (timeline)
    check (timeline);
  close (fd);
  return 0;
}
