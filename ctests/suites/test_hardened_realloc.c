/* test_realloc.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_realloc.c"
