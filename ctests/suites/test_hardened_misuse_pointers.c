/* test_misuse_pointers.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_misuse_pointers.c"
