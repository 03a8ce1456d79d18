/* A machine as boxes of text: one box a node, nodes nearest to each other side by side, the distance between
 * neighbours on the line that joins them. */

#include "report/topology.h"
#include "base/size.h"

#include <string.h>

/* With more nodes than this, a box says the least that tells nodes apart. */
#define DETAILED_MAX_NODES 16
#define MIN_INNER          14 /* columns inside a box, between its blanks */
#define MAX_INNER          30
#define LINK_LINE          1 /* the line of a box at which it is joined to the next, from its top: 0 */

typedef struct
{
  const char *top_left, *top_right, *bottom_left, *bottom_right, *across, *down, *used, *free, *cut;
} Strokes;

static const Strokes utf8_strokes = { "┌", "┐", "└", "┘", "─", "│", "▓", "░", "…" };
static const Strokes ascii_strokes = { "+", "+", "+", "+", "-", "|", "#", ".", "~" };

typedef struct
{
  const NvHost *host;
  const Strokes *strokes;
  guint columns;
  gboolean detailed;
  guint inner; /* of each box */
  guint gap;   /* between two boxes */
  guint per_row;
} Drawing;

static const NvNode *
node_at (const NvHost *host, guint position)
{
  return g_ptr_array_index (host->nodes, position);
}

static void
append_times (GString *text, const char *what, guint times)
{
  while (times-- > 0)
    g_string_append (text, what);
}

/* All that is drawn is of one column a character. */
static guint
width_of (const char *text)
{
  return (guint)g_utf8_strlen (text, -1);
}

/* @text in exactly @width columns, cut or filled up with @fill. */
static void
append_fitted (GString *out, const char *text, guint width, const char *fill, const Strokes *strokes)
{
  guint length = width_of (text);

  if (length <= width)
    {
      g_string_append (out, text);
      append_times (out, fill, width - length);
      return;
    }
  g_string_append_len (out, text, g_utf8_offset_to_pointer (text, (glong)width - 1) - text);
  g_string_append (out, strokes->cut);
}

static char *
format_title (const NvNode *node)
{
  gboolean ordinary = node->kind == NV_MEMORY_KIND_UNKNOWN || node->kind == NV_MEMORY_KIND_DRAM;

  return g_strdup_printf ("node %u%s%s%s", node->os_index, ordinary ? "" : ", ",
                          ordinary ? "" : nv_memory_kind_name (node->kind),
                          node->use == NV_NODE_USABLE ? "" : ", no VM");
}

static char *
format_cpus (const NvNode *node, gboolean detailed)
{
  g_autoptr (NvSet) set = nv_node_cpus (node);
  g_autofree char *list = nv_set_format (set);
  guint n_cores = node->cores->len, n_cpus = nv_set_count (set);

  if (n_cpus == 0)
    return g_strdup ("no CPUs");
  if (!detailed || n_cores == n_cpus)
    return g_strdup_printf ("CPU%s %s", n_cpus == 1 ? "" : "s", list);
  return g_strdup_printf ("CPUs %s: %u core%s", list, n_cores, n_cores == 1 ? "" : "s");
}

static char *
format_memory (const NvNode *node, gboolean detailed)
{
  g_autofree char *total = nv_size_format (node->memory_total_bytes);
  g_autofree char *available = nv_size_format (node->memory_available_bytes);
  const char *unit = strchr (total, ' ');
  gsize same_unit = unit && g_str_has_suffix (available, unit) ? strlen (unit) : 0;

  if (node->memory_total_bytes == 0)
    return g_strdup ("no memory");
  return g_strdup_printf ("%.*s of %s%s", (int)(strlen (available) - same_unit), available, total,
                          detailed ? " free" : "");
}

static char *
format_bar (const Drawing *drawing, const NvNode *node)
{
  GString *bar = g_string_new (NULL);
  double total = (double)node->memory_total_bytes;
  double share = total > 0 ? 1.0 - MIN ((double)node->memory_available_bytes / total, 1.0) : 0.0;
  guint used = (guint)(share * drawing->inner + 0.5);

  append_times (bar, drawing->strokes->used, used);
  append_times (bar, drawing->strokes->free, drawing->inner - used);
  return g_string_free (bar, FALSE);
}

