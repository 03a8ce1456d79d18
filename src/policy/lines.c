/* Lines of input to requests. */

#include "base/error.h"
#include "base/name.h"
#include "policy/keys.h"
#include "policy/request.h"

#include <string.h>

#define DEFAULT_COLUMNS "vcpus,memory"

typedef struct
{
  guint keys[NV_N_KEYS];
  guint n_keys;
  char *text; /* for messages: `<vcpus> <memory>` */
} Columns;

typedef struct
{
  Columns columns;
  const char *prefix;
  const NvRequest *defaults;
  NvProblems *problems;
  GHashTable *names; /* whole name -> its line */
  guint line;
  guint index;              /* of the next VM */
  gboolean seen[NV_N_KEYS]; /* was the key given in this line? */
  GPtrArray *requests;
} Reader;

/* A word of a line with its quotes resolved. */
typedef struct
{
  char *key; /* NULL: a plain word */
  char *value;
} Word;

static void
word_clear (gpointer data)
{
  Word *word = data;

  g_free (word->key);
  g_free (word->value);
}

static gboolean
columns_read (Columns *columns, const char *text, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  g_autoptr (GString) shown = g_string_new (NULL);
  gboolean seen[NV_N_KEYS] = { FALSE };

  for (guint i = 0; names[i]; i++)
    {
      int key = nv_key_find (names[i]);

      if (key < 0)
        {
          nv_key_refuse ("column", names[i], error);
          return FALSE;
        }
      if (seen[key])
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "columns '%s': '%s' is named twice", text, names[i]);
          return FALSE;
        }
      seen[key] = TRUE;
      columns->keys[columns->n_keys++] = (guint)key;
      g_string_append_printf (shown, "%s<%s>", i > 0 ? " " : "", names[i]);
    }
  if (columns->n_keys == 0)
    {
      nv_key_refuse ("column", text, error);
      return FALSE;
    }
  columns->text = g_strdup (shown->str);
  return TRUE;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Appends what stands between quotes; @at is behind the first. Returns: behind the last, or NULL. */
static const char *
read_quoted (const char *at, const char *end, char quote, GString *ret_text)
{
  for (; at < end && *at != quote; at++)
    {
      if (quote == '"' && *at == '\\' && at + 1 < end && (at[1] == '"' || at[1] == '\\'))
        at++;
      g_string_append_c (ret_text, *at);
    }
  return at < end ? at + 1 : NULL;
}

/* Reads the word at @at. Returns: behind it; NULL with NV_ERROR_PARSE if a quote is left open. */
static const char *
read_word (const char *at, const char *end, Word *ret_word, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *key = NULL;

  while (at < end && !is_blank (*at))
    if (*at == '"' || *at == '\'')
      {
        char quote = *at;

        if (!(at = read_quoted (at + 1, end, quote, text)))
          {
            g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "quote %c is not closed", quote);
            return NULL;
          }
      }
    else if (*at == '=' && !key)
      {
        key = g_strdup (text->str);
        g_string_truncate (text, 0);
        at++;
      }
    else
      g_string_append_c (text, *at++);
  ret_word->key = g_steal_pointer (&key);
  ret_word->value = g_strdup (text->str);
  return at;
}

/* Returns: (element-type Word): NULL with an error; empty if there is nothing but blanks and a comment. */
static GArray *
read_words (const char *at, const char *end, GError **error)
{
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (Word));

  g_array_set_clear_func (words, word_clear);
  for (;;)
    {
      Word word;

      while (at < end && is_blank (*at))
        at++;
      if (at == end || *at == '#')
        return g_steal_pointer (&words);
      if (!(at = read_word (at, end, &word, error)))
        return NULL;
      g_array_append_val (words, word);
    }
}

static void
apply (Reader *reader, NvRequest *request, const char *key, const char *value)
{
  int number = nv_key_find (key);
  GError *error = NULL;

  if (number >= 0 && reader->seen[number])
    nv_problems_add (reader->problems, reader->line, "key '%s': given twice", key);
  else if (!nv_request_set (request, key, value, &error))
    nv_problems_take_error (reader->problems, reader->line, error);
  if (number >= 0)
    reader->seen[number] = TRUE;
}

