/* test_destroy.c for the SMP zone. */
#define SUITE_SMP
#include "test_destroy.c"
