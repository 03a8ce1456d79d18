#include "base/error.h"

G_DEFINE_QUARK (numavm_error, nv_error)
