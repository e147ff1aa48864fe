/* test_statistics.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_statistics.c"
