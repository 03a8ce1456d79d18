/* What each record must have: one table a record, and its walker. */

#include "bench/protocol.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum
{
  NAME_MAX_BYTES = 128, /* kernels, policies, versions, node lists of usual length */
  KEY_MAX_BYTES = 1 << 14,
  TEXT_MAX_BYTES = NV_TEXT_MAX, /* lists of pages' places on large hosts, too */
  NODES_MAX = 4096,
  THREADS_MAX = 1 << 16,
  PAIRS_MAX = 1 << 17, /* of threads: more than 500 threads have */
  TREE_MAX = 1 << 16,  /* members of an object or a list whose names are not known here */
};

#define TIME_MAX  NV_TIME_MAX_NS
#define COUNT_MAX INT64_MAX

enum type
{
  TYPE_INT,
  TYPE_REAL, /* any number, or null: not measured, or not finite */
  TYPE_BOOL,
  TYPE_NAME,
  TYPE_TEXT,   /* a longer one */
  TYPE_LINES,  /* several lines, which may have tabs */
  TYPE_WORD,   /* one of @words */
  TYPE_OBJECT, /* with the members @of */
  TYPE_LIST,   /* of elements as the one that @of is */
  TYPE_MAP,    /* an object of any names, its values as the one that @of is */
  TYPE_TREE,   /* anything, in which all names, texts, numbers and lengths are as they may be anywhere */
};

struct member
{
  const char *name; /* NULL: the last */
  enum type type;
  bool required;
  int64_t minimum, maximum; /* of an integer, a real, the length of a list or a text; maximum 0 of the latter:
                             * any, or as its type has it */
  const struct member *of;
  const char *const *words; /* NULL is the last */
};

struct record
{
  const char *name;
  const struct member *members;
  bool open;             /* members that are not in the table are part of it, each a tree */
  const char *one_of[2]; /* it must have one of these members, not both; NULL: no such rule */
};

static int check_member (const json_t *value, const struct member *member, struct nv_message *message);

#define MUST  .required = true
#define COUNT .type = TYPE_INT, .maximum = COUNT_MAX
#define TIME  .type = TYPE_INT, .maximum = TIME_MAX
#define NAME  .type = TYPE_NAME
#define TEXT  .type = TYPE_TEXT
#define REAL  .type = TYPE_REAL
#define BOOL  .type = TYPE_BOOL
#define NODE  .type = TYPE_INT, .maximum = NODES_MAX

/* --- bench/protocol.h --- */

static const struct member hello[] = {
  { "program", NAME, MUST },
  { "boot_id", NAME, MUST },
  { "kernel", NAME, MUST },
  { "cpus", .type = TYPE_INT, MUST, .minimum = 1, .maximum = THREADS_MAX },
  { "memory_bytes", .type = TYPE_INT, MUST, .minimum = 1, .maximum = COUNT_MAX },
  { "monotonic_ns", TIME, MUST },
  { NULL },
};

static const struct member welcome[] = { { "boot_id", NAME, MUST }, { NULL } };

/* Either side's: the guest's has the times. */
static const struct member clock_members[] = {
  { "id", COUNT, MUST },
  { "received_ns", TIME },
  { "sent_ns", TIME },
  { NULL },
};

static const struct member option = { NULL, TEXT };

static const char *const directions[] = { "higher", "lower", NULL };
static const char *const output_formats[] = { "text", "json", NULL };

static const struct member metric[] = {
  { "name", NAME, MUST, .minimum = 1, .maximum = NV_METRIC_NAME_MAX },
  { "pattern", TEXT, MUST },
  { "unit", NAME, MUST, .maximum = NV_METRIC_UNIT_MAX },
  { "better", .type = TYPE_WORD, MUST, .words = directions },
  { NULL },
};

static const struct member command_element = { NULL, TEXT };
static const struct member metric_element = { NULL, .type = TYPE_OBJECT, .of = metric };

/* What a job asks of a program, and what is said again where it has run. */
#define WORKLOAD                                                                                             \
  { "command", .type = TYPE_LIST, MUST, .minimum = 1, .maximum = NV_WORDS_MAX, .of = &command_element },     \
      { "runs", .type = TYPE_INT, MUST, .minimum = 1, .maximum = NV_RUNS_MAX },                              \
      { "timeout_ns", .type = TYPE_INT, MUST, .minimum = 1, .maximum = TIME_MAX },                           \
      { "format", .type = TYPE_WORD, MUST, .words = output_formats },                                        \
  {                                                                                                          \
    "metrics", .type = TYPE_LIST, MUST, .minimum = 1, .maximum = NV_METRICS_MAX, .of = &metric_element       \
  }

