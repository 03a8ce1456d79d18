#pragma once

#include <stddef.h>

/* What went wrong, in words: bench/ has no GError. The caller owns it; a function that succeeds leaves it as
 * it was. House style of messages: lower case, no full stop, the subject quoted, the problem first. */
struct nv_message
{
  char text[2048]; /* the end of what a program printed fits */
};

/* Appends to a list in a sentence, as far as it fits. @before: stands before it, unless it is the first. */
void nv_append (char *list, size_t size, const char *before, const char *text);

/* Fills in @message. @error: a positive errno. Returns: -@error, so that a function can end with it. */
int nv_fail (struct nv_message *message, int error, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));
