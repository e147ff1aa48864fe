/* test_destroy.c for the safe zone. */
#define SUITE_SAFE
#include "test_destroy.c"
