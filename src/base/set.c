#include "base/set.h"
#include "base/error.h"

#include <string.h>

#define WORD_BITS 64u

struct NvSet
{
  guint n_words;
  guint64 *words;
};

NvSet *
nv_set_new (void)
{
  return g_new0 (NvSet, 1);
}

NvSet *
nv_set_copy (const NvSet *set)
{
  NvSet *copy;

  if (!set)
    return NULL;
  copy = nv_set_new ();
  copy->n_words = set->n_words;
  copy->words = g_memdup2 (set->words, set->n_words * sizeof *set->words);
  return copy;
}

void
nv_set_free (NvSet *set)
{
  if (!set)
    return;
  g_free (set->words);
  g_free (set);
}

static void
grow (NvSet *set, guint n_words)
{
  if (n_words <= set->n_words)
    return;
  set->words = g_renew (guint64, set->words, n_words);
  memset (set->words + set->n_words, 0, (n_words - set->n_words) * sizeof *set->words);
  set->n_words = n_words;
}

void
nv_set_add (NvSet *set, guint index)
{
  g_return_if_fail (index < NV_SET_LIMIT);

  grow (set, index / WORD_BITS + 1);
  set->words[index / WORD_BITS] |= G_GUINT64_CONSTANT (1) << (index % WORD_BITS);
}

void
nv_set_remove (NvSet *set, guint index)
{
  if (index / WORD_BITS < set->n_words)
    set->words[index / WORD_BITS] &= ~(G_GUINT64_CONSTANT (1) << (index % WORD_BITS));
}

static guint64
word_at (const NvSet *set, guint i)
{
  return i < set->n_words ? set->words[i] : 0;
}

void
nv_set_add_all (NvSet *set, const NvSet *other)
{
  grow (set, other->n_words);
  for (guint i = 0; i < other->n_words; i++)
    set->words[i] |= other->words[i];
}

void
nv_set_keep (NvSet *set, const NvSet *other)
{
  for (guint i = 0; i < set->n_words; i++)
    set->words[i] &= word_at (other, i);
}

gboolean
nv_set_contains (const NvSet *set, guint index)
{
  return (word_at (set, index / WORD_BITS) >> (index % WORD_BITS)) & 1;
}

gboolean
nv_set_contains_all (const NvSet *set, const NvSet *other)
{
  for (guint i = 0; i < other->n_words; i++)
    if (other->words[i] & ~word_at (set, i))
      return FALSE;
  return TRUE;
}

gboolean
nv_set_equal (const NvSet *a, const NvSet *b)
{
  return nv_set_contains_all (a, b) && nv_set_contains_all (b, a);
}

gboolean
nv_set_is_empty (const NvSet *set)
{
  return nv_set_next (set, -1) < 0;
}

guint
nv_set_count (const NvSet *set)
{
  guint count = 0;

  for (guint i = 0; i < set->n_words; i++)
    count += (guint)__builtin_popcountll (set->words[i]);
  return count;
}

int
nv_set_next (const NvSet *set, int previous)
{
  guint index = (guint)(previous + 1);

  for (guint i = index / WORD_BITS; i < set->n_words; i++)
    {
      guint64 word = set->words[i];

      if (i == index / WORD_BITS)
        word &= ~G_GUINT64_CONSTANT (0) << (index % WORD_BITS);
      if (word)
        return (int)(i * WORD_BITS) + __builtin_ctzll (word);
    }
  return -1;
}

static gboolean
parse_index (const char **text, guint *ret_index)
{
  guint64 value = 0;
  const char *at = *text;

  for (; g_ascii_isdigit (*at) && value < NV_SET_LIMIT; at++)
    value = value * 10 + (guint64)(*at - '0');
  if (at == *text || value >= NV_SET_LIMIT)
    return FALSE;
  *text = at;
  *ret_index = (guint)value;
  return TRUE;
}

static gboolean
parse_range (NvSet *set, const char **text)
{
  guint first, last;

  if (!parse_index (text, &first))
    return FALSE;
  last = first;
  if (**text == '-')
    {
      (*text)++;
      if (!parse_index (text, &last) || last < first)
        return FALSE;
    }
  for (guint i = first; i <= last; i++)
    nv_set_add (set, i);
  return TRUE;
}

NvSet *
nv_set_parse (const char *text, GError **error)
{
  g_autoptr (NvSet) set = nv_set_new ();
  const char *at = text;

  while (parse_range (set, &at))
    {
      if (*at == '\0')
        return g_steal_pointer (&set);
      if (*at++ != ',')
        break;
    }
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "set '%s': numbers and ranges below %u are allowed, such as 0-3,8", text, NV_SET_LIMIT);
  return NULL;
}

char *
nv_set_format (const NvSet *set)
{
  GString *text = g_string_new (NULL);

  for (int first = nv_set_next (set, -1); first >= 0;)
    {
      int last = first;
      int next;

      while ((next = nv_set_next (set, last)) == last + 1)
        last = next;
      if (text->len > 0)
        g_string_append_c (text, ',');
      g_string_append_printf (text, "%d", first);
      if (last > first)
        g_string_append_printf (text, "-%d", last);
      first = next;
    }
  return g_string_free (text, FALSE);
}
