#include "bench/pages.h"
