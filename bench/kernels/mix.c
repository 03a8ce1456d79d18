/* mix: reads lines of b for lines of a that are written, line by line; a = q
 *
 * The stream of which there are more goes over its whole array; the other one follows at its rate, in the
 * same order, and so gets over the first lines of its array only. */

#include "bench/kernels/stream.h"

#include <errno.h>

enum
{
  PAGE_LINES = NV_BASE_PAGE_BYTES / NV_LINE_BYTES,
};

struct mix
{
  bool reads_lead;
  enum nv_store store;
  bool prefetch;
  unsigned leading, following; /* so many lines of one for so many of the other, leading >= following */
  unsigned due;                /* of the other, in parts of a line: 1 / leading */
  size_t n_followed;           /* lines */
  nv_vector sums[NV_LINE_VECTORS];
};

static uint64_t
n_lines (const struct nv_part *part)
{
  return (uint64_t)part->n_units * part->unit_bytes / NV_LINE_BYTES;
}

/* Lines of each array that a pass touches. */
static void
mix_lines (const struct nv_part *part, uint64_t *ret_read, uint64_t *ret_written)
{
  unsigned reads = part->options->reads, writes = part->options->writes,
           leading = reads > writes ? reads : writes;

  *ret_read = n_lines (part) * reads / leading;
  *ret_written = n_lines (part) * writes / leading;
}

/* The offset of the line that is so many lines along the part's order. */
static NV_INLINE size_t
mix_offset (const struct nv_part *part, size_t line)
{
  if (!part->order)
    return line * NV_LINE_BYTES;
  if (part->unit_bytes == NV_LINE_BYTES)
    return (size_t)part->order[line] * NV_LINE_BYTES;
  return ((size_t)part->order[line / PAGE_LINES] * PAGE_LINES + line % PAGE_LINES) * NV_LINE_BYTES;
}

static NV_INLINE void
mix_line (const struct nv_part *part, struct mix *mix, bool read, size_t offset)
{
  for (size_t k = 0; k < NV_LINE_VECTORS; k++)
    {
      size_t at = offset / sizeof (double) + k * NV_LANES;

      if (read)
        mix->sums[k] += nv_load (part->b + at);
      else
        nv_store (part->a + at, part->scalar + (nv_vector){ 0 }, mix->store);
    }
}

/* One line of the stream that follows. */
static NV_INLINE void
mix_follow (const struct nv_part *part, struct mix *mix)
{
  bool lines = part->order && part->unit_bytes == NV_LINE_BYTES;
  size_t line = mix->n_followed++;
  size_t next = line + (lines ? NV_AHEAD_LINES : NV_AHEAD_PAGES * PAGE_LINES);

  if (mix->prefetch && (lines || line % PAGE_LINES == 0) && next < n_lines (part))
    nv_prefetch (part, mix->reads_lead ? NV_ARRAY_A : NV_ARRAY_B, mix_offset (part, next));
  mix_line (part, mix, !mix->reads_lead, mix_offset (part, line));
}

static NV_INLINE void
mix_unit (const struct nv_part *part, size_t offset, size_t bytes, void *state)
{
  struct mix *mix = state;

  for (size_t at = 0; at < bytes; at += NV_LINE_BYTES)
    {
      mix_line (part, mix, mix->reads_lead, offset + at);
      mix->due += mix->following;
      if (mix->due >= mix->leading)
        {
          mix->due -= mix->leading;
          mix_follow (part, mix);
        }
    }
}

static NV_INLINE double
mix_stream (const struct nv_part *part, bool reads_lead, enum nv_store store, bool prefetch)
{
  unsigned reads = part->options->reads, writes = part->options->writes;
  struct mix mix = {
    .reads_lead = reads_lead,
    .store = store,
    .prefetch = prefetch,
    .leading = reads_lead ? reads : writes,
    .following = reads_lead ? writes : reads,
  };
  nv_vector sum = { 0 };

  nv_walk (part, !prefetch ? 0 : reads_lead ? NV_ARRAY_B : NV_ARRAY_A, mix_unit, &mix);
  for (size_t k = 0; k < NV_LINE_VECTORS; k++)
    sum += mix.sums[k];
  nv_store_fence (store);
  return nv_vector_sum (sum);
}

static NV_INLINE double
mix_pass (const struct nv_part *part, enum nv_store store, bool prefetch)
{
  if (part->options->reads >= part->options->writes)
    return mix_stream (part, true, store, prefetch);
  return mix_stream (part, false, store, prefetch);
}

NV_PASSES (mix)

static uint64_t
mix_bytes (const struct nv_part *part)
{
  uint64_t read, written;

  mix_lines (part, &read, &written);
  return (read + written) * NV_LINE_BYTES;
}

/* @spoiled: what is not to be written is a NaN. */
static int
check_mixed (const struct nv_part *part, double found, bool spoiled, struct nv_message *message)
{
  const size_t line_elements = NV_LINE_BYTES / sizeof (double);
  uint64_t read, written;
  double sum = 0;

  mix_lines (part, &read, &written);
  for (size_t line = 0; line < n_lines (part); line++)
    for (size_t k = 0; k < line_elements; k++)
      {
        size_t i = mix_offset (part, line) / sizeof (double) + k;

        if (line < read)
          sum += nv_value_b (part->first + i);
        if (line < written && part->a[i] != part->scalar)
          return nv_values_check (part, i, part->scalar, 0, "mix", message);
        if (spoiled && line >= written && part->a[i] == part->a[i])
          return nv_fail (message, EBADMSG,
                          "wrong result of 'mix': element %llu of a is written, it should not be",
                          (unsigned long long)(part->first + i));
      }
  if (found == sum)
    return 0;
  return nv_fail (message, EBADMSG, "wrong result of 'mix': the sum is %.17g, it should be %.17g", found,
                  sum);
}

static int
mix_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  int error = check_mixed (part, part->checksum, false, message);

  if (error)
    return error;
  nv_values_spoil (part);
  return check_mixed (part, pass (part), true, message);
}

const struct nv_kernel NV_KERNEL (mix) = {
  .name = "mix",
  .label = "Mix",
  .summary = "reads lines of b for lines of a that are written",
  .unit = NV_UNIT_BYTES_PER_S,
  .arrays = NV_ARRAY_A | NV_ARRAY_B,
  .bytes = mix_bytes,
  .operations = nv_no_operations,
  .prepare = nv_values_prepare,
  .verify = mix_verify,
  NV_PASSES_FIELDS (mix),
};
