/* How much memory a QEMU gives to its guest, as its command line says. */

#include "base/error.h"
#include "base/size.h"
#include "observe/residence.h"

#include <jansson.h>
#include <string.h>

#define DEFAULT_BYTES  (128 * NV_MIB) /* without -m */
#define RAM_ALIGNMENT  8192           /* QEMU rounds -m up to it */
#define BACKEND_PREFIX "memory-backend-"

/* The part of the command line that is about memory. */
typedef struct
{
  guint64 bytes;        /* of -m */
  GHashTable *backends; /* of char *, guint64 *: sizes by id */
  GPtrArray *used;      /* of char *: ids of backends that are RAM, in their order */
  gboolean has_all;     /* @used holds all of it: -m has no mapping of its own */
} Memory;

static void
memory_clear (Memory *memory)
{
  g_hash_table_unref (memory->backends);
  g_ptr_array_unref (memory->used);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Memory, memory_clear)

/* As QEMU reads a size: a number, with a fraction or hexadecimal too, and a unit. */
static gboolean
parse_size (const char *text, guint64 default_unit_bytes, guint64 *ret_bytes)
{
  static const char units[] = "BKMGTPE";
  char *end;
  double number = g_ascii_strtod (text, &end);
  const char *unit = *end ? strchr (units, g_ascii_toupper (*end)) : NULL;
  double bytes =
      number * (double)(unit ? G_GUINT64_CONSTANT (1) << (10 * (guint)(unit - units)) : default_unit_bytes);

  if (end == text || (*end && (!unit || end[1])) || !(bytes >= 1 && bytes < 0x1p62))
    return FALSE;
  *ret_bytes = (guint64)bytes;
  return TRUE;
}

/* `first,key=value,...`, in which a comma in a value is written twice; the first value may lack its key.
 * Returns: (transfer full): of char *, char *. */
static GHashTable *
parse_text (const char *text, const char *first_key)
{
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gboolean is_first = TRUE;

  while (*text)
    {
      GString *word = g_string_new (NULL);
      char *equals;

      for (; *text && (*text != ',' || text[1] == ','); text++)
        {
          text += *text == ',';
          g_string_append_c (word, *text);
        }
      text += *text == ',';
      equals = strchr (word->str, '=');
      if (equals)
        g_hash_table_replace (values, g_strndup (word->str, (gsize)(equals - word->str)),
                              g_strdup (equals + 1));
      else if (is_first)
        g_hash_table_replace (values, g_strdup (first_key), g_strdup (word->str));
      is_first = FALSE;
      g_string_free (word, TRUE);
    }
  return values;
}

/* Also a JSON object; of it, strings and numbers. */
static GHashTable *
parse_properties (const char *text, const char *first_key)
{
  json_t *json = *text == '{' ? json_loads (text, 0, NULL) : NULL, *value;
  GHashTable *values;
  const char *key;

  if (!json)
    return parse_text (text, first_key);
  values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  json_object_foreach (json, key, value) if (json_is_string (value))
      g_hash_table_replace (values, g_strdup (key), g_strdup (json_string_value (value)));
  else if (json_is_integer (value)) g_hash_table_replace (
      values, g_strdup (key), g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value)));
  json_decref (json);
  return values;
}

static gboolean
read_memory (Memory *memory, const char *text)
{
  g_autoptr (GHashTable) values = parse_properties (text, "size");
  const char *size = g_hash_table_lookup (values, "size");

  return !size || parse_size (size, NV_MIB, &memory->bytes);
}

static gboolean
read_object (Memory *memory, const char *text)
{
  g_autoptr (GHashTable) values = parse_properties (text, "qom-type");
  const char *type = g_hash_table_lookup (values, "qom-type");
  const char *id = g_hash_table_lookup (values, "id"), *size = g_hash_table_lookup (values, "size");
  guint64 bytes;

  if (!type || !g_str_has_prefix (type, BACKEND_PREFIX))
    return TRUE;
  if (!id || !size || !parse_size (size, 1, &bytes))
    return FALSE;
  g_hash_table_replace (memory->backends, g_strdup (id), g_memdup2 (&bytes, sizeof bytes));
  return TRUE;
}

