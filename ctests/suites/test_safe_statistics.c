/* test_statistics.c for the safe zone. */
#define SUITE_SAFE
#include "test_statistics.c"
