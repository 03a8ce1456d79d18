#include "policy/request.h"
#include "base/error.h"
#include "base/name.h"
#include "base/size.h"
#include "policy/keys.h"
#include "policy/policy.h"

#include <string.h>

/* Of libvirt's types and QEMU's, the narrowest that counts vCPUs; the machine type allows far fewer. */
#define MAX_VCPUS G_MAXUINT16

/* What the original allowed: a positive C int of MiB. */
#define MAX_MEMORY_MIB 2147483647

void
nv_request_free (NvRequest *request)
{
  if (!request)
    return;
  g_free (request->name);
  nv_set_free (request->cpu_nodes);
  g_free (request->base);
  g_free (request->template_file);
  g_free (request);
}

NvRequest *
nv_request_copy (const NvRequest *request)
{
  NvRequest *copy = g_memdup2 (request, sizeof *request);

  copy->name = g_strdup (request->name);
  copy->cpu_nodes = nv_set_copy (request->cpu_nodes);
  copy->base = g_strdup (request->base);
  copy->template_file = g_strdup (request->template_file);
  return copy;
}

/* Sets the error of a bad value: what is allowed is the same for every way in which it can be bad. */
static gboolean
refuse (const char *key, const char *value, const char *allowed, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s '%s': %s is allowed", key, value, allowed);
  return FALSE;
}

static gboolean
set_name (NvRequest *request, const char *value, GError **error)
{
  if (!nv_name_check (value, error))
    return FALSE;
  g_free (request->name);
  request->name = g_strdup (value);
  return TRUE;
}

static gboolean
set_count (const char *key, const char *value, guint maximum, guint *ret_count, GError **error)
{
  guint64 count;

  if (!nv_count_parse (value, 1, maximum, &count, error))
    {
      g_prefix_error (error, "%s ", key);
      return FALSE;
    }
  *ret_count = (guint)count;
  return TRUE;
}

static gboolean
set_vcpus (NvRequest *request, const char *value, GError **error)
{
  return set_count ("vcpus", value, MAX_VCPUS, &request->vcpus, error);
}

static gboolean
set_memory (NvRequest *request, const char *value, GError **error)
{
  guint64 mib;

  if (!nv_count_parse (value, 1, MAX_MEMORY_MIB, &mib, NULL))
    return refuse ("memory", value, "a size in MiB from 1 to " G_STRINGIFY (MAX_MEMORY_MIB), error);
  request->memory_bytes = mib * NV_MIB;
  return TRUE;
}

static gboolean
set_nodes (NvRequest *request, const char *value, GError **error)
{
  return set_count ("nodes", value, NV_SET_LIMIT, &request->n_nodes, error);
}

const NvPolicy *
nv_policy_find (const char *name)
{
  for (guint i = 0; nv_policies[i]; i++)
    if (strcmp (nv_policies[i]->name, name) == 0)
      return nv_policies[i];
  return NULL;
}

static gboolean
set_policy (NvRequest *request, const char *value, GError **error)
{
  const NvPolicy *policy = nv_policy_find (value);
  g_autoptr (GString) allowed = NULL;

  if (policy)
    {
      request->policy = policy;
      return TRUE;
    }
  allowed = g_string_new ("one of ");
  for (guint i = 0; nv_policies[i]; i++)
    g_string_append_printf (allowed, "%s%s", i > 0 ? ", " : "", nv_policies[i]->name);
  return refuse ("policy", value, allowed->str, error);
}

static gboolean
set_cpus (NvRequest *request, const char *value, GError **error)
{
  NvCpuChoice choice = NV_CPUS_NODES;
  NvSet *nodes = NULL;

  if (strcmp (value, "free") == 0)
    choice = NV_CPUS_FREE;
  else if (strcmp (value, "same") == 0)
    choice = NV_CPUS_SAME;
  else if (!(nodes = nv_set_parse (value, NULL)))
    return refuse ("cpus", value, "free, same or a nodeset such as 0-3,8", error);
  nv_set_free (request->cpu_nodes);
  request->cpu_nodes = nodes;
  request->cpu_choice = choice;
  return TRUE;
}

static gboolean
set_pages (NvRequest *request, const char *value, GError **error)
{
  guint64 size = 0;

  if (strcmp (value, "normal") != 0
      && (!nv_size_parse (value, &size, NULL) || size == 0 || (size & (size - 1)) != 0))
    return refuse ("pages", value, "normal or a power of two such as 2M or 1G", error);
  request->page_size_bytes = size;
  return TRUE;
}

static gboolean
set_prealloc (NvRequest *request, const char *value, GError **error)
{
  static const char *const words[] = { "no", "yes", "false", "true", "0", "1" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (value, words[i]) == 0)
      {
        request->preallocate = i % 2;
        return TRUE;
      }
  return refuse ("prealloc", value, "yes or no", error);
}

static gboolean
set_disk (NvRequest *request, const char *value, GError **error)
{
  guint64 size = 0;
  gboolean has_disk = strcmp (value, "none") != 0;

  /* A file's offset is a signed 64-bit number. */
  if (has_disk && (!nv_size_parse (value, &size, NULL) || size == 0 || size > G_MAXINT64))
    return refuse ("disk", value, "none or a size such as 2G", error);
  request->has_disk = has_disk;
  request->disk_bytes = size;
  return TRUE;
}

static gboolean
set_path (const char *key, const char *value, char **ret_path, GError **error)
{
  if (*value == '\0')
    return refuse (key, value, "a file's path", error);
  g_free (*ret_path);
  *ret_path = g_strdup (value);
  return TRUE;
}

static gboolean
set_base (NvRequest *request, const char *value, GError **error)
{
  return set_path ("base", value, &request->base, error);
}

static gboolean
set_template (NvRequest *request, const char *value, GError **error)
{
  return set_path ("template", value, &request->template_file, error);
}

static const struct
{
  const char *name;
  gboolean (*set) (NvRequest *request, const char *value, GError **error);
} keys[] = {
  { "name", set_name },   { "vcpus", set_vcpus },       { "memory", set_memory },
  { "nodes", set_nodes }, { "policy", set_policy },     { "cpus", set_cpus },
  { "pages", set_pages }, { "prealloc", set_prealloc }, { "disk", set_disk },
  { "base", set_base },   { "template", set_template },
};

G_STATIC_ASSERT (G_N_ELEMENTS (keys) == NV_N_KEYS);

int
nv_key_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return (int)i;
  return -1;
}

const char *
nv_key_name (guint key)
{
  return keys[key].name;
}

gboolean
nv_request_set (NvRequest *request, const char *key, const char *value, GError **error)
{
  int found = nv_key_find (key);

  if (found >= 0)
    return keys[found].set (request, value, error);
  nv_key_refuse ("key", key, error);
  return FALSE;
}

void
nv_key_refuse (const char *subject, const char *name, GError **error)
{
  g_autoptr (GString) allowed = g_string_new ("one of ");

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_string_append_printf (allowed, "%s%s", i > 0 ? ", " : "", keys[i].name);
  refuse (subject, name, allowed->str, error);
}
