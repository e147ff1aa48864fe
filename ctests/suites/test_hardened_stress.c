/* test_stress.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_stress.c"
