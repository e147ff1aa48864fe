/* test_misuse_pointers.c for the safe zone. */
#define SUITE_SAFE
#include "test_misuse_pointers.c"
