/* test_stress.c for the safe zone. */
#define SUITE_SAFE
#include "test_stress.c"
