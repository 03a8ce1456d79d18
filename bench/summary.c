#include "bench/summary.h"
