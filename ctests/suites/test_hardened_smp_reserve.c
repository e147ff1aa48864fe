/* test_reserve.c for the hardened SMP zone. */
#define SUITE_SMP
#define SUITE_HARDENED
#include "test_reserve.c"
