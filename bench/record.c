#include "bench/record.h"
