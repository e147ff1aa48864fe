/* test_realloc.c for the safe zone. */
#define SUITE_SAFE
#include "test_realloc.c"
