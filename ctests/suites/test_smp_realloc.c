/* test_realloc.c for the SMP zone. */
#define SUITE_SMP
#include "test_realloc.c"
