/* test_provider_faults.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_provider_faults.c"
