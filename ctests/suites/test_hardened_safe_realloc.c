/* test_realloc.c for the hardened safe zone. */
#define SUITE_SAFE
#define SUITE_HARDENED
#include "test_realloc.c"
