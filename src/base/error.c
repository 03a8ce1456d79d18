#include "base/error.h"

G_DEFINE_QUARK (numavm - error - quark, nv_error)
