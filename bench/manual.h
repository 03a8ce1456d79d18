#pragma once

/* What --help and the man page say beside the options. */

extern const char nv_manual_summary[];     /* one line */
extern const char nv_manual_description[]; /* one paragraph */

/* Name and what it is; ended by a NULL name. */
extern const char *const nv_manual_pages[][2];    /* policies of --pages */
extern const char *const nv_manual_statuses[][2]; /* exit statuses */
extern const char *const nv_manual_examples[][2]; /* command, what it does */

extern const char *const nv_option_groups[]; /* headings, by enum nv_option_group */