static const struct member workload_of_job[] = { WORKLOAD, { NULL } };

static const struct member transport[] = {
  { "host", NAME, MUST, .minimum = 1 },
  { "port", .type = TYPE_INT, MUST, .minimum = 1, .maximum = UINT16_MAX },
  { "user", NAME, MUST, .minimum = 1 },
  { "folder", TEXT, MUST, .minimum = 1 },
  { "key", .type = TYPE_LINES, MUST, .minimum = 1, .maximum = KEY_MAX_BYTES },
  { "host_key", TEXT, MUST, .minimum = 1 },
  { "name", NAME, MUST, .minimum = 1 },
  { NULL },
};

static const struct member job[] = {
  { "options", .type = TYPE_MAP, .maximum = 256, .of = &option },
  { "workload", .type = TYPE_OBJECT, .of = workload_of_job },
  { "sample_interval_ns", .type = TYPE_INT, .minimum = 1, .maximum = TIME_MAX },
  { "transport", .type = TYPE_OBJECT, .of = transport },
  { NULL },
};

static const struct member ready[] = { { "size_bytes", COUNT, MUST }, { NULL } };
static const struct member refused[] = { { "message", TEXT, MUST }, { NULL } };
static const struct member go[] = { { "start_ns", TIME, MUST }, { NULL } };
static const struct member started[] = { { "monotonic_ns", TIME, MUST }, { NULL } };
static const struct member bye[] = { { NULL } };

static const struct member done[] = {
  { "status", .type = TYPE_INT, MUST, .maximum = 3 }, /* enum nv_status */
  { "message", TEXT },
  { NULL },
};

static const struct member alive[] = {
  { "monotonic_ns", TIME, MUST },
  { "phase", NAME, MUST },
  { "iteration", .type = TYPE_INT, .maximum = UINT32_MAX },
  { "iterations", .type = TYPE_INT, .maximum = UINT32_MAX },
  { NULL },
};

static const struct member workload[] = {
  { "program", NAME, MUST },
  { "time", NAME, MUST },
  { "monotonic_ns", TIME, MUST },
  WORKLOAD,
  { "facts", .type = TYPE_TREE, MUST },
  { NULL },
};

static const struct member output[] = {
  { "run", .type = TYPE_INT, MUST, .maximum = UINT32_MAX },
  { "start_ns", TIME, MUST },
  { "time_ns", TIME, MUST },
  { "exit_status", .type = TYPE_INT, .maximum = 255 },
  { "signal", .type = TYPE_INT, .minimum = 1, .maximum = 127 },
  { "timed_out", BOOL, MUST },
  { "output_bytes", COUNT, MUST },
  { "text", .type = TYPE_LINES, MUST, .maximum = NV_OUTPUT_MAX },
  { NULL },
};

/* --- bench/record.h --- */

static const struct member name_element = { NULL, NAME };

static const struct member setup_of_setup[] = {
  { "mode", NAME, MUST },
  { "kernels", .type = TYPE_LIST, MUST, .maximum = 64, .of = &name_element },
  { "access", NAME, MUST },
  { "size_bytes", COUNT },
  { "iterations", COUNT, MUST },
  { "pages", TEXT, MUST },
  { "page_kind", NAME, MUST },
  { "page_bytes", COUNT, MUST },
  { "touch", NAME, MUST },
  { "isa", NAME, MUST },
  { "store", NAME, MUST },
  { "prefetch", NAME, MUST },
  { "chases", COUNT, MUST },
  { "locality_bytes", COUNT },
  { "stride_bytes", COUNT, MUST },
  { "reads", COUNT, MUST },
  { "writes", COUNT, MUST },
  { "seed", .type = TYPE_INT, MUST, .minimum = INT64_MIN, .maximum = INT64_MAX }, /* all 64 bits */
  { NULL },
};

static const struct member thread[] = {
  { "cpu", .type = TYPE_INT, .maximum = THREADS_MAX },
  { "node", NODE },
  { NULL },
};

static const struct member thread_element = { NULL, .type = TYPE_OBJECT, .of = thread };

static const struct member setup[] = {
  { "program", NAME, MUST },
  { "time", NAME, MUST },
  { "monotonic_ns", TIME, MUST },
  { "setup", .type = TYPE_OBJECT, MUST, .of = setup_of_setup },
  { "pinned", BOOL, MUST },
  { "threads", .type = TYPE_LIST, MUST, .maximum = THREADS_MAX, .of = &thread_element },
  { "timer_tick_ns", REAL, MUST },
  { "facts", .type = TYPE_TREE, MUST },
  { NULL },
};

