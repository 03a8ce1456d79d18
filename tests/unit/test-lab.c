#include "golden.h"

#include "base/error.h"
#include "base/size.h"
#include "lab/argv.h"
#include "lab/frames.h"
#include "lab/job.h"

#include <string.h>

static NvLabMachine
parse (const NvLabRequest *request, const char *preset)
{
  g_autoptr (GError) error = NULL;
  NvLabMachine machine = { 0 };

  nv_lab_machine_parse (request, preset, &machine, &error);
  g_assert_no_error (error);
  return machine;
}

static void
assert_refused (const NvLabRequest *request, const char *preset, const char *part)
{
  g_autoptr (GError) error = NULL;
  NvLabMachine machine = { .n_nodes = 42 };

  g_assert_false (nv_lab_machine_parse (request, preset, &machine, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  if (!strstr (error->message, part))
    g_error ("'%s' does not say '%s'", error->message, part);
  g_assert_cmpuint (machine.n_nodes, ==, 42);
}

/* --- the machine --- */

static void
default_is_four_nodes_with_a_cpu_and_1G_each (void)
{
  NvLabMachine machine = parse (&(NvLabRequest){ 0 }, NULL);

  g_assert_cmpuint (machine.n_nodes, ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpuint (machine.nodes[i].memory_bytes, ==, NV_GIB);
      g_assert_cmpuint (machine.nodes[i].n_cpus, ==, 1);
      g_assert_cmpuint (machine.nodes[i].n_huge_pages, ==, 0);
    }
  g_assert_cmpuint (machine.distances[0][0], ==, 10);
  g_assert_cmpuint (machine.distances[0][3], ==, 40);
  g_assert_cmpuint (machine.distances[3][1], ==, 30);
}

static void
cpus_of_the_machine_are_dealt_out_evenly (void)
{
  NvLabMachine few = parse (&(NvLabRequest){ .cpus = "2" }, NULL);
  NvLabMachine many = parse (&(NvLabRequest){ .nodes = "3", .cpus = "8" }, NULL);

  g_assert_cmpuint (nv_lab_machine_cpus (&few), ==, 2);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (few.nodes[i].n_cpus, <=, 1);
  g_assert_cmpuint (nv_lab_machine_cpus (&many), ==, 8);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (many.nodes[i].n_cpus, >=, 2);
}

static void
lists_are_by_node_and_may_have_none (void)
{
  NvLabMachine machine = parse (
      &(NvLabRequest){ .nodes = "3", .memory = "2G,0,512M", .cpus = "0,2,1", .huge_pages = "2:8" }, NULL);

  g_assert_cmpuint (machine.nodes[0].memory_bytes, ==, 2 * NV_GIB);
  g_assert_cmpuint (machine.nodes[0].n_cpus, ==, 0);
  g_assert_cmpuint (machine.nodes[1].memory_bytes, ==, 0);
  g_assert_cmpuint (machine.nodes[1].n_cpus, ==, 2);
  g_assert_cmpuint (machine.nodes[2].n_huge_pages, ==, 8);
  g_assert_cmpuint (nv_lab_machine_memory_bytes (&machine), ==, 2560 * NV_MIB);
}

static void
distances_are_by_difference_or_by_rows (void)
{
  NvLabMachine difference = parse (&(NvLabRequest){ .distances = "10,16,32,33" }, NULL);
  NvLabMachine rows = parse (&(NvLabRequest){ .nodes = "2", .distances = "10,31;17,10" }, NULL);

  g_assert_cmpuint (difference.distances[0][1], ==, 16);
  g_assert_cmpuint (difference.distances[3][1], ==, 32);
  g_assert_cmpuint (difference.distances[3][0], ==, 33);
  g_assert_cmpuint (difference.distances[2][2], ==, 10);
  g_assert_cmpuint (rows.distances[0][1], ==, 31);
  g_assert_cmpuint (rows.distances[1][0], ==, 17);
}

static void
wrong_distances_say_what_is_needed (void)
{
  assert_refused (&(NvLabRequest){ .distances = "10,16,22" }, NULL, "3 entries; 4 nodes need 4");
  assert_refused (&(NvLabRequest){ .distances = "10,16,22,23,24" }, NULL, "5 entries");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,9" }, NULL, "a number from 10 to 254");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,255" }, NULL, "a number from 10 to 254");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,x" }, NULL, "'x'");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "11,20" }, NULL, "to itself is 10");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,10" }, NULL, "to others it is more");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,20;20" }, NULL, "row 1 has 1 entries");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "10,20;20,10;" }, NULL, "3 rows");
  assert_refused (&(NvLabRequest){ .nodes = "2", .distances = "" }, NULL, "0 entries");
}

