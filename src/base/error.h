#pragma once

#include <glib.h>

/* The one error domain of the host program. A code says what a caller can do about it; the message says
 * what went wrong, in the house style: lower case, the subject quoted, no full stop. */
#define NV_ERROR (nv_error_quark ())

typedef enum
{
  NV_ERROR_FAILED,      /* the system said no; the message holds its reason */
  NV_ERROR_USAGE,       /* a value that a person gave is wrong */
  NV_ERROR_PARSE,       /* a text or a file cannot be read as what it should be */
  NV_ERROR_NO_FIT,      /* the host has not enough of what was asked for */
  NV_ERROR_EXISTS,      /* something of that name is there already */
  NV_ERROR_NOT_FOUND,   /* nothing of that name is there */
  NV_ERROR_NO_SPACE,    /* a file system is full */
  NV_ERROR_UNAVAILABLE, /* this host or this driver cannot do that at all */
  NV_ERROR_CANCELLED,   /* a signal or the caller stopped it */
} NvError;

GQuark nv_error_quark (void);
