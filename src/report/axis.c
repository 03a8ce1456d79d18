#include "report/axis.h"

#include <math.h>
#include <string.h>

#define THIN_SPACE "\xe2\x80\x89"

/* Below that, whole decades are too few ticks. */
#define FEW_DECADES 2

/* 1, 2 or 5 times a power of ten, at least @least. */
static double
round_step (double least)
{
  double power = pow (10, floor (log10 (least)));
  double factor = least / power;

  return power * (factor <= 1.0000001 ? 1 : factor <= 2.0000001 ? 2 : factor <= 5.0000001 ? 5 : 10);
}

static void
set_thousands_apart (const char *number, char *text, gsize size)
{
  g_autoptr (GString) apart = g_string_new (NULL);
  gsize n_digits, sign = *number == '-';

  g_string_append (apart, sign ? "\xe2\x88\x92" : "");
  n_digits = strspn (number + sign, "0123456789");
  for (gsize i = 0; i < n_digits; i++)
    {
      if (i > 0 && (n_digits - i) % 3 == 0)
        g_string_append (apart, THIN_SPACE);
      g_string_append_c (apart, number[sign + i]);
    }
  g_string_append (apart, number + sign + n_digits);
  g_strlcpy (text, apart->str, size);
}

/* "680 000": @step: how far apart such numbers are. */
static void
format_number (double value, double step, char *text, gsize size)
{
  char number[64], format[8];
  int decimals = step > 0 && step < 1 ? (int)ceil (-log10 (step) - 1e-9) : 0;

  if (fabs (value) >= 1e12 || decimals > 9)
    {
      g_ascii_formatd (text, (int)size, "%.6g", value);
      return;
    }
  g_snprintf (format, sizeof format, "%%.%df", decimals);
  g_ascii_formatd (number, sizeof number, format, value == 0 ? 0 : value);
  set_thousands_apart (number, text, size);
}

static void
format_power (int exponent, char *text, gsize size)
{
  static const char *const digits[] = { "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                        "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                        "\xe2\x81\xb8", "\xe2\x81\xb9" };
  g_autoptr (GString) power = g_string_new ("10");
  g_autofree char *number = g_strdup_printf ("%d", exponent);

  for (const char *at = number; *at; at++)
    g_string_append (power, *at == '-' ? "\xe2\x81\xbb" : digits[*at - '0']);
  g_strlcpy (text, power->str, size);
}

static void
add_tick (NvAxis *axis, double value)
{
  if (axis->n_ticks < NV_AXIS_MAX_TICKS)
    axis->ticks[axis->n_ticks++] = value;
}

static void
choose_log (NvAxis *axis, double minimum, double maximum, guint n_ticks)
{
  static const double between[] = { 1, 2, 5 };
  int first = (int)floor (log10 (minimum)), last = MAX ((int)ceil (log10 (maximum)), first + 1);
  int every = MAX (1, (last - first + (int)n_ticks - 1) / (int)n_ticks);
  guint n_between = last - first <= FEW_DECADES ? G_N_ELEMENTS (between) : 1;

  axis->low = pow (10, first);
  axis->high = pow (10, last);
  for (int exponent = first; exponent <= last; exponent += every)
    for (guint i = 0; i < (exponent < last ? n_between : 1); i++)
      {
        char *text = axis->texts[axis->n_ticks];

        if (axis->n_ticks == NV_AXIS_MAX_TICKS)
          return;
        if (first >= -3 && last <= 4)
          format_number (between[i] * pow (10, exponent), pow (10, exponent), text, sizeof *axis->texts);
        else if (i == 0)
          format_power (exponent, text, sizeof *axis->texts);
        add_tick (axis, between[i] * pow (10, exponent));
      }
}

static void
choose_linear (NvAxis *axis, double minimum, double maximum, guint n_ticks, NvAxisFlags flags)
{
  double step;

  /* Of what nearly begins at zero nothing is gained by a start elsewhere. */
  if (minimum > 0 && (flags & NV_AXIS_FROM_ZERO || (!(flags & NV_AXIS_TIGHT) && minimum < 0.4 * maximum)))
    minimum = 0;
  if (minimum == maximum)
    {
      double half = minimum == 0 ? 1 : MAX (fabs (minimum) * 0.05, flags & NV_AXIS_WHOLE ? 0.5 : 0);

      maximum += half;
      minimum -= minimum == 0 ? 0 : half;
    }
  step = round_step ((maximum - minimum) / n_ticks);
  step = flags & NV_AXIS_WHOLE ? MAX (1, step) : step;
  axis->low = flags & NV_AXIS_TIGHT ? minimum : floor (minimum / step + 1e-9) * step;
  axis->high = flags & NV_AXIS_TIGHT ? maximum : ceil (maximum / step - 1e-9) * step;
  if (axis->high <= axis->low)
    axis->high = axis->low + step;
  axis->is_cut = axis->low > 0 || axis->high < 0;
  for (guint i = 0; i < NV_AXIS_MAX_TICKS; i++)
    {
      double value = (ceil (axis->low / step - 1e-9) + i) * step;

      if (value > axis->high + step * 1e-6)
        break;
      format_number (value, step, axis->texts[axis->n_ticks], sizeof *axis->texts);
      add_tick (axis, value);
    }
}

void
nv_axis_choose (NvAxis *axis, double minimum, double maximum, guint n_ticks, NvAxisFlags flags)
{
  memset (axis, 0, sizeof *axis);
  if (!(minimum <= maximum))
    {
      minimum = flags & NV_AXIS_LOG ? 1 : 0;
      maximum = flags & NV_AXIS_LOG ? 10 : 1;
    }
  if (flags & NV_AXIS_LOG)
    choose_log (axis, minimum, maximum, n_ticks);
  else
    choose_linear (axis, minimum, maximum, n_ticks, flags);
}
