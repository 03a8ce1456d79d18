/* The machine in a few lines, of what nv_facts_read() found; what is not known is left out. */

#include "bench/text.h"

#include <string.h>

enum
{
  SIZE = 32,
};

/* A line of several facts: the first one brings the line's name, the others a comma. */
struct line
{
  FILE *file;
  const char *name;
  bool begun;
};

static void
begin_fact (struct line *line)
{
  if (line->begun)
    fputs (", ", line->file);
  else
    fprintf (line->file, "%-12s", line->name);
  line->begun = true;
}

static void
end_line (const struct line *line)
{
  if (line->begun)
    fputc ('\n', line->file);
}

static void
print_text (struct line *line, const json_t *object, const char *key, const char *before, const char *after)
{
  const char *value = json_string_value (json_object_get (object, key));

  if (!value || !*value)
    return;
  begin_fact (line);
  fprintf (line->file, "%s%s%s", before, value, after);
}

static void
print_switch (struct line *line, const json_t *object, const char *key, const char *what)
{
  const json_t *value = json_object_get (object, key);

  if (!json_is_integer (value))
    return;
  begin_fact (line);
  fprintf (line->file, "%s %s", what, json_integer_value (value) != 0 ? "on" : "off");
}

static void
print_cpu (const json_t *facts, FILE *file)
{
  struct line line = { file, "CPU", false };
  const json_t *cpu = json_object_get (facts, "cpu");

  print_text (&line, cpu, "model", "", "");
  print_text (&line, cpu, "microcode", "microcode ", "");
  print_text (&line, facts, "cpus_online", "CPUs ", " online");
  print_text (&line, facts, "frequency_governor", "governor ", "");
  end_line (&line);
}

static void
print_caches (const json_t *facts, FILE *file)
{
  struct line line = { file, "caches", false };
  const char *source = NULL;
  const json_t *cache;
  size_t i;

  json_array_foreach (json_object_get (facts, "caches"), i, cache)
  {
    const char *type = json_string_value (json_object_get (cache, "type"));
    size_t n = json_array_size (json_object_get (cache, "shared_cpus"));
    char size[SIZE];

    source = json_string_value (json_object_get (cache, "source"));
    begin_fact (&line);
    if (n > 1)
      fprintf (file, "%zu x ", n);
    fprintf (file, "L%d%s %s", (int)json_integer_value (json_object_get (cache, "level")),
             !type || strcmp (type, "unified") == 0 ? ""
             : strcmp (type, "data") == 0           ? "d"
                                                    : "i",
             nv_text_size ((uint64_t)json_integer_value (json_object_get (cache, "size_bytes")), size,
                           sizeof size));
  }
  if (source && strcmp (source, "cpuid") == 0)
    fputs (" (by CPUID: a VM's may be made up)", file);
  end_line (&line);
}

static void
print_nodes (const json_t *facts, FILE *file)
{
  struct line line = { file, "nodes", false };
  const json_t *node;
  size_t i;

  json_array_foreach (json_object_get (facts, "nodes"), i, node)
  {
    const char *cpus = json_string_value (json_object_get (node, "cpus"));
    const json_t *bytes = json_object_get (node, "memory_bytes");
    char size[SIZE];

    begin_fact (&line);
    fprintf (file, "%d (%s%s", (int)json_integer_value (json_object_get (node, "node")),
             cpus && *cpus ? "CPUs " : "no CPUs", cpus ? cpus : "");
    if (json_is_integer (bytes))
      fprintf (file, ", %s", nv_text_size ((uint64_t)json_integer_value (bytes), size, sizeof size));
    fputc (')', file);
  }
  end_line (&line);
}

void
nv_text_facts (const json_t *facts, FILE *file)
{
  struct line kernel = { file, "kernel", false }, machine = { file, "machine", false };
  const json_t *hypervisor = json_object_get (facts, "hypervisor");

  print_cpu (facts, file);
  print_caches (facts, file);
  print_nodes (facts, file);
  print_text (&kernel, facts, "kernel", "", "");
  print_text (&kernel, json_object_get (facts, "thp"), "enabled", "THP ", "");
  print_switch (&kernel, facts, "numa_balancing", "NUMA balancing");
  print_switch (&kernel, facts, "ksm", "KSM");
  end_line (&kernel);
  print_text (&machine, hypervisor, "name", "a guest of ", "");
  end_line (&machine);
  if (json_is_true (json_object_get (hypervisor, "emulated")))
    fputs ("EMULATED: these figures compare emulators, not memory\n", file);
}
