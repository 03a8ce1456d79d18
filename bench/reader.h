#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the readers of bench/proc.h share. */

/* A file read line by line; @line is the kernel's line without its newline, of any length. */
struct nv_reader
{
  FILE *file;
  char buffer[4096]; /* what the kernel gives of a file of /proc at once; stdio would ask for a quarter */
  char *line;
  size_t capacity;
};

/* Opens the file below @root that @format names. 0 or -errno; nv_reader_close() is right in both cases. */
int nv_reader_open (struct nv_reader *reader, const char *root, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));
void nv_reader_close (struct nv_reader *reader);

/* 1: a line; 0: the end; or -errno. A line with a zero byte in it ends there. */
int nv_reader_next (struct nv_reader *reader);

/* Digits only: strtoull() would also take a sign. */
bool nv_parse_count (const char *text, const char **ret_end, uint64_t *ret_value);

/* False: it would overflow. */
bool nv_add_product (uint64_t *sum, uint64_t count, uint64_t size);

/* What stands behind the colon of a line `NAME<blanks>: VALUE`; NULL: another line. */
const char *nv_value_of (const char *line, const char *name);
