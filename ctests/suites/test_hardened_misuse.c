/* test_misuse.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_misuse.c"
