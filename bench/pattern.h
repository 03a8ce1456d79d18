#pragma once

#include "bench/message.h"

#include <regex.h>
#include <stdbool.h>

/* What finds a metric's numbers in what a workload prints. The host holds it against these before there is a
 * guest, and the guest uses it. */

/* An extended regular expression (POSIX), not empty. @ret_expression is for regfree() then. 0, or -EINVAL
 * with a message that names the metric, as the others. */
int nv_pattern_compile (const char *metric, const char *pattern, regex_t *ret_expression,
                        struct nv_message *message);

/* A pointer into JSON (RFC 6901, section 3); the empty one points to all of it. */
int nv_pattern_check_pointer (const char *metric, const char *pattern, struct nv_message *message);

/* One of the two. */
int nv_pattern_check (const char *metric, const char *pattern, bool is_json, struct nv_message *message);
