/* test_reserve.c for the safe zone. */
#define SUITE_SAFE
#include "test_reserve.c"
