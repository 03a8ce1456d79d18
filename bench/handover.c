#include "bench/handover.h"
