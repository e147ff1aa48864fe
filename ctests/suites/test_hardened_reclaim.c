/* test_reclaim.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_reclaim.c"
