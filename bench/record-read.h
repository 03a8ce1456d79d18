#pragma once

#include <jansson.h>
#include <stddef.h>

/**
 * nv_record_read_plain:
 * @max_depth: objects and lists within each other, with the outermost
 *
 * Reads a JSON object whose strings are printable ASCII without escapes and whose numbers have at most 18
 * digits: what numavm's own programs write. What it returns is what json_loadb()
 * returns with JSON_REJECT_DUPLICATES.
 *
 * Returns: a new reference; NULL: not plain, or no JSON: json_loadb() knows which.
 */
json_t *nv_record_read_plain (const char *line, size_t length, unsigned int max_depth);
