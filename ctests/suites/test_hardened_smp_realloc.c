/* test_realloc.c for the hardened SMP zone. */
#define SUITE_SMP
#define SUITE_HARDENED
#include "test_realloc.c"