/* The lines of a box, without its frame. The bar is as wide as the box, so it is made when that is known. */
static GPtrArray *
box_lines (const Drawing *drawing, guint position)
{
  const NvNode *node = node_at (drawing->host, position);
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *distances = nv_topology_format_by_distance (drawing->host, position);
  g_autofree char *pools = nv_topology_format_pools (node);

  g_ptr_array_add (lines, format_cpus (node, drawing->detailed));
  g_ptr_array_add (lines, format_memory (node, drawing->detailed));
  if (!drawing->detailed)
    return lines;
  if (node->memory_total_bytes > 0 && drawing->inner > 0)
    g_ptr_array_add (lines, format_bar (drawing, node));
  if (*pools)
    g_ptr_array_add (lines, g_steal_pointer (&pools));
  if (*distances)
    g_ptr_array_add (lines, g_steal_pointer (&distances));
  return lines;
}

/* What stands between two boxes: ` 16 `; both ways where they differ. */
static char *
format_link (const NvHost *host, guint from, guint to)
{
  guint there = nv_host_distance (host, from, to), back = nv_host_distance (host, to, from);

  if (there == NV_DISTANCE_UNKNOWN || back == NV_DISTANCE_UNKNOWN)
    return g_strdup ("");
  return there == back ? g_strdup_printf ("%u", there) : g_strdup_printf ("%u/%u", there, back);
}

static void
measure (Drawing *drawing)
{
  guint n_nodes = drawing->host->nodes->len;
  guint widest = MIN_INNER, widest_link = 0;

  for (guint i = 0; i < n_nodes; i++)
    {
      g_autoptr (GPtrArray) lines = box_lines (drawing, i);
      g_autofree char *title = format_title (node_at (drawing->host, i));

      widest = MAX (widest, width_of (title) + 2);
      for (guint j = 0; j < lines->len; j++)
        widest = MAX (widest, width_of (g_ptr_array_index (lines, j)));
      for (guint j = 0; drawing->detailed && j < n_nodes; j++)
        {
          g_autofree char *link = format_link (drawing->host, i, j);

          widest_link = MAX (widest_link, width_of (link));
        }
    }
  drawing->inner = MIN (widest, MAX_INNER);
  drawing->gap = drawing->detailed && widest_link > 0 ? widest_link + 2 : 1;
  drawing->per_row = MAX (1, (drawing->columns + drawing->gap) / (drawing->inner + 4 + drawing->gap));
}

static void
append_box_line (GString *out, const Drawing *drawing, guint position, const GPtrArray *lines, guint line,
                 guint height)
{
  const Strokes *strokes = drawing->strokes;

  if (line == 0)
    {
      g_autofree char *name = format_title (node_at (drawing->host, position));
      g_autofree char *title = g_strdup_printf ("%s %s ", strokes->across, name);

      g_string_append (out, strokes->top_left);
      append_fitted (out, title, drawing->inner + 2, strokes->across, strokes);
      g_string_append (out, strokes->top_right);
    }
  else if (line == height - 1)
    {
      g_string_append (out, strokes->bottom_left);
      append_times (out, strokes->across, drawing->inner + 2);
      g_string_append (out, strokes->bottom_right);
    }
  else
    {
      g_string_append_printf (out, "%s ", strokes->down);
      append_fitted (out, line - 1 < lines->len ? g_ptr_array_index (lines, line - 1) : "", drawing->inner,
                     " ", strokes);
      g_string_append_printf (out, " %s", strokes->down);
    }
}

static void
append_link (GString *out, const Drawing *drawing, guint from, guint to, gboolean joined)
{
  g_autofree char *link = format_link (drawing->host, from, to);
  guint filled = drawing->gap - MIN (width_of (link), drawing->gap);

  if (!joined || !drawing->detailed || !*link)
    {
      append_times (out, " ", drawing->gap);
      return;
    }
  append_times (out, drawing->strokes->across, filled / 2);
  g_string_append (out, link);
  append_times (out, drawing->strokes->across, filled - filled / 2);
}

