#include "experiment/sent.h"
#include "base/error.h"
#include "base/size.h"
#include "bench/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (1 << 18)

/* -1 with an error: NV_ERROR_NOT_FOUND if it is not there. @ret_is_cut: is it as long as a file may be? */
static int
open_sent (const NvSent *sent, const char *file, gboolean *ret_is_cut, GError **error)
{
  g_autofree char *path = g_build_filename (sent->folder, file, NULL);
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const char *problem = NULL;
  struct stat status;

  if (fd < 0 && errno == ENOENT)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "'%s' was not sent", file);
      return -1;
    }
  if (fd < 0)
    problem = errno == ELOOP ? "a link" : g_strerror (errno);
  else if (fstat (fd, &status) != 0)
    problem = g_strerror (errno);
  else if (!S_ISREG (status.st_mode))
    problem = "no plain file";
  else if (status.st_nlink != 1)
    problem = "it has another name, too";
  if (!problem)
    {
      *ret_is_cut = (guint64)status.st_size >= sent->max_bytes;
      return fd;
    }
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "'%s' that was sent cannot be taken: %s", file, problem);
  if (fd >= 0)
    close (fd);
  return -1;
}

static void
set_cut (const NvSent *sent, const char *file, GError **error)
{
  g_autofree char *limit = nv_size_format (sent->max_bytes);

  g_set_error (
      error, NV_ERROR, NV_ERROR_PARSE,
      "'%s' that was sent was cut off at the %s that a file may have: a longer interval= has fewer samples",
      file, limit);
}

static gboolean
hear_lines (struct nv_lines *lines, guint *line_number, NvSentLine hear, gpointer data, GError **error)
{
  gsize length;
  char *line;

  while ((line = nv_lines_next (lines, &length)))
    {
      (*line_number)++;
      if (!hear (line, length, data, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
nv_sent_read (const NvSent *sent, NvSentLine hear, gpointer data, GError **error)
{
  g_autofree char *file = g_strconcat (sent->name, ".json", NULL);
  struct nv_lines lines = { 0 };
  GError *problem = NULL;
  guint line_number = 0;
  gboolean is_cut;
  int fd = open_sent (sent, file, &is_cut, error);
  int result;

  if (fd < 0)
    return FALSE;
  while ((result = nv_lines_read (&lines, fd)) == 1)
    if (!hear_lines (&lines, &line_number, hear, data, &problem))
      break;
  if (result == -EMSGSIZE)
    g_set_error (&problem, NV_ERROR, NV_ERROR_PARSE, "a line of more than %d bytes", NV_LINE_MAX);
  else if (result < 0)
    g_set_error (&problem, NV_ERROR, NV_ERROR_FAILED, "%s", g_strerror (-result));
  else if (!problem && lines.length > 0 && !is_cut)
    g_set_error (&problem, NV_ERROR, NV_ERROR_PARSE, "the last line has no end");
  close (fd);
  nv_lines_clear (&lines);
  if (!problem && is_cut)
    set_cut (sent, file, error);
  if (!problem)
    return !is_cut;
  g_propagate_prefixed_error (error, problem, "'%s' that was sent, line %u: ", file, MAX (line_number, 1));
  return FALSE;
}

/* --- copies --- */

static gboolean
fail_write (const char *path, GError **error)
{
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot write '%s': %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
copy_bytes (int from, int to)
{
  g_autofree char *bytes = g_malloc (COPY_BYTES);
  gssize length, written;

  while ((length = read (from, bytes, COPY_BYTES)) > 0)
    for (gssize at = 0; at < length; at += written)
      {
        written = write (to, bytes + at, (gsize)(length - at));
        if (written < 0)
          return FALSE;
      }
  return length == 0;
}

static gboolean
copy_file (const NvSent *sent, const char *file, const char *to, GError **error)
{
  g_autofree char *path = g_build_filename (to, file, NULL);
  g_autoptr (GError) problem = NULL;
  gboolean done, is_cut;
  int from = open_sent (sent, file, &is_cut, &problem);
  int copy;

  if (from < 0 && g_error_matches (problem, NV_ERROR, NV_ERROR_NOT_FOUND))
    return TRUE;
  if (from < 0)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  copy = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  done = (copy >= 0 && copy_bytes (from, copy)) || fail_write (path, error);
  if (copy >= 0 && close (copy) != 0 && done)
    done = fail_write (path, error);
  close (from);
  if (done && is_cut)
    set_cut (sent, file, error);
  return done && !is_cut;
}

gboolean
nv_sent_copy (const NvSent *sent, const char *to, GError **error)
{
  static const char *const kinds[] = { "json", "expresult", "output", "buddyinfo" };
  GError *first = NULL;

  if (g_mkdir_with_parents (to, 0755) != 0)
    return fail_write (to, error);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *file = g_strdup_printf ("%s.%s", sent->name, kinds[i]);

      copy_file (sent, file, to, first ? NULL : &first);
    }
  rmdir (to); /* where nothing came */
  if (!first)
    return TRUE;
  g_propagate_error (error, first);
  return FALSE;
}
