/* test_destroy.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_destroy.c"
