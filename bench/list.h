#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Lists of numbers as the kernel and people write them: 0-3,8. */

/* Reads a number below @limit, digits only, and moves *@text behind it. False, and nothing moved, if there is
 * none. */
bool nv_list_number (const char **text, unsigned limit, unsigned *ret_number);

/* Reads one part of a list, N or N-M with N <= M, both below @limit, and moves *@text behind it: what follows
 * (a comma, the end) is for the caller to see. */
bool nv_list_range (const char **text, unsigned limit, unsigned *ret_first, unsigned *ret_last);

/* Is @number in @list? What comes after a part that is no range does not count. */
bool nv_list_contains (const char *list, unsigned number);

/* The list of @numbers in their order, with ranges where they go up by one; cut off at @size. */
void nv_list_format (const unsigned *numbers, size_t n_numbers, char *text, size_t size);