static void
wrong_options_are_named (void)
{
  assert_refused (&(NvLabRequest){ 0 }, "star", "preset 'star': two-socket, ring");
  assert_refused (&(NvLabRequest){ .nodes = "0" }, NULL, "nodes '0': a number from 1 to 16");
  assert_refused (&(NvLabRequest){ .nodes = "17" }, NULL, "nodes '17'");
  assert_refused (&(NvLabRequest){ .memory = "1" }, NULL, "memory '1'");
  assert_refused (&(NvLabRequest){ .memory = "0" }, NULL, "memory '0'");
  assert_refused (&(NvLabRequest){ .memory = "1G,1G" }, NULL, "memory '1G,1G': 2 entries; 4 nodes need 4");
  assert_refused (&(NvLabRequest){ .nodes = "1", .memory = "128M" }, NULL, "at least 256M");
  assert_refused (&(NvLabRequest){ .memory = "16E" }, NULL, "16E");
  assert_refused (&(NvLabRequest){ .cpus = "0" }, NULL, "cpus '0'");
  assert_refused (&(NvLabRequest){ .cpus = "65" }, NULL, "cpus '65'");
  assert_refused (&(NvLabRequest){ .cpus = "0,0,0,0" }, NULL, "a machine has 1 to 64");
  assert_refused (&(NvLabRequest){ .cpus = "1,1" }, NULL, "cpus '1,1': 2 entries");
  assert_refused (&(NvLabRequest){ .nodes = "2", .memory = "0,1G", .cpus = "0,1" }, NULL,
                  "node 0 has neither memory nor CPUs");
}

static void
wrong_huge_pages_are_named (void)
{
  assert_refused (&(NvLabRequest){ .huge_pages = "4:1" }, NULL, "of nodes 0 to 3");
  assert_refused (&(NvLabRequest){ .huge_pages = "1" }, NULL, "NODE:COUNT");
  assert_refused (&(NvLabRequest){ .huge_pages = "1:2:3" }, NULL, "NODE:COUNT");
  assert_refused (&(NvLabRequest){ .huge_pages = "1:0" }, NULL, "NODE:COUNT");
  assert_refused (&(NvLabRequest){ .huge_pages = "0:1,1:385" }, NULL, "node 1 can have 384");
}

static void
options_override_a_preset (void)
{
  NvLabMachine machine = parse (&(NvLabRequest){ .memory = "512M", .cpus = "4" }, "two-socket");

  g_assert_cmpuint (machine.n_nodes, ==, 2);
  g_assert_cmpuint (machine.nodes[1].memory_bytes, ==, 512 * NV_MIB);
  g_assert_cmpuint (machine.nodes[1].n_cpus, ==, 2);
  g_assert_cmpuint (machine.distances[0][1], ==, 21);
}

