#pragma once

#include <stddef.h>

/* What a program printed, as a record may have it: UTF-8 without control characters other than newline and
 * tab. What is neither becomes '?', a carriage return a newline. */

/* The last @max bytes of it, from the beginning of a character on. Returns: for free(), or NULL. */
char *nv_clean (const char *bytes, size_t length, size_t max);

/* Its last lines as one, " / " between them, at most @size bytes with the zero byte. */
void nv_clean_tail (const char *bytes, size_t length, char *ret_text, size_t size);
