/* test_misuse_pointers.c for the SMP zone. */
#define SUITE_SMP
#include "test_misuse_pointers.c"
