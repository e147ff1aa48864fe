/* test_reclaim.c for the safe zone. */
#define SUITE_SAFE
#include "test_reclaim.c"
