#include "bench/team.h"