static const struct member handover_element = { NULL, REAL };

/* What of a result its mode decides. */
#define PLACE                                                                                                \
  { "delay_ns", TIME }, { "load", NAME }, { "cpu_node", NODE }, { "memory_node", NODE },                     \
  {                                                                                                          \
    "pages", TEXT                                                                                            \
  }

static const struct member iteration[] = {
  { "kernel", NAME, MUST },
  PLACE,
  { "iteration", .type = TYPE_INT, MUST, .maximum = UINT32_MAX },
  { "start_ns", TIME, MUST },
  { "time_ns", TIME, MUST },
  { "bytes", COUNT },
  { "operations", COUNT },
  { "value", REAL, MUST },
  { "unit", NAME, MUST },
  { "load_bytes_per_s", REAL },
  { "group", .type = TYPE_INT, .maximum = UINT32_MAX },
  { "changed", BOOL, MUST },
  { "handover_before_ns", .type = TYPE_LIST, .maximum = PAIRS_MAX, .of = &handover_element },
  { "handover_after_ns", .type = TYPE_LIST, .maximum = PAIRS_MAX, .of = &handover_element },
  { NULL },
};

static const struct member real_element = { NULL, REAL };

#define STATISTICS(presence)                                                                                 \
  { "minimum", REAL, presence }, { "p5", REAL, presence }, { "median", REAL, presence },                     \
      { "p95", REAL, presence }, { "maximum", REAL, presence }, { "mean", REAL, presence },                  \
  {                                                                                                          \
    "interval_95", .type = TYPE_LIST, .minimum = 2, .maximum = 2, .of = &real_element                        \
  }

static const struct member statistics[] = { STATISTICS (MUST), { NULL } };

static const struct member path[] = {
  { "isa", NAME, MUST }, { "store", NAME }, { "prefetch", NAME }, { "chosen", BOOL, MUST }, { NULL },
};

static const struct member residence[] = {
  { "array", NAME, MUST },
  { "resident_bytes", COUNT, MUST },
  { "huge_bytes", COUNT, MUST },
  { "nodes", .type = TYPE_MAP, .maximum = NODES_MAX, .of = &real_element },
  { "wanted", .type = TYPE_MAP, .maximum = NODES_MAX, .of = &real_element },
  { "mismatch", REAL, MUST },
  { "kind_mismatch", REAL, MUST },
  { "holds", BOOL, MUST },
  { NULL },
};

static const struct member residence_element = { NULL, .type = TYPE_OBJECT, .of = residence };

static const struct member summary[] = {
  { "kernel", NAME, MUST },
  PLACE,
  { "unit", NAME, MUST },
  { "threads", .type = TYPE_INT, .minimum = 1, .maximum = THREADS_MAX }, /* none of a workload */
  { "path", .type = TYPE_OBJECT, .of = path },
  { "load_path", .type = TYPE_OBJECT, .of = path },
  { "size_bytes", COUNT },
  { "cache_resident_possible", BOOL, MUST },
  { "warm_ups", COUNT, MUST },
  { "stable", BOOL, MUST },
  { "iterations", COUNT, MUST },
  { "n_changed", COUNT, MUST },
  { "n_unknown", COUNT },
  { "interrupted", BOOL, MUST },
  { "groups", COUNT, MUST },
  { "group", COUNT },
  { "n", COUNT, MUST },
  STATISTICS (.required = false),
  { "time_s", .type = TYPE_OBJECT, .of = statistics },
  { "load_bytes_per_s", .type = TYPE_OBJECT, .of = statistics },
  { "handover_ns", .type = TYPE_LIST, .minimum = 2, .maximum = 2, .of = &handover_element },
  { "residence", .type = TYPE_LIST, MUST, .maximum = 16, .of = &residence_element },
  { NULL },
};

/* --- bench/samplers/format.h --- */

static const struct member sample_header[] = {
  { "host", NAME, MUST },
  { "kernel", NAME, MUST },
  { "machine", NAME, MUST },
  { "page_bytes", COUNT, MUST },
  { "cpus_online", COUNT, MUST },
  { "settings", .type = TYPE_MAP, MUST, .maximum = 64, .of = &name_element },
  { "interval_ns", TIME, MUST },
  { "duration_ns", TIME },
  { "start_ns", TIME, MUST },
  { "monotonic_ns", TIME, MUST },
  { "wall_ns", COUNT, MUST },
  { "samplers", .type = TYPE_LIST, MUST, .maximum = 64, .of = &name_element },
  { NULL },
};

