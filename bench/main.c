#include "bench/bench.h"

int
main (int argc, char **argv)
{
  return 0;
}
