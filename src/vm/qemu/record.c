#include "vm/qemu/record.h"
#include "base/error.h"
#include "base/xml.h"
#include "vm/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".xml"

static char *
path_of (const char *dir, const char *name)
{
  return g_strdup_printf ("%s/%s" SUFFIX, dir, name);
}

static gboolean
fail (GError **error, int code, const char *what, const char *path)
{
  g_set_error (error, NV_ERROR, code == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED, "cannot %s '%s': %s",
               what, path, g_strerror (code));
  return FALSE;
}

static gboolean
fail_not_found (GError **error, const char *name)
{
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "no VM '%s' of the qemu driver", name);
  return FALSE;
}

/* The network is no part of NvVm; it goes with the record as an attribute that the metadata ignores. */
static char *
format (const NvVm *vm, const char *network)
{
  xmlDoc *document = xmlNewDoc ((const xmlChar *)"1.0");
  xmlNode *root = nv_metadata_node (document, vm);
  xmlChar *dumped;
  char *text;

  xmlNewProp (root, (const xmlChar *)"network", (const xmlChar *)(network ? network : "none"));
  xmlDocSetRootElement (document, root);
  xmlDocDumpFormatMemory (document, &dumped, NULL, 1);
  text = g_strdup ((const char *)dumped);
  xmlFree (dumped);
  xmlFreeDoc (document);
  return text;
}

static char *
parse_network (const char *text)
{
  xmlDoc *document = nv_xml_parse (text, NULL);
  char *network = nv_xml_get_attribute (xmlDocGetRootElement (document), "network");

  xmlFreeDoc (document);
  return network;
}

gboolean
nv_qemu_record_create (const char *dir, const NvVm *vm, const char *network, GError **error)
{
  g_autofree char *path = path_of (dir, vm->name);
  g_autofree char *temporary = g_strdup_printf ("%s/%s.new", dir, vm->uuid);
  g_autofree char *text = format (vm, network);
  g_autoptr (GError) problem = NULL;
  int linked, code;

  if (!g_file_set_contents_full (temporary, text, -1, G_FILE_SET_CONTENTS_DURABLE, 0600, &problem))
    {
      g_set_error (error, NV_ERROR,
                   g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? NV_ERROR_NO_SPACE
                                                                               : NV_ERROR_FAILED,
                   "cannot write the record of '%s': %s", vm->name, problem->message);
      return FALSE;
    }
  /* Of several that take the same name at once, one succeeds. */
  linked = link (temporary, path);
  code = errno;
  unlink (temporary);
  if (linked == 0)
    return TRUE;
  if (code != EEXIST)
    return fail (error, code, "make", path);
  g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "VM '%s' exists already", vm->name);
  return FALSE;
}

static gboolean
lock (NvQemuRecord *self, const char *name, GError **error)
{
  struct stat facts;

  while (flock (self->fd, LOCK_EX) != 0)
    if (errno != EINTR)
      return fail (error, errno, "lock", self->path);
  /* Whoever held the lock before may have removed the file. */
  if (fstat (self->fd, &facts) != 0)
    return fail (error, errno, "read", self->path);
  return facts.st_nlink > 0 ? TRUE : fail_not_found (error, name);
}

static gboolean
read_record (NvQemuRecord *self, const char *name, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;

  if (!g_file_get_contents (self->path, &text, NULL, &problem))
    {
      if (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return fail_not_found (error, name);
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s", problem->message);
      return FALSE;
    }
  self->vm = nv_metadata_parse (text, error);
  if (!self->vm)
    {
      g_prefix_error (error, "record '%s': ", self->path);
      return FALSE;
    }
  self->network = parse_network (text);
  if (strcmp (self->vm->name, name) == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "record '%s': it is of another VM, '%s'", self->path,
               self->vm->name);
  return FALSE;
}

NvQemuRecord *
nv_qemu_record_open (const char *dir, const char *name, NvQemuRecordAccess access, GError **error)
{
  g_autoptr (NvQemuRecord) self = g_new0 (NvQemuRecord, 1);

  self->path = path_of (dir, name);
  self->fd = open (self->path, O_RDONLY | O_CLOEXEC);
  if (self->fd < 0)
    {
      if (errno == ENOENT)
        fail_not_found (error, name);
      else
        fail (error, errno, "open", self->path);
      return NULL;
    }
  if (access == NV_QEMU_RECORD_LOCK && !lock (self, name, error))
    return NULL;
  return read_record (self, name, error) ? g_steal_pointer (&self) : NULL;
}

void
nv_qemu_record_close (NvQemuRecord *self)
{
  if (!self)
    return;
  if (self->fd >= 0)
    close (self->fd);
  nv_vm_free (self->vm);
  g_free (self->network);
  g_free (self->path);
  g_free (self);
}

gboolean
nv_qemu_record_exists (const char *dir, const char *name)
{
  g_autofree char *path = path_of (dir, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
nv_qemu_record_is_busy (const NvQemuRecord *self)
{
  if (flock (self->fd, LOCK_SH | LOCK_NB) != 0)
    return errno == EWOULDBLOCK;
  flock (self->fd, LOCK_UN);
  return FALSE;
}

gboolean
nv_qemu_record_remove (NvQemuRecord *self, GError **error)
{
  return unlink (self->path) == 0 ? TRUE : fail (error, errno, "remove", self->path);
}

char **
nv_qemu_record_names (const char *dir, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GDir) entries = g_dir_open (dir, 0, &problem);
  GPtrArray *names;
  const char *entry;

  if (!entries)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s", problem->message);
      return NULL;
    }
  names = g_ptr_array_new ();
  while ((entry = g_dir_read_name (entries)))
    if (g_str_has_suffix (entry, SUFFIX))
      g_ptr_array_add (names, g_strndup (entry, strlen (entry) - strlen (SUFFIX)));
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}