static gboolean
use_backend (Memory *memory, const char *text, const char *first_key, const char *key)
{
  g_autoptr (GHashTable) values = parse_properties (text, first_key);
  const char *id = g_hash_table_lookup (values, key);

  if (id)
    {
      g_ptr_array_add (memory->used, g_strdup (id));
      memory->has_all = TRUE;
    }
  return TRUE;
}

static gboolean
read_machine (Memory *memory, const char *text)
{
  return use_backend (memory, text, "type", "memory-backend");
}

static gboolean
read_numa (Memory *memory, const char *text)
{
  return use_backend (memory, text, "type", "memdev");
}

/* A DIMM comes beside -m's memory; what other devices map (ivshmem, nvdimm) is no RAM. */
static gboolean
read_device (Memory *memory, const char *text)
{
  g_autoptr (GHashTable) values = parse_properties (text, "driver");
  const char *driver = g_hash_table_lookup (values, "driver"), *id = g_hash_table_lookup (values, "memdev");

  if (id && driver && (g_str_equal (driver, "pc-dimm") || g_str_has_prefix (driver, "virtio-mem")))
    g_ptr_array_add (memory->used, g_strdup (id));
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean (*read) (Memory *memory, const char *text);
} options[] = {
  { "m", read_memory },  { "object", read_object }, { "machine", read_machine },
  { "M", read_machine }, { "numa", read_numa },     { "device", read_device },
};

/* The command line is its arguments, each ended by a zero byte. */
static gboolean
read_arguments (Memory *memory, const char *text, gsize length, int pid, GError **error)
{
  const char *end = text + length;

  for (const char *at = text, *value; at < end; at = value)
    {
      const char *name = *at == '-' ? at + (at[1] == '-' ? 2 : 1) : "";

      value = at + strlen (at) + 1;
      for (guint i = 0; i < G_N_ELEMENTS (options) && value < end; i++)
        if (g_str_equal (name, options[i].name) && !options[i].read (memory, value))
          {
            g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "process %d: '%s %s': no size is understood here",
                         pid, at, value);
            return FALSE;
          }
    }
  return TRUE;
}

/* Takes nothing of @memory. */
static GArray *
collect_sizes (const Memory *memory, int pid, GError **error)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint64));

  if (!memory->has_all)
    g_array_append_val (sizes, memory->bytes);
  for (guint i = 0; i < memory->used->len; i++)
    {
      const char *id = g_ptr_array_index (memory->used, i);
      const guint64 *bytes = g_hash_table_lookup (memory->backends, id);

      if (!bytes)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                       "process %d: its command line does not say the size of memory backend '%s'", pid, id);
          return NULL;
        }
      g_array_append_val (sizes, *bytes);
    }
  return g_steal_pointer (&sizes);
}

GArray *
nv_residence_ram_sizes (const char *root, int pid, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s/proc/%d/cmdline", root, pid);
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;
  g_auto (Memory) memory = {
    .bytes = DEFAULT_BYTES,
    .backends = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .used = g_ptr_array_new_with_free_func (g_free),
  };

  if (!g_file_get_contents (path, &text, &length, &problem) || length == 0)
    {
      gboolean is_gone = !problem || g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT);

      g_set_error (error, NV_ERROR, is_gone ? NV_ERROR_NOT_FOUND : NV_ERROR_UNAVAILABLE, "process %d %s%s",
                   pid, is_gone ? "has ended, or there is none" : "may not be looked at: ",
                   is_gone ? "" : problem->message);
      return NULL;
    }
  if (!read_arguments (&memory, text, length, pid, error))
    return NULL;
  memory.bytes = (memory.bytes + RAM_ALIGNMENT - 1) / RAM_ALIGNMENT * RAM_ALIGNMENT;
  return collect_sizes (&memory, pid, error);
}
