#pragma once

#include "bench/bench.h"
#include "bench/columns.h"

#include <stdio.h>

/* A measurement for people, and for what reads STREAM's output.
 *
 * What is about to run and on what machine is printed before it starts. STREAM's result lines follow in one
 * block, each as soon as its kernel is done, since nothing else is printed meanwhile; tables of all groups,
 * of where the pages are and of what is to be known come at the end. */
struct nv_text;

/* @file: borrowed. Returns: NULL without memory. */
struct nv_text *nv_text_new (FILE *file);

/* A reporter's two functions. @data: the nv_text. */
void nv_text_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                    double timer_tick_ns);
void nv_text_result (void *data, const struct nv_setup *setup, const struct nv_result *result);

/* The tables of what was measured, and frees. @text: (nullable). @complete: all that was asked was measured
 * and is right, as STREAM's last line then says. 0, or -ENOMEM: something is missing in them. */
int nv_text_end (struct nv_text *text, bool complete);

/* What the machine is, a few aligned lines; in text-facts.c. */
void nv_text_facts (const json_t *facts, FILE *file);

/* What values are shown in: "MB/s", "ns", "Mop/s". */
const char *nv_text_unit (enum nv_unit unit);

/* `512 MiB`, `76.3 MiB`, `1.5 GiB`, into @text. Returns: @text. */
const char *nv_text_size (uint64_t bytes, char *text, size_t size);

/* A row for each array of a result; of a matrix, which has many, only for those that do not hold. In
 * text-residence.c, as are the table's headings. */
extern const char *const nv_text_residence_columns[];
void nv_text_add_residence (struct nv_columns *table, const struct nv_setup *setup,
                            const struct nv_result *result);
