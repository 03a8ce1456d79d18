#include "report/thin.h"

static void
group_free (gpointer data)
{
  NvThinGroup *group = data;

  g_array_unref (group->kept);
  g_free (group);
}

void
nv_thin_init (NvThin *thin, gsize limit)
{
  *thin = (NvThin){ .limit = limit, .groups = g_ptr_array_new_with_free_func (group_free) };
}

void
nv_thin_clear (NvThin *thin)
{
  g_clear_pointer (&thin->groups, g_ptr_array_unref);
}

NvThinGroup *
nv_thin_add_group (NvThin *thin)
{
  NvThinGroup *group = g_new0 (NvThinGroup, 1);

  group->stride = 1;
  group->kept = g_array_new (FALSE, FALSE, sizeof (NvThinValue));
  g_ptr_array_add (thin->groups, group);
  thin->limit = MAX (thin->limit, thin->groups->len);
  return group;
}

/* Every second goes. */
static void
halve (NvThinGroup *group)
{
  guint n = (group->kept->len + 1) / 2;

  for (guint i = 1; i < n; i++)
    g_array_index (group->kept, NvThinValue, i) = g_array_index (group->kept, NvThinValue, 2 * i);
  g_array_set_size (group->kept, n);
  group->stride *= 2;
}

static gsize
count_kept (const NvThin *thin)
{
  gsize n = 0;

  for (guint i = 0; i < thin->groups->len; i++)
    n += ((NvThinGroup *)g_ptr_array_index (thin->groups, i))->kept->len;
  return n;
}

/* Until all are within the limit, the groups that kept most lose half. */
static void
make_room (NvThin *thin)
{
  while ((thin->n_kept = count_kept (thin)) > thin->limit)
    {
      guint most = 0;

      for (guint i = 0; i < thin->groups->len; i++)
        most = MAX (most, ((NvThinGroup *)g_ptr_array_index (thin->groups, i))->kept->len);
      for (guint i = 0; i < thin->groups->len; i++)
        {
          NvThinGroup *group = g_ptr_array_index (thin->groups, i);

          if (group->kept->len > most / 2)
            halve (group);
        }
    }
}

void
nv_thin_add (NvThin *thin, NvThinGroup *group, const NvThinValue *value)
{
  NvThinValue own = *value;

  own.index = group->n++;
  if (own.index == 0 || own.value < group->low.value)
    group->low = own;
  if (own.index == 0 || own.value > group->high.value)
    group->high = own;
  if (own.index % group->stride != 0)
    return;
  g_array_append_val (group->kept, own);
  if (++thin->n_kept > 2 * thin->limit)
    make_room (thin);
}

static void
insert (NvThinGroup *group, const NvThinValue *value)
{
  guint at = 0;

  while (at < group->kept->len && g_array_index (group->kept, NvThinValue, at).index < value->index)
    at++;
  if (at == group->kept->len || g_array_index (group->kept, NvThinValue, at).index != value->index)
    g_array_insert_val (group->kept, at, *value);
}

void
nv_thin_finish (NvThin *thin)
{
  make_room (thin);
  for (guint i = 0; i < thin->groups->len; i++)
    {
      NvThinGroup *group = g_ptr_array_index (thin->groups, i);

      if (group->n > 0)
        {
          insert (group, &group->low);
          insert (group, &group->high);
        }
    }
}
