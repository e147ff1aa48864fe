/* test_misuse_pointers.c for the hardened SMP zone. */
#define SUITE_SMP
#define SUITE_HARDENED
#include "test_misuse_pointers.c"
