/* test_misuse.c for the SMP zone. */
#define SUITE_SMP
#include "test_misuse.c"
