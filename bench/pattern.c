#include "bench/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>

int
nv_pattern_compile (const char *metric, const char *pattern, regex_t *ret_expression,
                    struct nv_message *message)
{
  char reason[128];
  int error;

  if (*pattern == '\0')
    return nv_fail (message, EINVAL, "metric '%.128s': it has no pattern, such as 'rate ([0-9.]+)'", metric);
  error = regcomp (ret_expression, pattern, REG_EXTENDED);
  if (error == 0)
    return 0;
  regerror (error, ret_expression, reason, sizeof reason);
  *reason = (char)tolower ((unsigned char)*reason);
  return nv_fail (message, EINVAL, "metric '%.128s': '%.200s' is no extended regular expression: %s", metric,
                  pattern, reason);
}

int
nv_pattern_check_pointer (const char *metric, const char *pattern, struct nv_message *message)
{
  bool right = *pattern == '\0' || *pattern == '/';

  for (const char *at = pattern; *at; at++)
    right = right && (*at != '~' || at[1] == '0' || at[1] == '1');
  return right ? 0
               : nv_fail (message, EINVAL,
                          "metric '%.128s': '%.200s' is no JSON pointer: one such as '/results/0/rate' is "
                          "expected (~0 is ~, ~1 is /)",
                          metric, pattern);
}

int
nv_pattern_check (const char *metric, const char *pattern, bool is_json, struct nv_message *message)
{
  regex_t expression;
  int error;

  if (is_json)
    return nv_pattern_check_pointer (metric, pattern, message);
  error = nv_pattern_compile (metric, pattern, &expression, message);
  if (error == 0)
    regfree (&expression);
  return error;
}
