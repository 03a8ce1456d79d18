#include "bench/facts.h"