/* @positions: (element-type guint): of the boxes, from left to right. */
static void
append_row (GString *out, const Drawing *drawing, const guint *positions, guint n_boxes)
{
  g_autoptr (GPtrArray) boxes = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  guint height = 0;

  for (guint i = 0; i < n_boxes; i++)
    {
      GPtrArray *lines = box_lines (drawing, positions[i]);

      g_ptr_array_add (boxes, lines);
      height = MAX (height, lines->len + 2);
    }
  for (guint line = 0; line < height; line++)
    {
      for (guint i = 0; i < n_boxes; i++)
        {
          if (i > 0)
            append_link (out, drawing, positions[i - 1], positions[i], line == LINK_LINE);
          append_box_line (out, drawing, positions[i], g_ptr_array_index (boxes, i), line, height);
        }
      g_string_append_c (out, '\n');
    }
}

static gboolean
is_bare (const NvNode *node)
{
  return node->memory_total_bytes == 0 && node->cores->len == 0;
}

/* The smallest distance between two nodes; 0: none is known. */
static guint
smallest_distance (const NvHost *host)
{
  guint smallest = 0;

  for (guint i = 0; i < host->nodes->len * host->nodes->len; i++)
    {
      guint from = i / host->nodes->len, to = i % host->nodes->len;
      guint distance = nv_host_distance (host, from, to);

      if (from != to && distance != NV_DISTANCE_UNKNOWN && (smallest == 0 || distance < smallest))
        smallest = distance;
    }
  return smallest;
}

/* Appends @position and, after it, all not yet taken that are as near as nodes of this machine get. */
static void
take_cluster (const NvHost *host, guint position, guint nearest, gboolean *taken, GArray *cluster)
{
  taken[position] = TRUE;
  g_array_append_val (cluster, position);
  for (guint to = 0; to < host->nodes->len; to++)
    if (!taken[to] && nearest != 0 && nv_host_distance (host, position, to) == nearest)
      take_cluster (host, to, nearest, taken, cluster);
}

/* In as many rows as it takes; empties @positions. */
static void
append_boxes (GString *out, const Drawing *drawing, GArray *positions)
{
  for (guint i = 0; i < positions->len; i += drawing->per_row)
    append_row (out, drawing, &g_array_index (positions, guint, i),
                MIN (positions->len - i, drawing->per_row));
  g_array_set_size (positions, 0);
}

static void
append_bare_nodes (GString *out, const NvHost *host)
{
  g_autoptr (NvSet) bare = nv_set_new ();
  g_autofree char *list = NULL;

  for (guint i = 0; i < host->nodes->len; i++)
    if (is_bare (node_at (host, i)))
      nv_set_add (bare, node_at (host, i)->os_index);
  list = nv_set_format (bare);
  if (*list)
    g_string_append_printf (out, "neither memory nor CPUs to use: node%s %s\n",
                            nv_set_count (bare) == 1 ? "" : "s", list);
}

/* Each cluster has rows of its own; nodes without neighbours share them. Many nodes are only filled in. */
static void
append_clusters (GString *out, const Drawing *drawing)
{
  const NvHost *host = drawing->host;
  guint nearest = drawing->detailed ? smallest_distance (host) : 0;
  g_autofree gboolean *taken = g_new0 (gboolean, host->nodes->len);
  g_autoptr (GArray) alone = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < host->nodes->len; i++)
    taken[i] = is_bare (node_at (host, i));
  for (guint i = 0; i < host->nodes->len; i++)
    {
      g_autoptr (GArray) cluster = g_array_new (FALSE, FALSE, sizeof (guint));

      if (taken[i])
        continue;
      take_cluster (host, i, nearest, taken, cluster);
      if (cluster->len == 1)
        {
          g_array_append_val (alone, i);
          continue;
        }
      append_boxes (out, drawing, alone);
      append_boxes (out, drawing, cluster);
    }
  append_boxes (out, drawing, alone);
}

char *
nv_topology_draw (const NvHost *host, const NvTopologyStyle *style)
{
  Drawing drawing = {
    .host = host,
    .strokes = style->utf8 ? &utf8_strokes : &ascii_strokes,
    .columns = style->columns,
    .detailed = host->nodes->len <= DETAILED_MAX_NODES,
  };
  GString *out = g_string_new (NULL);

  measure (&drawing);
  append_clusters (out, &drawing);
  append_bare_nodes (out, host);
  if (drawing.detailed)
    g_string_append_printf (out, "%s in use  %s available%s\n", drawing.strokes->used, drawing.strokes->free,
                            smallest_distance (host) != 0 ? "  D: N  distance to nodes" : "");
  return g_string_free (out, FALSE);
}
