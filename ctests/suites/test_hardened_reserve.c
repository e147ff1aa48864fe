/* test_reserve.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_reserve.c"
