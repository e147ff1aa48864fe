/* test_misuse.c for the safe zone. */
#define SUITE_SAFE
#include "test_misuse.c"