static void
what_does_not_fit_names_both_sizes (void)
{
  NvLabMachine machine = parse (&(NvLabRequest){ 0 }, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (nv_lab_machine_check_fit (&machine, 4 * NV_GIB, NULL));
  g_assert_false (nv_lab_machine_check_fit (&machine, 4 * NV_GIB - 1, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NO_FIT);
  g_assert_nonnull (strstr (error->message, "have 4.0 GiB together"));
  g_assert_nonnull (strstr (error->message, "--memory"));
}

/* --- QEMU's arguments --- */

static void
assert_argv (const char *name, const NvLabMachine *machine, const NvLabQemu *qemu)
{
  g_auto (GStrv) argv = nv_lab_qemu_argv (machine, qemu);
  g_autofree char *lines = g_strjoinv ("\n", argv), *text = g_strconcat (lines, "\n", NULL);
  g_autofree char *file = g_strdup_printf ("lab/%s.args", name);

  assert_golden (file, text);
}

static const NvLabQemu example = { .qemu = "/usr/bin/qemu-system-x86_64",
                                   .kernel = "/boot/vmlinuz-6.1.0-1-cloud-amd64",
                                   .initramfs = 3,
                                   .root = 4,
                                   .channel = 5,
                                   .console = 6 };

static void
each_preset_is_a_machine_of_qemus (void)
{
  for (const NvLabPreset *preset = nv_lab_presets; preset->name; preset++)
    {
      NvLabMachine machine = parse (&(NvLabRequest){ 0 }, preset->name);

      assert_argv (preset->name, &machine, &example);
    }
}

static void
kvm_and_a_plugin_are_asked_for (void)
{
  NvLabMachine machine = parse (&(NvLabRequest){ .nodes = "1" }, NULL);
  NvLabQemu with_kvm = example, with_plugin = example;

  with_kvm.kvm = TRUE;
  assert_argv ("kvm", &machine, &with_kvm);
  with_plugin.plugin = "file=delay.so,rate=5";
  assert_argv ("plugin", &machine, &with_plugin);
}

/* --- what is to be done --- */

static void
assert_job (const NvLabJob *job, const char *const *environment, const char *expected, gsize length)
{
  g_autoptr (GBytes) file = nv_lab_job_format (job, environment);
  gsize size;
  const char *bytes = g_bytes_get_data (file, &size);

  g_assert_cmpmem (bytes, size, expected, length);
}

static void
command_and_environment_are_texts_with_a_nul (void)
{
  const char *const arguments[] = { "sh", "-c", "echo $X\n", NULL };
  const char *const environment[] = { "PATH=/bin", "X=a=b", NULL };
  static const char expected[] = "directory=/work\0argument=sh\0argument=-c\0argument=echo $X\n\0out=/a b\0"
                                 "environment=PATH=/bin\0environment=X=a=b\0environment=PWD=/work\0"
                                 "environment=NUMAVM_LAB=1\0environment=LAB_OUT=/run/lab/out";

  assert_job (&(NvLabJob){ .directory = "/work", .arguments = arguments, .out = "/a b" }, environment,
              expected, sizeof expected);
}

static void
what_leads_outside_stays_there (void)
{
  const char *const arguments[] = { "sh", NULL };
  const char *const environment[] = {
    "XDG_RUNTIME_DIR=/run/user/1", "LAB_OUT=/x", "NUMAVM_LAB=0", "PWD=/y", "PATHS=/bin", NULL
  };
  static const char expected[] =
      "directory=/\0argument=sh\0terminal=\0ordinary=\0environment=PATHS=/bin\0"
      "environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0environment=PWD=/\0"
      "environment=NUMAVM_LAB=1";

  assert_job (&(NvLabJob){ .directory = "/", .arguments = arguments, .terminal = TRUE, .ordinary = TRUE },
              environment, expected, sizeof expected);
}

/* --- frames --- */

static gboolean
note_frame (enum nv_lab_frame_type type, const void *bytes, gsize length, gpointer data)
{
  GString *text = data;

  g_string_append_printf (text, "%d:%.*s;", (int)type, (int)length, (const char *)bytes);
  return type != NV_LAB_STATUS;
}

static void
add_frame (GByteArray *stream, guint32 type, const char *bytes, guint32 length)
{
  const struct nv_lab_frame header = { .type = type, .length = length };

  g_byte_array_append (stream, (const guint8 *)&header, sizeof header);
  g_byte_array_append (stream, (const guint8 *)bytes, (guint)strlen (bytes));
}

static void
frames_come_in_any_pieces (void)
{
  for (gsize piece = 1; piece < 40; piece++)
    {
      g_autoptr (GByteArray) stream = g_byte_array_new ();
      g_autoptr (NvLabFrames) frames = nv_lab_frames_new ();
      g_autoptr (GError) error = NULL;
      GString *text = g_string_new (NULL);
      gboolean goes_on = TRUE;

      add_frame (stream, NV_LAB_STARTED, "", 0);
      add_frame (stream, NV_LAB_OUTPUT, "hello", 5);
      add_frame (stream, NV_LAB_ERRORS, "", 0);
      add_frame (stream, NV_LAB_STATUS, "1234", 4);
      add_frame (stream, NV_LAB_OUTPUT, "behind the end", 14);
      for (gsize at = 0; goes_on && at < stream->len; at += piece)
        goes_on = nv_lab_frames_feed (frames, stream->data + at, MIN (piece, stream->len - at), note_frame,
                                      text, &error);
      g_assert_no_error (error);
      g_assert_false (goes_on);
      g_assert_cmpstr (text->str, ==, "3:;4:hello;5:;6:1234;");
      g_string_free (text, TRUE);
    }
}

static void
what_is_no_frame_is_refused (void)
{
  const struct
  {
    guint32 type, length;
  } bad[] = { { 0, 0 },
              { 99, 0 },
              { NV_LAB_INPUT, 1 },
              { NV_LAB_STARTED, 1 },
              { NV_LAB_STATUS, 3 },
              { NV_LAB_OUTPUT, NV_LAB_FRAME_MAX + 1 },
              { NV_LAB_OUTPUT, G_MAXUINT32 } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (NvLabFrames) frames = nv_lab_frames_new ();
      g_autoptr (GByteArray) stream = g_byte_array_new ();
      g_autoptr (GError) error = NULL;
      GString *text = g_string_new (NULL);

      add_frame (stream, bad[i].type, "", bad[i].length);
      g_assert_false (nv_lab_frames_feed (frames, stream->data, stream->len, note_frame, text, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      g_assert_cmpstr (text->str, ==, "");
      g_string_free (text, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/lab/" #name, name)
  ADD (default_is_four_nodes_with_a_cpu_and_1G_each);
  ADD (cpus_of_the_machine_are_dealt_out_evenly);
  ADD (lists_are_by_node_and_may_have_none);
  ADD (distances_are_by_difference_or_by_rows);
  ADD (wrong_distances_say_what_is_needed);
  ADD (wrong_options_are_named);
  ADD (wrong_huge_pages_are_named);
  ADD (options_override_a_preset);
  ADD (what_does_not_fit_names_both_sizes);
  ADD (each_preset_is_a_machine_of_qemus);
  ADD (kvm_and_a_plugin_are_asked_for);
  ADD (command_and_environment_are_texts_with_a_nul);
  ADD (what_leads_outside_stays_there);
  ADD (frames_come_in_any_pieces);
  ADD (what_is_no_frame_is_refused);
  return g_test_run ();
}