static void
apply_words (Reader *reader, NvRequest *request, GArray *words)
{
  const Columns *columns = &reader->columns;
  guint n_plain = 0;

  memset (reader->seen, 0, sizeof reader->seen);
  while (n_plain < words->len && !g_array_index (words, Word, n_plain).key)
    n_plain++;
  if (n_plain != columns->n_keys)
    nv_problems_add (reader->problems, reader->line,
                     "the line begins with %u value%s: %u %s expected, %s, then key=value", n_plain,
                     n_plain == 1 ? "" : "s", columns->n_keys, columns->n_keys == 1 ? "is" : "are",
                     columns->text);
  for (guint i = 0; i < words->len; i++)
    {
      const Word *word = &g_array_index (words, Word, i);

      if (word->key)
        apply (reader, request, word->key, word->value);
      else if (i >= n_plain)
        nv_problems_add (reader->problems, reader->line, "'%s': values without a key come first in a line",
                         word->value);
      else if (i < columns->n_keys)
        apply (reader, request, nv_key_name (columns->keys[i]), word->value);
    }
}

/* The prefix, the default name, and that nobody else has it. */
static void
apply_name (Reader *reader, NvRequest *request)
{
  g_autofree char *own = g_steal_pointer (&request->name);
  gpointer other_line;
  GError *error = NULL;

  if (!own && reader->seen[nv_key_find ("name")])
    return; /* it was refused */
  request->name = own ? g_strconcat (reader->prefix, own, NULL)
                      : g_strdup_printf ("%svm%u", reader->prefix, request->index);
  if (!nv_name_check (request->name, &error))
    nv_problems_take_error (reader->problems, reader->line, error);
  else if (g_hash_table_lookup_extended (reader->names, request->name, NULL, &other_line))
    nv_problems_add (reader->problems, reader->line, "name '%s': line %u has it already", request->name,
                     GPOINTER_TO_UINT (other_line));
  else
    g_hash_table_insert (reader->names, g_strdup (request->name), GUINT_TO_POINTER (reader->line));
}

static void
read_request (Reader *reader, GArray *words)
{
  g_autoptr (NvRequest) request = nv_request_copy (reader->defaults);

  g_clear_pointer (&request->name, g_free);
  request->line = reader->line;
  request->index = reader->index++;
  apply_words (reader, request, words);
  apply_name (reader, request);
  if (!nv_problems_line_is_bad (reader->problems, reader->line))
    g_ptr_array_add (reader->requests, g_steal_pointer (&request));
}

/* A message quotes words of the line, so nothing in it may disturb a terminal. */
static gboolean
check_text (Reader *reader, const char *line, gsize length)
{
  const char *valid_end, *at = line;

  g_utf8_validate_len (line, length, &valid_end);
  while (at < valid_end && (*at == '\t' || !g_unichar_iscntrl (g_utf8_get_char (at))))
    at = g_utf8_next_char (at);
  if (at == line + length)
    return TRUE;
  nv_problems_add (reader->problems, reader->line,
                   "byte %" G_GSIZE_FORMAT " is 0x%02x: UTF-8 without control characters is allowed",
                   (gsize)(at - line) + 1, (guint)(guchar)*at);
  return FALSE;
}

static void
read_line (Reader *reader, const char *line, gsize length)
{
  g_autoptr (GArray) words = NULL;
  GError *error = NULL;

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (!check_text (reader, line, length))
    return;
  words = read_words (line, line + length, &error);
  if (!words)
    nv_problems_take_error (reader->problems, reader->line, error);
  else if (words->len > 0)
    read_request (reader, words);
}

static void
request_free (gpointer data)
{
  nv_request_free (data);
}

GPtrArray *
nv_requests_parse (const char *text, gsize length, const char *columns, const char *prefix,
                   const NvRequest *defaults, NvProblems *problems)
{
  Reader reader = { .prefix = prefix ? prefix : "", .defaults = defaults, .problems = problems };
  const char *end = text + length;
  GError *error = NULL;

  reader.requests = g_ptr_array_new_with_free_func (request_free);
  if (!columns_read (&reader.columns, columns ? columns : DEFAULT_COLUMNS, &error))
    {
      nv_problems_take_error (problems, 0, error);
      return reader.requests;
    }
  /* Some editors put a byte order mark in front. */
  if (length >= 3 && memcmp (text, "\xEF\xBB\xBF", 3) == 0)
    text += 3;
  reader.names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  while (text < end)
    {
      const char *newline = memchr (text, '\n', (gsize)(end - text));
      const char *line_end = newline ? newline : end;

      reader.line++;
      read_line (&reader, text, (gsize)(line_end - text));
      text = newline ? newline + 1 : end;
    }
  g_hash_table_unref (reader.names);
  g_free (reader.columns.text);
  return reader.requests;
}