static const struct member sample[] = {
  { "monotonic_ns", TIME, MUST },
  { "wall_ns", COUNT, MUST },
  { "missed", COUNT, MUST },
  { NULL },
};

/* The commonest first. */
static const struct record records[] = {
  { "iteration", iteration },
  { "sample", sample, .open = true }, /* a member for each sampler */
  { "alive", alive },
  { "summary", summary },
  { "clock", clock_members },
  { "hello", hello },
  { "welcome", welcome },
  { "job", job, .one_of = { "options", "workload" } },
  { "ready", ready },
  { "refused", refused },
  { "go", go },
  { "started", started },
  { "setup", setup },
  { "output", output, .one_of = { "exit_status", "signal" } },
  { "workload", workload },
  { "sample-header", sample_header },
  { "done", done },
  { "bye", bye },
};

/* --- the walker --- */

/* A text may come to a terminal. Unicode has control characters from U+0080 to U+009F, too. */
static bool
has_control (const char *text, const char *allowed)
{
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
    if ((*at < ' ' && !strchr (allowed, *at)) || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
      return true;
  return false;
}

static int
check_text (const char *text, const char *name, size_t maximum, const char *allowed,
            struct nv_message *message)
{
  size_t length = strlen (text);

  if (length > maximum)
    return nv_fail (message, EBADMSG, "'%.40s' has %zu bytes: at most %zu are allowed", name, length,
                    maximum);
  if (has_control (text, allowed))
    return nv_fail (message, EBADMSG, "'%.40s' has a control character", name);
  return 0;
}

static int
check_string (const json_t *value, const struct member *member, struct nv_message *message)
{
  size_t usual = member->type == TYPE_NAME ? NAME_MAX_BYTES : TEXT_MAX_BYTES;

  if (!json_is_string (value))
    return nv_fail (message, EBADMSG, "'%s' is no string", member->name);
  if (json_string_length (value) < (size_t)member->minimum)
    return nv_fail (message, EBADMSG, "'%s' is empty", member->name);
  return check_text (json_string_value (value), member->name,
                     member->maximum > 0 ? (size_t)member->maximum : usual,
                     member->type == TYPE_LINES ? "\n\t" : "", message);
}

static int
check_word (const json_t *value, const struct member *member, struct nv_message *message)
{
  const char *text = json_string_value (value);

  for (const char *const *word = member->words; text && *word; word++)
    if (strcmp (text, *word) == 0)
      return 0;
  return nv_fail (message, EBADMSG, "'%s' is none of the words that it may be", member->name);
}

static int
check_int (const json_t *value, const struct member *member, struct nv_message *message)
{
  json_int_t number = json_integer_value (value);

  if (!json_is_integer (value))
    return nv_fail (message, EBADMSG, "'%s' is no integer", member->name);
  if (number < member->minimum || number > member->maximum)
    return nv_fail (message, EBADMSG, "'%s' is %" JSON_INTEGER_FORMAT ": from %lld to %lld is allowed",
                    member->name, number, (long long)member->minimum, (long long)member->maximum);
  return 0;
}

/* All that is measured is a rate, a time or a share: none is below 0. */
static int
check_real (const json_t *value, const char *name, struct nv_message *message)
{
  double number = json_number_value (value);

  if (!json_is_number (value) && !json_is_null (value))
    return nv_fail (message, EBADMSG, "'%.40s' is no number", name);
  if (!isfinite (number) || number < 0)
    return nv_fail (message, EBADMSG, "'%.40s' is %g: a finite number from 0 on is allowed", name, number);
  return 0;
}

static int
check_length (size_t length, size_t minimum, size_t maximum, const char *name, struct nv_message *message)
{
  if (length >= minimum && length <= maximum)
    return 0;
  return nv_fail (message, EBADMSG, "'%.40s' has %zu members: from %zu to %zu are allowed", name, length,
                  minimum, maximum);
}

static int
check_members (const json_t *object, const struct member *members, struct nv_message *message)
{
  int status = 0;

  for (const struct member *member = members; member->name && status == 0; member++)
    {
      const json_t *value = json_object_get (object, member->name);

      if (value)
        status = check_member (value, member, message);
      else if (member->required)
        status = nv_fail (message, EBADMSG, "'%s' is missing", member->name);
    }
  return status;
}

/* An element has its list's name in messages. */
static int
check_element (const json_t *value, const struct member *list, struct nv_message *message)
{
  struct member element = *list->of;

  element.name = list->name;
  return check_member (value, &element, message);
}

static int
check_list (const json_t *list, const struct member *member, struct nv_message *message)
{
  size_t length = json_array_size (list);
  int status;

  if (!json_is_array (list))
    return nv_fail (message, EBADMSG, "'%s' is no list", member->name);
  status = check_length (length, (size_t)member->minimum, (size_t)member->maximum, member->name, message);
  for (size_t i = 0; i < length && status == 0; i++)
    status = check_element (json_array_get (list, i), member, message);
  return status;
}

static int
check_map (const json_t *map, const struct member *member, struct nv_message *message)
{
  const char *key;
  json_t *value;
  int status;

  if (!json_is_object (map))
    return nv_fail (message, EBADMSG, "'%s' is no object", member->name);
  status = check_length (json_object_size (map), 0, (size_t)member->maximum, member->name, message);
  json_object_foreach ((json_t *)map, key, value)
  {
    if (status == 0)
      status = check_text (key, member->name, NAME_MAX_BYTES, "", message);
    if (status == 0)
      status = check_element (value, member, message);
    if (status != 0)
      break;
  }
  return status;
}

/* Recursion ends where nv_record_parse() ends it. */
static int
check_tree (const json_t *value, const char *name, struct nv_message *message)
{
  const char *key;
  json_t *child;
  size_t i;
  int status = 0;

  switch (json_typeof (value))
    {
    case JSON_STRING:
      return check_text (json_string_value (value), name, TEXT_MAX_BYTES, "", message);
    case JSON_INTEGER:
    case JSON_REAL:
      return check_real (value, name, message);
    case JSON_ARRAY:
      status = check_length (json_array_size (value), 0, TREE_MAX, name, message);
      for (i = 0; i < json_array_size (value) && status == 0; i++)
        status = check_tree (json_array_get (value, i), name, message);
      return status;
    case JSON_OBJECT:
      status = check_length (json_object_size (value), 0, TREE_MAX, name, message);
      json_object_foreach ((json_t *)value, key, child)
      {
        if (status == 0)
          status = check_text (key, name, NAME_MAX_BYTES, "", message);
        if (status == 0)
          status = check_tree (child, key, message);
      }
      return status;
    default:
      return 0;
    }
}

static int
check_member (const json_t *value, const struct member *member, struct nv_message *message)
{
  switch (member->type)
    {
    case TYPE_INT:
      return check_int (value, member, message);
    case TYPE_REAL:
      return check_real (value, member->name, message);
    case TYPE_BOOL:
      return json_is_boolean (value) ? 0 : nv_fail (message, EBADMSG, "'%s' is no boolean", member->name);
    case TYPE_NAME:
    case TYPE_TEXT:
    case TYPE_LINES:
      return check_string (value, member, message);
    case TYPE_WORD:
      return check_word (value, member, message);
    case TYPE_OBJECT:
      if (!json_is_object (value))
        return nv_fail (message, EBADMSG, "'%s' is no object", member->name);
      return check_members (value, member->of, message);
    case TYPE_LIST:
      return check_list (value, member, message);
    case TYPE_MAP:
      return check_map (value, member, message);
    case TYPE_TREE:
      return check_tree (value, member->name, message);
    }
  return 0;
}

static int
check_choice (const json_t *record, const char *const one_of[2], struct nv_message *message)
{
  if (!one_of[0] || !json_object_get (record, one_of[0]) != !json_object_get (record, one_of[1]))
    return 0;
  return nv_fail (message, EBADMSG, "it has one of '%s' and '%s', not both", one_of[0], one_of[1]);
}

int
nv_record_check (const json_t *record, struct nv_message *message)
{
  const char *name = nv_record_name (record);
  struct nv_message problem;
  int status;

  for (size_t i = 0; i < sizeof records / sizeof *records; i++)
    {
      if (strcmp (records[i].name, name) != 0)
        continue;
      status = check_members (record, records[i].members, &problem);
      if (status == 0)
        status = check_choice (record, records[i].one_of, &problem);
      if (status == 0 && records[i].open)
        status = check_tree (record, name, &problem);
      return status == 0 ? 0 : nv_fail (message, -status, "record '%s': %.400s", name, problem.text);
    }
  return nv_fail (message, ENOENT, "record '%.40s' is unknown", name);
}
